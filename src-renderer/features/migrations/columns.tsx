import { Progress, Tooltip } from '@mantine/core';
import { useLive } from '../../stores/live.ts';
import { progressOfRun } from '../../stores/run-progress.ts';
import { migrationsTexts as texts } from '../../texts/migrations.ts';
import { formatPercent } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import type { Column } from '../../ui/virtual-table.tsx';
import { MigrationState } from '../migration/migration-state.tsx';
import { failureOf, type Migration, situation, stateOfRun } from '../migration/next-step.ts';
import { Turn } from '../schedules/turn.tsx';
import classes from './migrations.module.css';

export interface Row {
  migration: Migration;
  target: string | undefined;
}

export const columns: Column<Row>[] = [
  { id: 'machine', sort: 'machine', title: texts.columns.machine, width: 130, grow: true, cell: ({ migration }) => migration.machineName },
  { id: 'state', sort: 'state', title: texts.columns.state, width: 190, cell: ({ migration }) => <State migration={migration} /> },
  { id: 'last-run', sort: 'lastRun', title: texts.columns.lastRun, width: 215, cell: ({ migration }) => <LastRun migration={migration} /> },
  { id: 'point', sort: 'newestPoint', title: texts.columns.point, width: 115, cell: ({ migration }) => <Point migration={migration} /> },
  {
    id: 'next',
    sort: 'nextRun',
    title: texts.columns.next,
    width: 120,
    cell: ({ migration }) => (migration.nextRun === undefined ? <Unscheduled migration={migration} /> : <When at={migration.nextRun} />),
  },
  { id: 'target', sort: 'target', title: texts.columns.target, width: 140, goes: 1, cell: ({ target }) => target ?? '–' },
];

/** Whole percents of what the run does now: it is drawn anew a hundred times, not at every event. */
function usePercent(migrationId: string): number | undefined {
  return useLive(({ runs, verifies }) => {
    const verify = Object.values(verifies[migrationId]?.disks ?? {});
    if (verify.length > 0) {
      const total = verify.reduce((sum, disk) => sum + disk.total, 0);
      return total > 0 ? Math.floor((verify.reduce((sum, disk) => sum + disk.done, 0) / total) * 100) : undefined;
    }
    const run = runs[migrationId];
    if (run?.state !== 'running' || (run.phase !== 'transfer' && run.phase !== 'verify')) return undefined;
    const part = progressOfRun(run, 0)?.part;
    return part === undefined ? undefined : Math.floor(part * 100);
  });
}

function State({ migration }: { migration: Migration }) {
  const percent = usePercent(migration.id);
  const where = situation(migration);
  if (where === 'queued' && migration.waitsFor !== undefined) return <Waiting after={migration.waitsFor} />;
  const moving = percent !== undefined && (where === 'syncing' || where === 'verifying' || where === 'cutting-over');
  return (
    <span className={classes.state} title={where === 'failed' ? failureOf(migration)?.error?.message : undefined}>
      <MigrationState migration={migration} more={moving ? formatPercent(percent / 100) : undefined} />
      {moving ? (
        <span className={classes.meter}>
          <Progress value={percent} size={5} color="teal" aria-label={texts.progressOf(migration.machineName)} />
        </span>
      ) : null}
    </span>
  );
}

/** Longer than its column may be. */
function Waiting({ after }: { after: string }) {
  const turn = <Turn after={after} />;
  return (
    <Tooltip label={turn}>
      <span>
        <StatusBadge state="waiting" tone="busy" word={turn} />
      </span>
    </Tooltip>
  );
}

function Unscheduled({ migration: { paused, state } }: { migration: Migration }) {
  return <span className={classes.quiet}>{state === 'cut-over' ? '–' : paused ? texts.paused : texts.notScheduled}</span>;
}

function LastRun({ migration: { lastRun } }: { migration: Migration }) {
  if (!lastRun) return <span className={classes.quiet}>{texts.never}</span>;
  return (
    <span className={classes.run} title={lastRun.error?.message}>
      <StatusBadge state={stateOfRun(lastRun)} />
      <span className={classes.quiet}>
        <When at={lastRun.endedAt ?? lastRun.startedAt} />
      </span>
    </span>
  );
}

function Point({ migration: { newestPoint } }: { migration: Migration }) {
  if (!newestPoint) return <span className={classes.quiet}>{texts.noPoint}</span>;
  return (
    <span className={classes.run}>
      <When at={newestPoint.takenAt} />
      {newestPoint.outcome === 'mismatch' ? <StatusBadge state="mismatch" word={texts.mismatch} /> : null}
    </span>
  );
}
