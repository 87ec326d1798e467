import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { probeTexts } from '../../texts/sources.ts';
import { targetsTexts } from '../../texts/targets.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { Notice } from '../../ui/notice.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { SpaceBar } from '../../ui/space-bar.tsx';
import { isPath } from '../sources/address.ts';
import { FolderInput } from '../sources/path-input.tsx';
import { ProbedForm } from '../sources/probed-form.tsx';
import { useNewest } from '../sources/use-probe.ts';
import { nameIn } from '../sources/use-source-form.ts';

type Probe = Output<'targets.probe'>;
const texts = targetsTexts.form;
const steps = ['path', 'folder', 'write', 'space', 'reflink', 'direct-io'];

/** A folder that is tried before it becomes a target. */
export function TargetForm({ suggested, onDone }: { suggested: string | undefined; onDone: (target: Output<'targets.create'>) => void }) {
  const form = useForm({
    initialValues: { folder: suggested ?? '', name: '' },
    validate: { folder: (value) => (isPath(value) ? null : texts.badPath) },
  });
  const byField = fieldErrors(form);
  const ask = useAction('targets.probe', { handles: byField });
  const probe = useNewest<Parameters<typeof ask.mutateAsync>[0], Probe>((input) => ask.mutateAsync(input));
  const create = useAction('targets.create', { done: ({ name }) => targetsTexts.done.added(name), handles: byField, onDone });
  const folder = form.values.folder.trim();
  const current = probe.found?.key === folder;
  const result = current ? probe.found?.result : undefined;
  const ready = result?.ok === true;
  const test = () => void probe.run(folder, { body: { folder } });

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for a folder that nobody typed
  useEffect(() => {
    if (suggested !== undefined) test();
  }, []);

  function keep(): void {
    create.mutate({ body: { folder, ...nameIn(form.values.name) } });
  }

  const failed = result?.steps.find(({ outcome }) => outcome === 'failed');
  const hint = failed && texts.hints[failed.id];
  return (
    <ProbedForm
      title={texts.title}
      words={{ ...texts, keep: texts.add }}
      ready={ready}
      testing={probe.busy}
      saving={create.isPending}
      isValid={() => !form.validate().hasErrors}
      onTest={test}
      onKeep={keep}
    >
      <FolderInput
        label={texts.folder}
        description={texts.folderHint}
        placeholder="/srv/replicas"
        data-autofocus
        {...form.getInputProps('folder')}
        onFolder={(value) => form.setFieldValue('folder', value)}
        onBlur={() => {
          if (isPath(folder) && !current && !probe.busy) test();
        }}
      />
      <TextInput label={texts.name} description={texts.nameHint} autoComplete="off" {...form.getInputProps('name')} />
      {probe.busy || result ? (
        <ProbeSteps
          label={texts.steps}
          steps={result?.steps}
          busy={probe.busy}
          names={texts.names}
          expected={steps}
          notTried={probeTexts.notTried}
          notable={[...(result?.reflink === false ? ['reflink'] : []), ...(result?.directIo === false ? ['direct-io'] : [])]}
        />
      ) : null}
      {!probe.busy && hint !== undefined ? (
        <Notice tone="bad" title={texts.mend}>
          {hint}
        </Notice>
      ) : null}
      {!probe.busy && ready && result.freeBytes !== undefined && result.totalBytes !== undefined ? (
        <SpaceBar label={texts.space} free={result.freeBytes} total={result.totalBytes} />
      ) : null}
      {!probe.busy && ready ? <Notice tone="good">{texts.ready}</Notice> : null}
    </ProbedForm>
  );
}
