import type { Output } from '../../../src-preload/contract/routes.ts';

export type Migration = Output<'migrations.get'>;
export type Run = NonNullable<Migration['lastRun']>;
export type Cutover = NonNullable<Migration['lastCutover']>;
export type Outage = Pick<Cutover, 'downAt' | 'upAt' | 'backAt'>;
export type RecoveryPoint = Output<'migrations.recoveryPoints'>['items'][number];
export type Schedule = Output<'schedules.list'>['items'][number];
export type Work = NonNullable<Migration['working']>;

/** Where a migration stands, which says what is to be done next. */
export type Situation =
  | 'syncing'
  | 'cutting-over'
  | 'rolling-back'
  | 'verifying'
  /** It waits for its turn. */
  | 'queued'
  | 'cut-over'
  | 'cutover-failed'
  | 'mismatch'
  | 'first-run'
  | 'failed'
  | 'paused'
  | 'ready';

const situationOf = { sync: 'syncing', cutover: 'cutting-over', rollback: 'rolling-back', verify: 'verifying' } as const;

type Standing = Pick<Migration, 'working' | 'state' | 'lastRun' | 'lastCutover' | 'lastFailure' | 'newestPoint' | 'paused'>;

export function situation(migration: Standing): Situation {
  const { working, lastRun, lastCutover, newestPoint } = migration;
  if (working === 'sync') return lastRun?.state === 'running' ? 'syncing' : 'queued';
  if (working === 'cutover' && !hasBegun(migration)) return 'queued';
  if (working !== undefined) return situationOf[working];
  // Another process of ours may run it, or took it up again at its start.
  if (lastCutover?.state === 'running') return 'cutting-over';
  if (lastCutover?.state === 'rolling-back') return 'rolling-back';
  if (lastRun?.state === 'running') return 'syncing';
  if (migration.state === 'cut-over') return 'cut-over';
  if (lastCutover?.error && isBad(lastCutover) && !cleared(lastCutover, lastRun)) return 'cutover-failed';
  if (newestPoint?.outcome === 'mismatch') return 'mismatch';
  if (failureOf(migration)) return 'failed';
  if (!newestPoint) return 'first-run';
  return migration.paused ? 'paused' : 'ready';
}

/** Its cutover; the machine that was cut over just now, and the run of one, speak of it too. */
const hasBegun = ({ state, lastRun, lastCutover }: Standing) =>
  state === 'cut-over' || lastRun?.state === 'running' || lastCutover?.state === 'running' || lastCutover?.state === 'rolling-back';

/** What is cancelled before anything was to be undone did not fail. */
const isBad = ({ state }: Cutover) => state === 'failed' || state === 'rolled-back';

/** A run that went well after the cutover makes its failure old. */
function cleared({ startedAt, endedAt }: Cutover, run: Run | undefined): boolean {
  return run?.state === 'succeeded' && run.startedAt > (endedAt ?? startedAt);
}

/** Nobody cancelled it and nothing failed: Octopus ended while it went on. */
export const isInterrupted = ({ state, error }: Run): boolean =>
  (state === 'failed' || state === 'cancelled') && error?.code === 'server.stopping';

export const stateOfRun = (run: Run): Run['state'] | 'interrupted' => (isInterrupted(run) ? 'interrupted' : run.state);

/** What failed last and still stands. `work`: also what failed before a run or a cutover of it came to be. */
export interface Failure {
  of: 'run' | 'work';
  error: { code: string; message: string } | undefined;
}

export function failureOf({ lastRun: run, lastFailure: last }: Pick<Standing, 'lastRun' | 'lastFailure'>): Failure | undefined {
  const failed = run?.state === 'failed' && !isInterrupted(run) ? run : undefined;
  // A run that another process of ours made well has settled it, too.
  const stands = last && !(run?.state === 'succeeded' && run.startedAt > last.at) ? last : undefined;
  // Mostly it is the run's own failure, told twice: then the run says more.
  const ofRun = failed && stands && (stands.message === failed.error?.message || stands.at <= (failed.endedAt ?? failed.startedAt));
  if (stands && !ofRun) return { of: 'work', error: stands };
  return failed && { of: 'run', error: failed.error };
}

export const isBusy = (where: Situation): boolean =>
  where === 'syncing' || where === 'cutting-over' || where === 'rolling-back' || where === 'verifying' || where === 'queued';

/** What may be done. */
export type ActionName = 'sync' | 'reconcile' | 'verify' | 'pause' | 'resume' | 'cutover' | 'rollback' | 'cancel' | 'remove';
export type Hindrance = 'busy' | 'idle' | 'cut-over' | 'not-cut-over' | 'no-point' | 'no-schedule';

/** Why it cannot be done now; undefined: it can. As the core decides it. */
export function hindrance(action: ActionName, migration: Standing, schedules?: readonly Schedule[]): Hindrance | undefined {
  const busy = isBusy(situation(migration));
  if (action === 'cancel') return busy ? undefined : 'idle';
  // Until its schedules are known, they may be paused.
  if (action === 'pause') return schedules?.every(({ enabled }) => !enabled) ? 'no-schedule' : undefined;
  if (action === 'resume') return undefined;
  if (busy) return 'busy';
  if (action === 'rollback') return migration.state === 'cut-over' ? undefined : 'not-cut-over';
  if (action === 'verify') return migration.newestPoint ? undefined : 'no-point';
  if (action === 'remove') return undefined;
  return migration.state === 'cut-over' ? 'cut-over' : undefined;
}

/** Schedules for runs that are off though the migration is not: a cutover ends them, and a rollback does not bring them back. */
export function schedulesOff(schedules: readonly Schedule[] | undefined, migration: Pick<Migration, 'paused'>) {
  const runs = schedules?.filter(({ kind }) => kind === 'run') ?? [];
  const off = runs.filter(({ enabled }) => !enabled);
  if (migration.paused || off.length === 0 || off.length < runs.length) return undefined;
  const ended = off.filter(({ endedByCutover }) => endedByCutover);
  // What a person had switched off before is theirs to bring back.
  return { ids: (ended.length > 0 ? ended : off).map(({ id }) => id), byCutover: ended.length > 0 };
}

/** Milliseconds that a cutover had the machine off, or has until now; undefined where it was not on, or that was not kept. */
export function downtimeOf({ downAt, upAt, backAt }: Outage, now?: number): number | undefined {
  const until = upAt ?? backAt;
  const end = until === undefined ? now : Date.parse(until);
  return downAt === undefined || end === undefined ? undefined : Math.max(0, end - Date.parse(downAt));
}

/** When a schedule of this kind begins it next, as ISO 8601; a paused migration's does not. */
export function nextOf(kind: Schedule['kind'], schedules: readonly Schedule[], migration: Pick<Migration, 'paused' | 'state'>) {
  if (migration.paused || migration.state === 'cut-over') return undefined;
  return schedules
    .filter((schedule) => schedule.kind === kind && schedule.enabled)
    .map(({ nextAt }) => nextAt)
    .filter((at) => at !== undefined)
    .sort()[0];
}
