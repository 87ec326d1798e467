import { ActionIcon, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { uiTexts } from '../texts/ui.ts';
import classes from './ui.module.css';

/** A digest, an address or a path, to be copied whole. */
export function CopyText({ text, shown }: { text: string; shown?: string }) {
  return (
    <span className={classes.copy}>
      <span className={classes.copyText} title={text}>
        {shown ?? text}
      </span>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon size="xs" onClick={copy} aria-label={`${copied ? uiTexts.copied : uiTexts.copy}: ${shown ?? text}`}>
            {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
          </ActionIcon>
        )}
      </CopyButton>
    </span>
  );
}
