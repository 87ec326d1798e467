import { Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { go } from '../../go.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { Notice } from '../../ui/notice.tsx';
import { CutoverDialog } from './cutover-dialog.tsx';
import { type Migration, situation } from './next-step.ts';
import type { MigrationActions } from './use-migration-actions.ts';

/** What matters is asked about first. */
export function Dialogs({ migration, actions }: { migration: Migration; actions: MigrationActions }) {
  const { dialog, close } = actions;
  const name = migration.machineName || texts.unnamed;
  const params = { id: migration.id };
  const rollback = useAction('migrations.rollback', { done: texts.done.rollback });
  const cancel = useAction('migrations.cancel', { done: texts.done.cancel });
  const goesOn = migration.working ?? (migration.lastCutover?.state === 'running' ? 'cutover' : 'sync');
  return (
    <>
      <CutoverDialog migration={migration} opened={dialog === 'cutover'} onClose={close} />
      <ConfirmAction
        opened={dialog === 'rollback'}
        onClose={close}
        title={texts.rollback.title(name)}
        action={texts.rollback.action}
        typedName={name}
        danger
        onConfirm={() => rollback.mutateAsync({ params })}
      >
        {texts.rollback.text(name)}
      </ConfirmAction>
      <ConfirmAction
        opened={dialog === 'cancel'}
        onClose={close}
        title={texts.cancel.title}
        action={texts.cancel.action[goesOn]}
        keep={texts.cancel.keep}
        onConfirm={() => cancel.mutateAsync({ params })}
      >
        {goesOn === 'cutover' && situation(migration) === 'queued' ? texts.cancel.waiting : texts.cancel.text[goesOn]}
      </ConfirmAction>
      <Remove migration={migration} name={name} actions={actions} />
    </>
  );
}

function Remove({ migration, name, actions }: { migration: Migration; name: string; actions: MigrationActions }) {
  const [replicas, setReplicas] = useState<'keep' | 'remove'>('keep');
  const [running, setRunning] = useState<'leave' | 'stop'>('leave');
  const over = migration.state === 'cut-over';
  const remove = useAction('migrations.remove', { done: texts.done.remove(name), onDone: () => go('/migrations', { replace: true }) });
  return (
    <ConfirmAction
      opened={actions.dialog === 'remove'}
      onClose={() => {
        // The next time it begins with what does least.
        setReplicas('keep');
        setRunning('leave');
        actions.close();
      }}
      title={texts.remove.title(name)}
      action={texts.remove.action}
      typedName={name}
      danger
      onConfirm={() => remove.mutateAsync({ params: { id: migration.id }, query: { replicas, ...(over ? { running } : {}) } })}
    >
      <Stack gap="sm">
        <Text>{texts.remove.text}</Text>
        {over ? (
          <Radio.Group
            label={texts.remove.running}
            value={running}
            onChange={(value) => {
              setRunning(value === 'stop' ? 'stop' : 'leave');
              // Never from under a machine that runs.
              if (value !== 'stop') setReplicas('keep');
            }}
          >
            <Stack gap={6} mt={4}>
              <Radio value="leave" label={texts.remove.leave} description={texts.remove.leaveHint} />
              <Radio value="stop" label={texts.remove.stop} description={texts.remove.stopHint} />
            </Stack>
          </Radio.Group>
        ) : null}
        <Radio.Group
          label={texts.remove.replicas}
          value={replicas}
          onChange={(value) => setReplicas(value === 'remove' ? 'remove' : 'keep')}
        >
          <Stack gap={6} mt={4}>
            <Radio value="keep" label={texts.remove.keep} description={texts.remove.keepHint} />
            <Radio
              value="remove"
              label={texts.remove.remove}
              description={over && running === 'leave' ? texts.remove.needsStop : texts.remove.removeHint}
              disabled={over && running === 'leave'}
            />
          </Stack>
        </Radio.Group>
        {over && running === 'stop' ? <Notice tone="warn">{texts.remove.gone}</Notice> : null}
      </Stack>
    </ConfirmAction>
  );
}
