import { lazy, Suspense } from 'react';
import { useLive, useLiveRun } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { formatDay, formatDuration, formatNumber, formatSecond, formatTime, formatWhen } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { Section } from '../../ui/page-header.tsx';
import { PhaseTimeline } from '../../ui/phase-timeline/phase-timeline.tsx';
import { cutoverSteps, progressOfCutover, progressOfRun, runSteps, timelineOf } from '../../ui/phase-timeline/timeline.ts';
import { LoadingRows } from '../../ui/states.tsx';
import { useNowFor } from '../../ui/values.tsx';
import { Checks, useChecks } from './checks.tsx';
import { DiskMaps } from './disk-maps.tsx';
import { Facts, type Names } from './facts.tsx';
import { ForecastSection } from './forecast-section.tsx';
import classes from './migration.module.css';
import { NewestPoint } from './newest-point.tsx';
import { type Cutover, downtimeOf, type Migration, type Run, type Schedule, situation, stateOfRun } from './next-step.ts';
import { kindText } from './run-kind.ts';
import { phaseTimes } from './run-log.ts';
import type { MigrationActions } from './use-migration-actions.ts';

/** The chart's library is only loaded where it is seen. */
const Throughput = lazy(() => import('./throughput.tsx'));

/** How the run is, block for block; and beside it what the migration is worth. */
export function NowTab(props: {
  migration: Migration;
  schedules: readonly Schedule[] | undefined;
  names: Names;
  actions: MigrationActions;
}) {
  const { migration, schedules, names, actions } = props;
  const { lastRun, lastCutover } = migration;
  const where = situation(migration);
  // One that was cancelled or rolled back is told of until a run begins after it.
  const isLast =
    (lastCutover?.state === 'cancelled' || lastCutover?.state === 'rolled-back') &&
    !(lastRun && lastRun.startedAt > (lastCutover.endedAt ?? lastCutover.startedAt));
  const showsCutover =
    lastCutover && (isLast || where === 'cutting-over' || where === 'rolling-back' || where === 'cut-over' || where === 'cutover-failed');
  return (
    <div className={classes.now}>
      <div>
        {actions.may && (where === 'failed' || where === 'cutover-failed') ? <FailedChecks migration={migration} /> : null}
        {showsCutover ? <CutoverTimeline migrationId={migration.id} cutover={lastCutover} /> : null}
        {lastRun ? <RunTimeline migrationId={migration.id} run={lastRun} /> : <ComingRun />}
        {lastRun && lastRun.notes.length > 0 ? <RunNotes notes={lastRun.notes} /> : null}
        {lastRun ? (
          <Suspense fallback={<LoadingRows rows={3} />}>
            <Throughput migration={migration} run={lastRun} may={actions.may} />
          </Suspense>
        ) : null}
        <DiskMaps migrationId={migration.id} running={lastRun?.state === 'running'} />
      </div>
      <div className={classes.side}>
        <div>
          {migration.state === 'cut-over' || where === 'cutting-over' || where === 'rolling-back' ? null : (
            <ForecastSection migrationId={migration.id} />
          )}
          <NewestPoint migration={migration} actions={actions} />
        </div>
        <Facts migration={migration} schedules={schedules} names={names} />
      </div>
    </div>
  );
}

const since = (at: string | undefined) => (at === undefined ? undefined : Date.parse(at));

function RunTimeline({ migrationId, run }: { migrationId: string; run: Run }) {
  const now = useNowFor(run.endedAt ?? new Date().toISOString());
  const live = useLiveRun(migrationId);
  const heard = live?.runId === run.id ? live : undefined;
  const stored = Object.fromEntries((run.phases ?? []).map(({ phase, startedAt }) => [phase, Date.parse(startedAt)]));
  const began = { ...heard?.began, ...stored };
  const took = Object.fromEntries(phaseTimes(run).map((one) => [one.phase, one.took]));
  const phase = run.state === 'running' ? heard?.phase || run.phase : run.phase;
  const steps = timelineOf(runSteps, { phase, state: progressOfRun(stateOfRun(run)), began, took, endedAt: since(run.endedAt), now });
  const when = run.endedAt === undefined ? texts.timeline.running : formatWhen(run.endedAt, now);
  return (
    <Section title={texts.timeline.run(kindText(run), when)}>
      <PhaseTimeline kind="run" steps={steps} />
    </Section>
  );
}

/** More are in the log. */
const NOTES = 3;

/** What the run wants known: disks that are left out, blocks that were healed. */
function RunNotes({ notes }: { notes: readonly string[] }) {
  return (
    <Section title={texts.notes.title}>
      <Notice tone="warn">
        {notes.slice(0, NOTES).map((note) => (
          <div key={note}>{note}</div>
        ))}
        {notes.length > NOTES ? <div className={classes.small}>{texts.notes.more(formatNumber(notes.length - NOTES))}</div> : null}
      </Notice>
    </Section>
  );
}

/** After a failure: what the source and the target say now. A boot that failed is told of already. */
function FailedChecks({ migration }: { migration: Migration }) {
  const checks = useChecks(migration, { checksBoot: true });
  return (
    <Section title={texts.cutover.checks}>
      <Checks {...checks} />
    </Section>
  );
}

/** What a run does, before there was one. */
function ComingRun() {
  return (
    <Section title={texts.timeline.coming}>
      <PhaseTimeline
        kind="run"
        steps={timelineOf(runSteps, { phase: undefined, state: 'running', began: {}, endedAt: undefined, now: 0 })}
      />
    </Section>
  );
}

function CutoverTimeline({ migrationId, cutover }: { migrationId: string; cutover: Cutover }) {
  const now = useNowFor(cutover.endedAt ?? new Date().toISOString());
  const livePhase = useLive(({ cutovers }) => cutovers[migrationId]);
  const heard = useLive(({ cutoverBegan }) => cutoverBegan[migrationId]);
  const stored = Object.fromEntries(cutover.phases.map((one) => [one.phase, Date.parse(one.startedAt)]));
  const began = { ...(cutover.endedAt === undefined ? heard : {}), ...stored };
  const { upAt } = cutover;
  // Rolled back later than it was done: it had come to its end before.
  const reached = upAt !== undefined && cutover.state !== 'running';
  // While it rolls back, the stored phase says how far it had come.
  const known = livePhase !== undefined && cutover.state === 'running' && (cutoverSteps as readonly string[]).includes(livePhase);
  const phase = known ? livePhase : cutover.phase;
  // What it does not do is no step of it.
  const { preSync, checksBoot } = cutover;
  const none = { 'pre-sync': !preSync, 'pre-boot-check': !preSync || !checksBoot, 'boot-check': !checksBoot } as Record<string, boolean>;
  const all = cutoverSteps.filter((step) => !none[step]);
  const steps = timelineOf(all, {
    phase,
    state: reached ? 'done' : progressOfCutover(cutover.state),
    began,
    endedAt: since(upAt ?? cutover.endedAt),
    now,
  });
  const downtime = downtimeOf(cutover, cutover.endedAt === undefined ? now : undefined);
  return (
    <Section
      title={
        cutover.endedAt === undefined
          ? texts.timeline.cutover
          : texts.timeline.cutoverEnded(texts.timeline.ended[cutover.state], formatWhen(cutover.endedAt, now))
      }
    >
      <PhaseTimeline kind="cutover" steps={steps} />
      {downtime === undefined ? null : <p className={`${classes.outage} tabular`}>{outageLine(cutover, downtime)}</p>}
    </Section>
  );
}

/** The times of one day without the day. */
function outageLine({ downAt = '', upAt, backAt }: Cutover, downtime: number): string {
  const after = (at: string | undefined) => at && (formatDay(at) === formatDay(downAt) ? formatSecond(at) : formatTime(at));
  return texts.outage.line(formatDuration(downtime), formatTime(downAt), after(upAt), after(backAt));
}
