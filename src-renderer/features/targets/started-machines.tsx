import { Anchor, Button } from '@mantine/core';
import { IconPlayerStop, IconServer } from '@tabler/icons-react';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction, useRoutes } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useMay } from '../../stores/session.ts';
import { targetMachineTexts as texts } from '../../texts/target-machines.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RecordName, RecordTable } from '../../ui/record-table.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import classes from './started-machines.module.css';

type Target = Output<'targets.list'>['items'][number];
type Started = Output<'targets.machines'>['items'][number] & { target: Target };

const columns = [
  {
    id: 'name',
    title: texts.columns.name,
    cell: ({ name, target }: Started) => <RecordName icon={IconServer} name={name} hint={target.name} />,
  },
  { id: 'state', title: texts.columns.state, cell: (machine: Started) => <State {...machine} /> },
  { id: 'since', title: texts.columns.since, fit: true, cell: ({ since }: Started) => <When at={since} /> },
  { id: 'where', title: texts.columns.where, cell: ({ where }: Started) => <span className={classes.where}>{where}</span> },
];

/** What Octopus started at the targets. Nothing is shown where that is nothing: it is the rule. */
export function StartedMachines({ targets }: { targets: readonly Target[] }) {
  const operator = useMay('operator');
  // One that does not answer says so in its own row.
  const reachable = targets.filter(({ freeBytes }) => freeBytes !== undefined);
  const answers = useRoutes(
    'targets.machines',
    reachable.map(({ id }) => ({ params: { id } })),
  );
  const [asked, setAsked] = useState<Started>();
  const stop = useAction('targets.stopMachine', { done: () => texts.done(asked?.name ?? '', asked?.running ?? true) });
  const { name = '', running = true } = asked ?? {};
  const machines = reachable.flatMap((target, index) => (answers[index]?.data?.items ?? []).map((machine) => ({ ...machine, target })));
  const unread = reachable.filter((_, index) => answers[index]?.isError);
  if (machines.length === 0 && unread.length === 0) return null;
  return (
    <section className={classes.section} aria-label={texts.title}>
      <h2>{texts.title}</h2>
      <p>{texts.hint}</p>
      {unread.map((target) => (
        <Notice key={target.id} tone="warn" title={texts.unread(target.name)}>
          {answers[reachable.indexOf(target)]?.error?.message}
        </Notice>
      ))}
      {machines.length === 0 ? null : (
        <RecordTable
          label={texts.title}
          rows={machines}
          rowId={({ machineId, target }) => `${target.id}/${machineId}`}
          columns={columns}
          actions={(machine: Started) => <Answers machine={machine} {...(operator ? { onStop: () => setAsked(machine) } : {})} />}
        />
      )}
      <ConfirmAction
        opened={asked !== undefined}
        danger
        title={texts.confirm.title(name, asked?.target.name ?? '', running)}
        action={texts.confirm.action(running)}
        {...(asked ? { typedName: asked.name } : {})}
        onConfirm={() => asked && stop.mutateAsync({ params: { id: asked.target.id, machineId: asked.machineId } })}
        onClose={() => setAsked(undefined)}
      >
        {texts.confirm.text(name, running)}
      </ConfirmAction>
    </section>
  );
}

function State({ running }: Started) {
  if (running) return <StatusBadge state="running" word={texts.running} />;
  return (
    <div>
      <StatusBadge state="interrupted" word={texts.ended} />
      <div>{texts.endedHint}</div>
    </div>
  );
}

/** Who answers for it: its migration, or whoever stops it here. */
function Answers({ machine: { name, running, inUse, migrationId }, onStop }: { machine: Started; onStop?: () => void }) {
  if (migrationId !== undefined) {
    return (
      <Anchor size="sm" href={hrefOf(`/migrations/${migrationId}`)}>
        {texts.migration}
      </Anchor>
    );
  }
  if (inUse || !onStop) return <span className={classes.who}>{inUse ? texts.inUse : texts.alone}</span>;
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={texts.stopOf(name, running)}
      leftSection={<IconPlayerStop size={14} aria-hidden />}
      onClick={onStop}
    >
      {texts.stop(running)}
    </Button>
  );
}
