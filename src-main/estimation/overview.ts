import { beginsAt } from '../domain/quiet-until.ts';
import type { Schedule } from '../domain/schedule.ts';
import type { DayOfRuns, MigrationState } from '../store/repositories/overview.ts';
import type { Store } from '../store/store.ts';
import { type Attention, urgency } from './attention.ts';
import { behindSince } from './behind.ts';
import { environmentsOf } from './environments-attention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DAYS = 30;
/** Most that are listed. */
const NEXT = 10;
const ATTENTION = 100;

type Next = { migrationId: string; machineName: string; scheduleId: string; at: string }[];

export interface OverviewFacts {
  counts: Record<
    'migrations' | 'protected' | 'withoutPoint' | 'behind' | 'failed' | 'running' | 'paused' | 'cutOver' | 'machines' | 'unprotected',
    number
  >;
  moved: Omit<DayOfRuns, 'day' | 'failed'> & { days: DayOfRuns[] };
  nextCutovers: Next;
  nextRuns: Next;
  attention: Attention[];
}

/** How everything is that one may see; `visible` undefined is all. */
export async function overviewOf(
  store: Pick<Store, 'overview' | 'schedules' | 'tasks' | 'sources' | 'targets' | 'contacts'>,
  visible: ReadonlySet<string> | undefined,
  now: Date,
): Promise<OverviewFacts> {
  const since = new Date(now.getTime() - (DAYS - 1) * DAY).toISOString().slice(0, 10);
  const migrations = await store.overview.migrations(visible);
  const known = new Map(migrations.map((migration) => [migration.id, migration]));
  const everySchedule = await store.schedules.list();
  const schedules = everySchedule.filter(({ enabled }) => enabled);
  const offOf = Map.groupBy(
    everySchedule.filter(({ kind, enabled }) => kind === 'run' && !enabled),
    ({ jobId }) => jobId,
  );
  const runsOf = Map.groupBy(
    schedules.filter(({ kind, jobId }) => kind === 'run' && jobId !== undefined),
    ({ jobId }) => jobId as string,
  );
  const { all, unprotected } = await store.overview.machines();
  /** Tasks that were told of with their migration. */
  const told = new Set<string>();
  const counts = { migrations: migrations.length, protected: 0, withoutPoint: 0, behind: 0, failed: 0, running: 0, paused: 0, cutOver: 0 };
  const attention: Attention[] = [];
  for (const migration of migrations) {
    const { id: migrationId, machineName, lastRun, lastCutover, lastFailure, newestPoint, mismatch } = migration;
    const tell = (kind: Attention['kind'], at: string, text: string, more: Partial<Attention> = {}) =>
      attention.push({ kind, migrationId, machineName, text, since: at, ...more });
    if (migration.state === 'cut-over') {
      counts.cutOver++;
      continue;
    }
    const mine = runsOf.get(migrationId) ?? [];
    const behind = migration.paused ? undefined : behindSince(migration, mine, now);
    if (lastFailure) told.add(lastFailure.taskId);
    const failedWork = failedOf(lastFailure);
    // The task of a run that failed ends right after it, with the same words.
    const failedRun = failedWork === 'run' ? { at: lastFailure!.at, error: lastFailure!.message } : lastRun?.state === 'failed' && lastRun;
    const failedCutover = failedWork === 'cutover' ? { at: lastFailure!.at, error: lastFailure!.message } : badCutover(migration);
    // What cannot be started from protects nothing.
    const failed = Boolean(failedRun || failedCutover || mismatch);
    if (migration.paused) counts.paused++;
    if (failed) counts.failed++;
    if (behind) counts.behind++;
    if (lastRun?.state === 'running' || lastCutover?.state === 'running' || lastCutover?.state === 'rolling-back') counts.running++;
    if (newestPoint !== undefined && !failed && !behind) counts.protected++;
    const untouched = newestPoint === undefined && !failed && !behind && !migration.paused;
    if (untouched) counts.withoutPoint++;
    if (failedCutover)
      tell('cutover-failed', failedCutover.at, `The cutover of ${machineName} failed: ${failedCutover.error ?? 'its end is not known.'}`);
    if (mismatch) {
      const what = mismatch.newest
        ? `The newest recovery point of ${machineName} is not what was copied.`
        : `A recovery point of ${machineName} is not what was copied, and no later one was read back as a whole.`;
      tell('mismatch', mismatch.at, `${what} ${mismatch.text}`);
    } else if (failedWork === 'verify')
      tell('task-dead', lastFailure!.at, `The last verification of ${machineName} failed: ${lastFailure!.message}`, {
        taskId: lastFailure!.taskId,
      });
    if (failedRun) tell('run-failed', failedRun.at, `The last run of ${machineName} failed: ${failedRun.error ?? ''}`.trim());
    else if (behind) {
      const text = newestPoint
        ? `The newest recovery point of ${machineName} is older than its schedule allows.`
        : `${machineName} has no recovery point yet, and its schedule's time has passed.`;
      tell('behind', behind, text);
    }
    if (mine.length === 0 && !migration.paused) {
      const off = offOf.get(migrationId) ?? [];
      const ended = off.filter(({ endedByCutover }) => endedByCutover);
      const idle = untouched && lastRun?.state !== 'running';
      const text = idle
        ? `${machineName} is not protected: it was never replicated, and has no schedule that would begin it.`
        : `${machineName} is replicated only when somebody asks for it: ${ended.length > 0 ? 'its schedule is off since its cutover.' : off.length > 0 ? 'its schedule is switched off.' : 'it has no schedule.'}`;
      const since = !idle && ended.length > 0 ? lastCutover?.at : undefined;
      // What a person had switched off before the cutover is theirs to bring back.
      const scheduleIds = (ended.length > 0 ? ended : off).map(({ id }) => id);
      tell('unscheduled', since ?? migration.createdAt, text, scheduleIds.length > 0 ? { scheduleIds } : {});
    }
  }
  const environments = await environmentsOf(store);
  attention.push(...environments.attention);
  for (const task of await store.tasks.list({ state: 'dead', limit: ATTENTION })) {
    if (told.has(task.id) || environments.settle(task)) continue;
    const migration = task.jobId === undefined ? undefined : known.get(task.jobId);
    // Those without a migration are the administrators'.
    if (task.jobId === undefined ? visible !== undefined : !migration) continue;
    const { jobId: migrationId, sourceId, error } = task;
    attention.push({
      kind: 'task-dead',
      taskId: task.id,
      ...(migrationId === undefined ? {} : { migrationId }),
      ...(sourceId === undefined ? {} : { sourceId }),
      ...(migration ? { machineName: migration.machineName } : {}),
      text: `A planned ${task.kind} was given up after ${task.attempts} tries: ${error?.message ?? ''}`.trim(),
      since: task.endedAt ?? task.createdAt,
    });
  }
  const pausedBy = await store.schedules.pausedBy();
  if (pausedBy)
    attention.push({
      kind: 'schedules-paused',
      text:
        pausedBy === 'restore'
          ? 'The scheduler is paused since a backup was restored: look at the schedules, some may be done already, then let it go on.'
          : 'The scheduler is paused: nothing is begun until it goes on.',
      since: now.toISOString(),
    });
  const rank = new Map(urgency.map((kind, index) => [kind, index]));
  attention.sort((a, b) => rank.get(a.kind)! - rank.get(b.kind)! || byText(a.since, b.since));
  const days = allDays(await store.overview.days(visible, since), now);
  const sum = (part: 'runs' | 'read' | 'sent' | 'zero' | 'unchanged') => days.reduce((total, day) => total + day[part], 0);
  return {
    counts: { ...counts, machines: all, unprotected },
    moved: { runs: sum('runs'), read: sum('read'), sent: sum('sent'), zero: sum('zero'), unchanged: sum('unchanged'), days },
    nextCutovers: nextOf(schedules, 'cutover', known, now),
    nextRuns: nextOf(schedules, 'run', known, now),
    attention: attention.slice(0, ATTENTION),
  };
}

/** What failed, where it is told of with its migration. */
function failedOf(failure: MigrationState['lastFailure']): 'run' | 'cutover' | 'verify' | undefined {
  if (!failure) return undefined;
  if (failure.kind === 'cutover-check') return 'cutover';
  return failure.kind === 'run' || failure.kind === 'cutover' || failure.kind === 'verify' ? failure.kind : undefined;
}

function badCutover({ lastCutover, lastRun }: MigrationState): MigrationState['lastCutover'] {
  if (lastCutover?.state === 'failed') return lastCutover;
  if (lastCutover?.state !== 'rolled-back' || lastCutover.error === undefined) return undefined;
  // A run that ended well afterwards has settled it.
  return !lastRun || lastRun.at <= lastCutover.at || lastRun.state === 'failed' ? lastCutover : undefined;
}

/** For ISO times: by the alphabet of a language it takes thirty times as long. */
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function nextOf(schedules: readonly Schedule[], kind: string, known: ReadonlyMap<string, MigrationState>, now: Date): Next {
  const soonest: Next = [];
  for (const schedule of schedules) {
    const migration = schedule.kind === kind ? known.get(schedule.jobId ?? '') : undefined;
    if (!migration || migration.paused || migration.state === 'cut-over') continue;
    const { timing, windows, nextAt, id: scheduleId } = schedule;
    // Its next time may be that of the check ahead of it.
    const planned = timing.type === 'once' ? new Date(timing.at).toISOString() : nextAt;
    if (planned === undefined || nextAt === undefined) continue;
    const last = soonest[NEXT - 1]?.at;
    // It never begins before it is planned.
    if (last !== undefined && planned >= last) continue;
    const at = beginsAt(windows, planned);
    if (Date.parse(at) < now.getTime() - HOUR) continue;
    const place = soonest.findIndex((other) => other.at > at);
    soonest.splice(place < 0 ? soonest.length : place, 0, {
      migrationId: migration.id,
      machineName: migration.machineName,
      scheduleId,
      at,
    });
    soonest.length = Math.min(soonest.length, NEXT);
  }
  return soonest;
}

function allDays(found: readonly DayOfRuns[], now: Date): DayOfRuns[] {
  const byDay = new Map(found.map((day) => [day.day, day]));
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(now.getTime() - (DAYS - 1 - index) * DAY).toISOString().slice(0, 10);
    return byDay.get(day) ?? { day, runs: 0, failed: 0, read: 0, sent: 0, zero: 0, unchanged: 0 };
  });
}
