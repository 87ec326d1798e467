import { Progress } from '@mantine/core';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useLive, useLiveRun } from '../../stores/live.ts';
import { showMigrations } from '../../stores/migration-filter.ts';
import { progressOfRun } from '../../stores/run-progress.ts';
import { timelineTexts } from '../../texts/graphics.ts';
import { overviewTexts as texts } from '../../texts/overview.ts';
import { formatBytes, formatDuration, formatPercent, formatRate } from '../../ui/format.ts';
import { Section } from '../../ui/page-header.tsx';
import { useNow } from '../../ui/values.tsx';
import classes from './overview.module.css';

type Migration = Output<'migrations.list'>['items'][number];
const MOST = 8;

/** What goes on this moment, with its progress. Without anything it says so in a line. */
export function Running({ count }: { count: number }) {
  const running = useRoute('migrations.list', { query: { only: 'running', limit: MOST } }, { keepPrevious: true });
  const items = running.data?.items ?? [];
  return (
    <Section title={texts.now}>
      {items.length === 0 ? (
        <p className={classes.quiet}>{texts.idle}</p>
      ) : (
        <ul className={classes.list}>
          {items.map((migration) => (
            <li key={migration.id}>
              <RunningRow migration={migration} />
            </li>
          ))}
          {count > items.length ? (
            <li>
              <button type="button" className={classes.link} onClick={() => showMigrations('running')}>
                {texts.more(count - items.length)}
              </button>
            </li>
          ) : null}
        </ul>
      )}
    </Section>
  );
}

function RunningRow({ migration: { id, machineName, working, lastRun, lastCutover } }: { migration: Migration }) {
  const run = useLiveRun(id);
  const cutoverPhase = useLive(({ cutovers }) => cutovers[id]);
  const now = useNow(1000);
  const live = run?.state === 'running' ? run : undefined;
  const cutting = cutoverPhase ?? (lastCutover?.state === 'running' ? lastCutover.phase : undefined);
  const runPhase = live?.phase || (lastRun?.state === 'running' ? lastRun.phase : '');
  const phases = [cutting, runPhase]
    .filter((phase) => phase !== undefined && phase !== '')
    .map((phase) => timelineTexts.word(phase as string));
  const what = working === undefined ? undefined : texts.work[working];
  const moving = live && (live.phase === 'transfer' || live.phase === 'verify') ? progressOfRun(live, now) : undefined;
  return (
    <div className={classes.run}>
      <div className={classes.runHead} data-alone={moving === undefined || undefined}>
        <span>
          <a className={classes.machine} href={hrefOf(`/migrations/${id}`)}>
            {machineName}
          </a>{' '}
          <span className={classes.quiet}>{[what, ...phases].filter((word) => word !== undefined).join(' · ')}</span>
        </span>
        {moving ? (
          <span className={`tabular ${classes.runFigures}`}>
            {[
              moving.rate === undefined ? undefined : formatRate(moving.rate),
              moving.remainingMs === undefined ? undefined : texts.left(formatDuration(Math.ceil(moving.remainingMs / 1000) * 1000)),
              `${formatBytes(moving.done)} / ${formatBytes(moving.total)}`,
              formatPercent(moving.part),
            ]
              .filter((figure) => figure !== undefined)
              .join(' · ')}
          </span>
        ) : null}
      </div>
      {moving ? (
        <Progress
          value={(moving.part ?? 0) * 100}
          size={5}
          color="teal"
          aria-label={texts.progressOf(machineName)}
          transitionDuration={200}
        />
      ) : null}
    </div>
  );
}
