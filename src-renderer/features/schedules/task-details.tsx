import { Anchor, Button } from '@mantine/core';
import { useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useMay } from '../../stores/session.ts';
import { schedulesTexts, tasksTexts as texts } from '../../texts/schedules.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { formatMoment, formatTime } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { KeyValue } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { adviceOn } from './advice.ts';
import { KindCell } from './kind-cell.tsx';
import classes from './schedules.module.css';
import { isRetrying, type Task, TaskState } from './task-state.tsx';
import { Turn } from './turn.tsx';

/** One task: how it is, what went wrong, and what can be done. */
export function TaskDetails({ id }: { id: string }) {
  const task = useRoute('tasks.get', { params: { id } });
  return <Loaded of={task}>{(data) => <Details task={data} />}</Loaded>;
}

function Details({ task }: { task: Task }) {
  const { facts } = texts;
  const time = (at: string | undefined) => (at === undefined ? undefined : <time dateTime={at}>{formatTime(at)}</time>);
  return (
    <>
      <KeyValue
        items={[
          [facts.state, <TaskState key="state" task={task} />],
          [schedulesTexts.columns.what, <KindCell key="kind" kind={task.kind} />],
          [schedulesTexts.columns.of, task.machineName],
          [facts.attempts, texts.times(task.attempts)],
          [
            isRetrying(task) ? facts.next : facts.due,
            task.state === 'waiting' ? <When key="due" at={task.quietUntil ?? task.dueAt} /> : undefined,
          ],
          [
            facts.waits,
            task.quietUntil !== undefined ? (
              texts.quietUntil(formatMoment(task.quietUntil))
            ) : task.waitsFor === undefined ? undefined : (
              <Turn key="waits" after={task.waitsFor} linked />
            ),
          ],
          [facts.latest, task.state === 'waiting' ? time(task.latestStart) : undefined],
          [facts.held, task.heldBy === undefined ? undefined : <Turn key="held" after={task.heldBy} past linked />],
          [facts.started, time(task.startedAt)],
          [facts.ended, time(task.endedAt)],
          [facts.created, time(task.createdAt)],
          [facts.by, task.scheduleId === undefined ? facts.person : facts.schedule],
          [
            facts.priority,
            <span key="priority" className="tabular">
              {task.priority}
            </span>,
          ],
        ]}
      />
      {task.error ? (
        <section className={classes.drawerPart}>
          <h3>{texts.error}</h3>
          <p className={classes.error}>{task.error.message}</p>
          <Notice tone="info" title={texts.whatToDo}>
            {adviceOn(task.error.code)}
          </Notice>
        </section>
      ) : null}
      <Actions task={task} />
    </>
  );
}

/** Trying again would be refused again. */
const isTooLate = ({ latestStart }: Task) => latestStart !== undefined && Date.parse(latestStart) < Date.now();

function Actions({ task }: { task: Task }) {
  const may = useMay('operator');
  const [asked, setAsked] = useState(false);
  const running = task.state === 'running';
  const retry = useAction('tasks.retry', { done: texts.retryDone });
  const cancel = useAction('tasks.cancel', { done: running ? texts.cancelAsked : texts.cancelDone });
  const params = { id: task.id };
  return (
    <div className={classes.buttons}>
      {may && (task.state === 'failed' || task.state === 'dead') && !isTooLate(task) ? (
        <Button loading={retry.isPending} onClick={() => retry.mutate({ params })}>
          {texts.retry}
        </Button>
      ) : null}
      {may && (running || task.state === 'waiting') ? (
        <Button variant="default" onClick={() => setAsked(true)}>
          {texts.cancel}
        </Button>
      ) : null}
      {task.migrationId === undefined ? null : (
        <Anchor className={classes.link as string} href={hrefOf(`/migrations/${task.migrationId}`)}>
          {texts.openMigration}
        </Anchor>
      )}
      {task.sourceId === undefined ? null : (
        <Anchor className={classes.link as string} href={hrefOf(`/sources/${task.sourceId}`)}>
          {texts.openSource}
        </Anchor>
      )}
      <ConfirmAction
        opened={asked}
        onClose={() => setAsked(false)}
        title={texts.cancelTitle}
        action={texts.cancelAction}
        danger
        onConfirm={() => cancel.mutateAsync({ params })}
      >
        {running ? texts.cancelRunning : texts.cancelWaiting}
      </ConfirmAction>
    </div>
  );
}
