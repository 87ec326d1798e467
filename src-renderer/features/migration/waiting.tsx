import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction, useRoute } from '../../api/queries.tsx';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { tasksTexts } from '../../texts/schedules.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { formatMoment } from '../../ui/format.ts';
import { Turn } from '../schedules/turn.tsx';
import type { Failure } from './next-step.ts';

type Task = Output<'tasks.list'>['items'][number];

/** What of the migration waits: what a person asked for, and a cutover that was planned for a time that has come. */
export function useWaiting(migrationId: string): { asked: Task | undefined; planned: Task | undefined } {
  const { data } = useRoute('tasks.list', { query: { migrationId, state: 'waiting' } });
  return {
    asked: data?.items.find(({ scheduleId }) => scheduleId === undefined),
    planned: data?.items.find(({ kind, scheduleId }) => kind === 'cutover' && scheduleId !== undefined),
  };
}

/** For what it waits, and until when. */
export function WaitsFor({ task }: { task: Task }) {
  return (
    <>
      {task.waitsFor === undefined ? null : (
        <p>
          <Turn after={task.waitsFor} linked />
        </p>
      )}
      {task.latestStart === undefined ? null : <p className="tabular">{texts.waiting.latest(formatMoment(task.latestStart))}</p>}
    </>
  );
}

export function PlannedCutover({ task, may }: { task: Task; may: boolean }) {
  return (
    <>
      <p>{texts.waiting.planned}</p>
      <WaitsFor task={task} />
      {may ? <CancelPlanned taskId={task.id} /> : null}
    </>
  );
}

function CancelPlanned({ taskId }: { taskId: string }) {
  const [opened, setOpened] = useState(false);
  const cancel = useAction('tasks.cancel', { done: tasksTexts.cancelDone });
  return (
    <>
      <Button variant="default" size="compact-sm" mt={4} onClick={() => setOpened(true)}>
        {texts.waiting.cancel}
      </Button>
      <ConfirmAction
        opened={opened}
        onClose={() => setOpened(false)}
        title={texts.cancel.title}
        action={texts.cancel.action.cutover}
        keep={texts.cancel.keep}
        onConfirm={() => cancel.mutateAsync({ params: { id: taskId } })}
      >
        {texts.cancel.waiting}
      </ConfirmAction>
    </>
  );
}

/** What kept a cutover from beginning until it was too late, where that is what failed. */
export function HeldUp({ migrationId, failure }: { migrationId: string; failure: Failure }) {
  const { data } = useRoute('tasks.list', { query: { migrationId, state: 'failed', limit: 1 } });
  const [task] = data?.items ?? [];
  if (task?.heldBy === undefined || task.error?.message !== failure.error?.message) return null;
  return (
    <p>
      <Turn after={task.heldBy} past linked />
    </p>
  );
}
