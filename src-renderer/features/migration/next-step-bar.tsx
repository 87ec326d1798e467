import { Button } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowRight,
  IconClock,
  IconPlayerPause,
  IconProgress,
  IconShieldCheck,
  IconTransfer,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useLive, useLiveRun } from '../../stores/live.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { formatBytes, formatDuration } from '../../ui/format.ts';
import { Duration, When } from '../../ui/values.tsx';
import classes from './migration.module.css';
import {
  type ActionName,
  downtimeOf,
  failureOf,
  isBusy,
  isInterrupted,
  type Migration,
  nextOf,
  type Schedule,
  type Situation,
  schedulesOff,
  situation,
} from './next-step.ts';
import { RunProgressLine } from './run-progress-line.tsx';
import type { MigrationActions } from './use-migration-actions.ts';
import { HeldUp, PlannedCutover, useWaiting, WaitsFor } from './waiting.tsx';

type Tone = 'good' | 'busy' | 'warn' | 'bad';
interface Look {
  tone: Tone;
  icon: typeof IconClock;
  /** The first is what to do. */
  buttons: ActionName[];
}

const looks: Record<Situation, Look> = {
  syncing: { tone: 'busy', icon: IconProgress, buttons: [] },
  'cutting-over': { tone: 'busy', icon: IconProgress, buttons: [] },
  'rolling-back': { tone: 'busy', icon: IconProgress, buttons: [] },
  verifying: { tone: 'busy', icon: IconProgress, buttons: [] },
  queued: { tone: 'busy', icon: IconClock, buttons: [] },
  'cut-over': { tone: 'good', icon: IconTransfer, buttons: ['rollback'] },
  'cutover-failed': { tone: 'bad', icon: IconAlertTriangle, buttons: ['cutover', 'sync'] },
  mismatch: { tone: 'bad', icon: IconAlertTriangle, buttons: ['reconcile'] },
  'first-run': { tone: 'good', icon: IconArrowRight, buttons: ['sync'] },
  failed: { tone: 'bad', icon: IconAlertTriangle, buttons: ['sync'] },
  paused: { tone: 'warn', icon: IconPlayerPause, buttons: ['resume', 'sync', 'cutover'] },
  ready: { tone: 'good', icon: IconShieldCheck, buttons: ['sync', 'cutover'] },
};

/** What this migration is at, what comes next, and the button for it. */
export function NextStepBar(props: { migration: Migration; schedules: readonly Schedule[] | undefined; actions: MigrationActions }) {
  const { migration, schedules, actions } = props;
  const where = situation(migration);
  const bootUnknown = isBootUnknown(migration, where);
  const { icon: Icon, buttons } = looks[where];
  const tone = bootUnknown ? 'warn' : looks[where].tone;
  const nextRun = nextOf('run', schedules ?? [], migration);
  const nextCutover = nextOf('cutover', schedules ?? [], migration);
  const waiting = useWaiting(migration.id);
  // Not said before it is known.
  const unscheduled =
    schedules !== undefined && where === 'ready' && nextRun === undefined && nextCutover === undefined && waiting.planned === undefined;
  const known = isBusy(where) ? undefined : schedulesOff(schedules, migration);
  // Of a machine that was cut over only what comes back with a rollback matters.
  const off = where === 'cut-over' && !known?.byCutover ? undefined : known;
  return (
    <section className={classes.next} data-tone={tone} aria-label={texts.status[where]}>
      <span className={classes.nextIcon}>
        <Icon size={19} aria-hidden />
      </span>
      <div className={classes.nextTexts}>
        <h2>
          <Title migration={migration} where={where} unscheduled={unscheduled} off={off} />
        </h2>
        <Hint migration={migration} where={where} unscheduled={unscheduled && off === undefined} />
        {where === 'queued' && waiting.asked ? <WaitsFor task={waiting.asked} /> : null}
        {waiting.planned ? <PlannedCutover task={waiting.planned} may={actions.may} /> : null}
        {off ? <p>{texts.scheduleOff(off.byCutover, off.ids.length, where === 'cut-over')}</p> : null}
        <Facts migration={migration} where={where} nextRun={nextRun} nextCutover={nextCutover} />
      </div>
      {actions.may ? (
        <div className={classes.nextActions}>
          {buttons.map((action, index) => (
            <Button
              key={action}
              variant={index === 0 && action !== 'rollback' ? 'filled' : 'default'}
              onClick={() => actions.do(action)}
              disabled={actions.pending || actions.hindrance(action) !== undefined}
            >
              {action === 'sync' && where === 'first-run' ? texts.actions.firstRun : texts.actions[action]}
            </Button>
          ))}
          {off && where !== 'cut-over' ? (
            <Button variant="default" onClick={() => actions.turnOn(off.ids)} disabled={actions.pending}>
              {texts.actions.turnOn(off.ids.length)}
            </Button>
          ) : unscheduled ? (
            <Button variant="default" component="a" href={hrefOf('/schedules')}>
              {texts.actions.schedule}
            </Button>
          ) : null}
        </div>
      ) : null}
      {isBusy(where) && where !== 'rolling-back' ? (
        <div className={classes.nextProgress}>
          <RunProgressLine migration={migration} />
          {actions.may ? (
            // Not where the next step stood or will stand: a click that comes as the run ends must not begin something.
            <Button variant="default" onClick={() => actions.do('cancel')} disabled={actions.pending}>
              {texts.actions.cancel}
            </Button>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}

/** It was started there without the boot check. */
const isBootUnknown = ({ lastCutover }: Migration, where: Situation) => where === 'cut-over' && lastCutover?.checksBoot === false;

type Off = ReturnType<typeof schedulesOff>;

function Title({ migration, where, unscheduled, off }: { migration: Migration; where: Situation; unscheduled: boolean; off: Off }) {
  const run = useLiveRun(migration.id);
  const cutover = useLive(({ cutovers }) => cutovers[migration.id]);
  if (where === 'syncing')
    return texts.next.syncing(texts.phase((run?.state === 'running' && run.phase) || (migration.lastRun?.phase ?? '')));
  if (where === 'cutting-over') return texts.next['cutting-over'](texts.phase(cutover ?? migration.lastCutover?.phase ?? ''));
  if (isBootUnknown(migration, where)) return texts.next['boot-unknown'];
  if (where === 'ready') return texts.next[!unscheduled ? 'ready-scheduled' : off ? 'ready-off' : 'ready-manual'];
  if (where === 'queued' && migration.working === 'cutover') return texts.waiting.cutover;
  if (where === 'failed' && failureOf(migration)?.of === 'work') return texts.next['work-failed'];
  return texts.next[where];
}

function Hint({ migration, where, unscheduled }: { migration: Migration; where: Situation; unscheduled: boolean }) {
  if (where === 'failed' || where === 'cutover-failed') {
    const failure = failureOf(migration);
    const error = where === 'failed' ? failure?.error : migration.lastCutover?.error;
    const undone = where === 'failed' ? [] : (migration.lastCutover?.undone ?? []);
    return (
      <>
        <p>{error?.message}</p>
        {where === 'failed' && failure?.of === 'work' ? <HeldUp migrationId={migration.id} failure={failure} /> : null}
        {undone.length > 0 ? <p>{undone.join(' ')}</p> : null}
        {texts.advice(error?.code) === undefined ? null : <p>{texts.advice(error?.code)}</p>}
        {where === 'cutover-failed' ? <AlsoFailed migration={migration} /> : null}
      </>
    );
  }
  if (where === 'first-run') {
    return (
      <>
        <p>{texts.nextHint['first-run']}</p>
        {migration.lastRun ? (
          <p>{texts.nextHint[isInterrupted(migration.lastRun) ? 'interrupted' : 'goesOn']}</p>
        ) : (
          <FirstRunEstimate migration={migration} />
        )}
      </>
    );
  }
  if (where === 'ready') {
    return (
      <>
        {migration.lastRun && isInterrupted(migration.lastRun) ? <p>{texts.nextHint.interrupted}</p> : null}
        {unscheduled ? <p>{texts.nextHint['ready-manual']}</p> : null}
      </>
    );
  }
  const hint = (texts.nextHint as Partial<Record<Situation, string>>)[where];
  return (
    <>
      {isBootUnknown(migration, where) ? <p>{texts.nextHint['boot-unknown']}</p> : null}
      {hint === undefined ? null : <p>{hint}</p>}
      {where === 'cut-over' ? <AlsoFailed migration={migration} /> : null}
    </>
  );
}

/** Beside what the bar is about. */
function AlsoFailed({ migration: { lastRun, lastFailure, lastCutover } }: { migration: Migration }) {
  const failure = failureOf({ lastRun, lastFailure });
  const message = failure?.of === 'work' ? failure.error?.message : undefined;
  // That the cutover failed is said already; its task tells what was undone after it.
  if (message === undefined || (lastCutover?.error && message.startsWith(lastCutover.error.message))) return null;
  return <p>{texts.nextHint.alsoFailed(message)}</p>;
}

function FirstRunEstimate({ migration }: { migration: Migration }) {
  const query = { machineIds: migration.machineId, bandwidthLimit: migration.settings.bandwidthLimit };
  const { data } = useRoute('estimates.get', { query });
  if (!data) return null;
  const { read, stored, ms } = data.total;
  return (
    <p className="tabular" title={data.basis}>
      {texts.estimate(formatBytes(read.likely), formatBytes(stored.likely))}{' '}
      {ms ? `${texts.estimateTime(formatDuration(ms.low), formatDuration(ms.high))} ` : ''}
      {data.items[0] ? texts.estimateBasis[data.items[0].basis] : null}
    </p>
  );
}

function Facts(props: { migration: Migration; where: Situation; nextRun: string | undefined; nextCutover: string | undefined }) {
  const { migration, where, nextRun, nextCutover } = props;
  const busy = isBusy(where);
  const facts: [string, ReactNode][] = [];
  if (where === 'cut-over' && migration.lastCutover?.where !== undefined) {
    facts.push([texts.nextHint.reachedAt, <CopyText key="where" text={migration.lastCutover.where} />]);
  }
  const downtime = where === 'cut-over' && migration.lastCutover ? downtimeOf(migration.lastCutover) : undefined;
  if (downtime !== undefined) facts.push([texts.outage.wasOff, <Duration key="downtime" value={downtime} />]);
  if (!busy && nextCutover !== undefined) facts.push([texts.nextHint.nextCutover, <When key="cutover" at={nextCutover} />]);
  if (!busy && nextRun !== undefined) facts.push([texts.nextHint.nextSync, <When key="run" at={nextRun} />]);
  if (!busy && migration.newestPoint && where !== 'cut-over') {
    facts.push([texts.nextHint.newest, <When key="point" at={migration.newestPoint.takenAt} />]);
  }
  if (facts.length === 0) return null;
  return (
    <dl className={classes.nextFacts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
