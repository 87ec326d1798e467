import { windows as quietWindows, type scheduleRoutes } from '../../../src-preload/contract/routes/schedules.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { beginsAt } from '../../domain/quiet-until.ts';
import { acceptsLeftOut, type QuietWindow, type Schedule, type Timing } from '../../domain/schedule.ts';
import { beginTimes } from '../../scheduler/begin-times.ts';
import { checkWindows } from '../../scheduler/quiet-windows.ts';
import { checkTiming } from '../../scheduler/timing.ts';
import type { HandlersOf } from '../handler.ts';
import { withMachineNames } from '../machine-names.ts';
import { notFound, requireMigration, visibleMigrations } from '../ownership.ts';
import type { Services } from '../services.ts';

type Schedules = Pick<
  typeof scheduleRoutes,
  'schedules.list' | 'schedules.times' | 'schedules.create' | 'schedules.get' | 'schedules.update' | 'schedules.remove'
>;

export const scheduleHandlers: HandlersOf<Schedules> = {
  'schedules.list': async ({ query }, { services, caller }) => {
    const { migrationId } = query;
    if (migrationId !== undefined) await requireMigration(services.store, caller, 'see', migrationId);
    const all = await services.store.schedules.list(migrationId === undefined ? {} : { jobId: migrationId });
    const visible = await visibleMigrations(services.store, caller);
    const items = all.filter(({ jobId }) => !visible || (jobId !== undefined && visible.has(jobId))).map(shape);
    return { items: await withMachineNames(services, items) };
  },
  'schedules.times': async ({ query: { minutes, startAt, expression, zone, windows: text, count } }, { services }) => {
    const timing = timingOf({ minutes, startAt, expression, zone });
    const now = services.now();
    if (!timing) return { items: [] };
    checkTiming(timing, now);
    const windows = windowsOf(text);
    checkWindows(windows);
    return { items: beginTimes({ timing, windows, createdAt: now.toISOString() }, now, count) };
  },
  'schedules.create': async ({ body }, { services, caller, note }) => {
    const { kind, migrationId, sourceId, timing, windows, jitterMs, priority, enabled, accept = [] } = body;
    if (migrationId !== undefined) await requireMigration(services.store, caller, 'act', migrationId);
    else if (caller.role !== 'admin') {
      throw new OctopusError('auth.forbidden', 'A schedule that is not for one migration is for administrators.');
    }
    if (sourceId !== undefined && !(await services.store.sources.find(sourceId))) throw notFound('source', sourceId, 'sourceId');
    const known = { kind, jobId: migrationId, sourceId, payload: payloadOf(kind, accept) };
    const schedule = await inWordsOfTheContract(
      services.scheduler.putSchedule({ ...known, timing: plain(timing), windows, jitterMs, priority, enabled }),
    );
    note({ subjectKind: 'schedule', subjectId: schedule.id });
    return shape(schedule);
  },
  'schedules.get': async ({ params }, { services }) => {
    const [known] = await withMachineNames(services, [shape(await find(services, params.id))]);
    return known as NonNullable<typeof known>;
  },
  'schedules.update': async ({ params, body }, { services, note }) => {
    const before = await find(services, params.id);
    const { timing, windows, jitterMs, priority, enabled, accept } = body;
    const after = await inWordsOfTheContract(
      services.scheduler.putSchedule({
        ...before,
        timing: timing === undefined ? before.timing : plain(timing),
        windows: windows ?? before.windows,
        jitterMs: jitterMs ?? before.jitterMs,
        priority: priority ?? before.priority,
        enabled: enabled ?? before.enabled,
        payload: accept === undefined ? before.payload : payloadOf(before.kind, accept),
      }),
    );
    note({ before: shape(before) });
    return shape(after);
  },
  'schedules.remove': async ({ params }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
    await services.scheduler.removeSchedule(params.id);
    return undefined;
  },
};

async function find({ store }: Services, id: string): Promise<Schedule> {
  const schedule = await store.schedules.find(id);
  if (!schedule) throw notFound('schedule', id);
  return schedule;
}

/** The scheduler's word for a migration is job. */
async function inWordsOfTheContract<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    if (!(error instanceof OctopusError) || error.field !== 'jobId') throw error;
    throw new OctopusError(error.code, error.message.replace('job', 'migration'), { field: 'migrationId', cause: error });
  });
}

function timingOf(query: {
  minutes?: number | undefined;
  startAt?: string | undefined;
  expression?: string | undefined;
  zone: string;
}): Timing | undefined {
  const { minutes, startAt, expression, zone } = query;
  if (expression === undefined) return minutes === undefined ? undefined : plain({ type: 'every', minutes, startAt });
  if (minutes === undefined) return { type: 'cron', expression, zone };
  throw new OctopusError('argument.invalid', 'Say either minutes or an expression.', { field: 'minutes' });
}

function windowsOf(text: string | undefined): QuietWindow[] {
  if (text === undefined) return [];
  try {
    return quietWindows.parse(JSON.parse(text));
  } catch (cause) {
    throw new OctopusError('argument.invalid', 'These are not quiet windows as a schedule has them.', { field: 'windows', cause });
  }
}

/** What its person took on stands with what the executor gets. */
function payloadOf(kind: Schedule['kind'], accept: readonly 'disks'[]): Schedule['payload'] {
  return kind === 'cutover' && accept.includes('disks') ? { [acceptsLeftOut]: true } : {};
}

function plain(timing: Timing | { type: 'every'; minutes: number; startAt?: string | undefined }): Timing {
  if (timing.type !== 'every' || timing.startAt !== undefined) return timing as Timing;
  return { type: 'every', minutes: timing.minutes };
}

function shape(schedule: Schedule) {
  const { id, kind, jobId, sourceId, timing, windows, jitterMs, priority, enabled, endedByCutover, nextAt, createdAt, payload } = schedule;
  // A check is never a schedule of its own.
  const accept: 'disks'[] | undefined = payload[acceptsLeftOut] === true ? ['disks'] : undefined;
  const known = kind as Exclude<Schedule['kind'], 'cutover-check'>;
  return {
    id,
    kind: known,
    migrationId: jobId,
    sourceId,
    timing,
    windows,
    jitterMs,
    priority,
    enabled,
    accept,
    endedByCutover,
    nextAt: nextAt === undefined ? undefined : beginsAt(windows, nextAt),
    createdAt,
  };
}
