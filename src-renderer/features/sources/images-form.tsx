import { Button, Group, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconFiles } from '@tabler/icons-react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useClient } from '../../api/queries.tsx';
import { probeTexts, imagesFormTexts as texts } from '../../texts/sources.ts';
import { formatBytes, formatNumber } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { isPath, pathsOf } from './address.ts';
import { FolderInput } from './path-input.tsx';
import { ProbedForm } from './probed-form.tsx';
import { SilentNotice } from './silent-notice.tsx';
import classes from './sources.module.css';
import { nameIn, useSourceForm } from './use-source-form.ts';

type Probe = Output<'sources.probe'>;
export type ImagesSource = Extract<Output<'sources.get'>, { kind: 'images' }>;

/** Disk images of this machine: a folder or chosen files, and a look at what is there before it is kept. */
export function ImagesForm({ source, onDone }: { source?: ImagesSource; onDone: () => void }) {
  const form = useForm({
    initialValues: {
      what: source?.files ? 'files' : 'folder',
      folder: source?.folder ?? '',
      files: source?.files?.join('\n') ?? '',
      name: source?.name ?? '',
      grouping: source?.grouping ?? ('by-name' as const),
    },
    validate: {
      folder: (value, { what }) => (what === 'folder' && !isPath(value) ? texts.badPath : null),
      files: (value, { what }) =>
        what === 'files' && (pathsOf(value).length === 0 || !pathsOf(value).every(isPath)) ? texts.badPath : null,
    },
  });
  const { what, folder, files, name, grouping } = form.values;
  const place = what === 'folder' ? { folder: folder.trim() } : { files: pathsOf(files) };
  const key = JSON.stringify([place, grouping]);
  const unmoved =
    source !== undefined &&
    key === JSON.stringify([source.folder === undefined ? { files: source.files } : { folder: source.folder }, source.grouping]);
  const { probe, create, update, saving } = useSourceForm(form, { source, moved: !unmoved, onDone });
  // A silent one is looked at first, unless it is only to be called otherwise.
  const asIs = unmoved && (source.contact?.failure === undefined || name.trim() !== source.name);
  const current = probe.found?.key === key;
  const result = probe.found?.result;

  function keep(): void {
    const title = nameIn(name);
    if (!source) create.mutate({ body: { kind: 'images', ...place, ...title, grouping } });
    else update.mutate({ params: { id: source.id }, body: { kind: 'images', ...(unmoved ? {} : { ...place, grouping }), ...title } });
  }

  return (
    <ProbedForm
      title={source ? texts.editTitle(source.name) : texts.title}
      words={{ ...texts, keep: source ? texts.save : texts.add }}
      ready={asIs || (current && result?.ok === true)}
      testing={probe.busy}
      saving={saving}
      isValid={() => !form.validate().hasErrors}
      onTest={() => void probe.run(key, { body: { kind: 'images', ...place, grouping } })}
      onKeep={keep}
    >
      {source ? <SilentNotice source={source} /> : null}
      <p className={classes.cardText}>{texts.intro}</p>
      <Radio.Group label={texts.what} {...form.getInputProps('what')}>
        <Group gap="lg" mt={4}>
          <Radio value="folder" label={texts.folder} />
          <Radio value="files" label={texts.files} />
        </Group>
      </Radio.Group>
      {what === 'folder' ? (
        <FolderInput
          label={texts.folderLabel}
          description={texts.folderHint}
          placeholder="/srv/images"
          data-autofocus={source ? undefined : true}
          {...form.getInputProps('folder')}
          onFolder={(value) => form.setFieldValue('folder', value)}
        />
      ) : (
        <FilesInput {...form.getInputProps('files')} onFiles={(value) => form.setFieldValue('files', value)} />
      )}
      <Radio.Group label={texts.grouping} {...form.getInputProps('grouping')}>
        <Stack gap={6} mt={4}>
          <Radio value="by-name" label={texts.byName} />
          <Radio value="each-alone" label={texts.eachAlone} />
        </Stack>
      </Radio.Group>
      <TextInput label={texts.name} description={source ? undefined : texts.nameHint} autoComplete="off" {...form.getInputProps('name')} />
      {probe.busy || (current && result) ? <Findings probe={result} busy={probe.busy} /> : null}
    </ProbedForm>
  );
}

function FilesInput({ onFiles, ...rest }: { onFiles: (files: string) => void; value?: string; error?: React.ReactNode }) {
  const { desktop } = useClient();
  return (
    <div>
      <Textarea
        label={texts.filesLabel}
        description={desktop ? texts.filesHint : `${texts.filesHint} ${texts.where}`}
        placeholder="/srv/images/web.vmdk"
        autosize
        minRows={3}
        maxRows={8}
        spellCheck={false}
        {...rest}
        onChange={(event) => onFiles(event.currentTarget.value)}
      />
      {desktop ? (
        <Button
          mt={6}
          variant="default"
          leftSection={<IconFiles size={15} />}
          onClick={async () => {
            const chosen = await desktop.pickFiles(texts.chooseFiles);
            if (chosen.length > 0) onFiles(pathsOf([rest.value ?? '', ...chosen].join('\n')).join('\n'));
          }}
        >
          {texts.chooseFiles}
        </Button>
      ) : null}
    </div>
  );
}

function Findings({ probe, busy }: { probe: Probe | undefined; busy: boolean }) {
  const images = probe?.images;
  return (
    <Stack gap="sm">
      <ProbeSteps
        label={texts.steps}
        steps={probe?.steps}
        busy={busy}
        names={probeTexts.names}
        expected={['folder', 'tools', 'images']}
        notTried={probeTexts.notTried}
      />
      {!busy && images && images.machines > 0 ? (
        <Notice tone="good">{texts.found(formatNumber(images.machines), formatNumber(images.disks), formatBytes(images.bytes))}</Notice>
      ) : null}
      {!busy && images && images.skipped.length > 0 ? (
        <Notice tone="warn" title={texts.skipped(formatNumber(images.skipped.length))}>
          <ul className={classes.skipped}>
            {images.skipped.map(({ file, why }) => (
              <li key={file}>
                <code>{file}</code>: {why}
              </li>
            ))}
          </ul>
        </Notice>
      ) : null}
    </Stack>
  );
}
