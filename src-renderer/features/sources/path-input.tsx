import { ActionIcon, TextInput, type TextInputProps } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useClient } from '../../api/queries.tsx';
import { imagesFormTexts as texts } from '../../texts/sources.ts';

/** A folder of the machine that Octopus runs on: typed, and in the application chosen as its system does it. */
export function FolderInput({ onFolder, description, ...rest }: TextInputProps & { onFolder: (folder: string) => void }) {
  const { desktop } = useClient();
  return (
    <TextInput
      {...rest}
      description={desktop ? description : [description, texts.where].filter(Boolean).join(' ')}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onFolder(event.currentTarget.value)}
      rightSection={
        desktop ? (
          <ActionIcon
            size="sm"
            aria-label={texts.chooseFolder}
            title={texts.chooseFolder}
            onClick={async () => {
              const folder = await desktop.pickFolder(texts.chooseFolder);
              if (folder !== undefined) onFolder(folder);
            }}
          >
            <IconFolderOpen size={16} />
          </ActionIcon>
        ) : undefined
      }
    />
  );
}
