import type { scheduleRoutes } from '../../../src-preload/contract/routes/schedules.ts';
import { quietUntil } from '../../domain/quiet-until.ts';
import type { Task } from '../../domain/task.ts';
import { latestStartOf, machineOf } from '../../scheduler/too-late.ts';
import type { TaskFilter } from '../../store/repositories/scheduled-tasks.ts';
import { pageOf, readCursor } from '../cursor.ts';
import type { HandlersOf } from '../handler.ts';
import { withMachineNames } from '../machine-names.ts';
import { notFound, requireKind, requireMigration, visibleMigrations } from '../ownership.ts';
import type { Services } from '../services.ts';

/** Tasks that are read at a time while those of others are passed over. */
const STEP = 1000;

type Tasks = Pick<typeof scheduleRoutes, 'tasks.list' | 'tasks.get' | 'tasks.retry' | 'tasks.cancel' | 'scheduler.get' | 'scheduler.set'>;

export const taskHandlers: HandlersOf<Tasks> = {
  'tasks.list': async ({ query }, { services, caller }) => {
    const { state, migrationId, scheduleId, limit, cursor } = query;
    if (migrationId !== undefined) await requireMigration(services.store, caller, 'see', migrationId);
    if (scheduleId !== undefined) await requireKind(services.store, caller, 'see', 'schedule', scheduleId);
    const after = readCursor(cursor, ['string', 'string']);
    const filter: TaskFilter = { limit: limit + 1 };
    if (state !== undefined) filter.state = state === 'running' ? 'leased' : state;
    if (migrationId !== undefined) filter.jobId = migrationId;
    if (scheduleId !== undefined) filter.scheduleId = scheduleId;
    if (after) filter.before = { createdAt: after[0], id: after[1] };
    const found = await visibleTasks(services, filter, await visibleMigrations(services.store, caller));
    const { items, next } = pageOf(found, limit, (last) => [last.createdAt, last.id]);
    return { items: await shown(services, items), next };
  },
  'tasks.get': async ({ params }, { services }) => {
    const found = await find(services, params.id);
    const [task] = await shown(services, [found]);
    return { ...(task as NonNullable<typeof task>), targetName: await targetNameOf(services, found) };
  },
  'tasks.retry': async ({ params }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
    return shape(await services.scheduler.revive(params.id));
  },
  'tasks.cancel': async ({ params }, { services, note }) => {
    note({ before: shape(await find(services, params.id)) });
    return shape(await services.scheduler.cancel(params.id));
  },
  'scheduler.get': (_input, { services }) => overview(services),
  'scheduler.set': async ({ body }, { services, note }) => {
    note({ before: { state: (await services.scheduler.isPaused()) ? 'paused' : 'running' }, after: { state: body.state } });
    await (body.state === 'paused' ? services.scheduler.pause() : services.scheduler.resume());
    return overview(services);
  },
};

/** As many as the filter's limit, if there are so many that may be seen. */
async function visibleTasks({ store }: Services, filter: TaskFilter, visible: Set<string> | undefined): Promise<Task[]> {
  if (!visible) return store.tasks.list(filter);
  const { limit = 0 } = filter;
  const found: Task[] = [];
  let before = filter.before;
  while (visible.size > 0 && found.length < limit) {
    const some = await store.tasks.list({ ...filter, limit: STEP, ...(before ? { before } : {}) });
    found.push(...some.filter(({ jobId }) => jobId !== undefined && visible.has(jobId)));
    before = some.at(-1);
    if (some.length < STEP) break;
  }
  return found.slice(0, limit);
}

/** With what is told where tasks are read. */
async function shown(services: Services, tasks: Task[]) {
  return withMachineNames(services, await withQuiet(services, await withTurns(services, tasks)));
}

/** Migrations of one machine are told apart by it. */
async function targetNameOf({ store }: Services, { jobId }: Task): Promise<string | undefined> {
  const job = jobId === undefined ? undefined : await store.jobs.find(jobId);
  return job && (await store.targets.find(job.targetEnvironmentId))?.name;
}

/** Which task those that wait for the same machine are waiting for. */
async function withTurns({ store }: Services, tasks: Task[]) {
  const shaped = tasks.map(shape);
  if (!tasks.some((task) => task.state === 'waiting' && machineOf(task) !== undefined)) return shaped;
  const working = new Map((await store.tasks.list({ state: 'leased', limit: -1 })).map((task) => [machineOf(task), task.id]));
  return shaped.map((task, index) => {
    const machine = task.state === 'waiting' ? machineOf(tasks[index]!) : undefined;
    const waitsFor = machine && working.get(machine);
    return waitsFor === undefined ? task : { ...task, waitsFor };
  });
}

/** Until when those that wait are kept waiting by a quiet window. */
async function withQuiet({ store, now }: Services, tasks: ReturnType<typeof shape>[]) {
  const waiting = new Set(tasks.flatMap(({ state, scheduleId }) => (state === 'waiting' && scheduleId !== undefined ? [scheduleId] : [])));
  if (waiting.size === 0) return tasks;
  const until = new Map<string, string>();
  for (const { id, windows } of await store.schedules.list()) {
    const end = waiting.has(id) && windows.length > 0 ? quietUntil(windows, now()) : undefined;
    if (end) until.set(id, end.toISOString());
  }
  return tasks.map((task) => {
    const end = task.state === 'waiting' ? until.get(task.scheduleId ?? '') : undefined;
    // Another try may be due only after the window.
    return end === undefined || task.dueAt > end ? task : { ...task, quietUntil: end };
  });
}

async function overview({ scheduler, store }: Services) {
  const { waiting, leased, failed, dead } = await store.tasks.countByState();
  const pausedBy = await scheduler.pausedBy();
  return { state: pausedBy ? ('paused' as const) : ('running' as const), pausedBy, waiting, running: leased, failed, dead };
}

async function find({ store }: Services, id: string): Promise<Task> {
  const task = await store.tasks.find(id);
  if (!task) throw notFound('task', id);
  return task;
}

function shape(task: Task) {
  const { id, kind, state, scheduleId, jobId, sourceId, priority, attempts, dueAt, createdAt, startedAt, endedAt, error } = task;
  const { heldBy } = task.payload;
  const known = state === 'leased' ? ('running' as const) : state;
  return {
    id,
    kind,
    state: known,
    scheduleId,
    migrationId: jobId,
    sourceId,
    priority,
    attempts,
    dueAt,
    latestStart: latestStartOf(task),
    heldBy: typeof heldBy === 'string' ? heldBy : undefined,
    createdAt,
    startedAt,
    endedAt,
    error,
  };
}
