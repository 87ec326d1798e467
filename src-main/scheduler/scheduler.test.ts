import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ErrorCode, OctopusError } from '../../workers/octopus-error.ts';
import { randomFrom } from '../../workers/testing/random-from.ts';
import type { Task } from '../domain/task.ts';
import { openStore, type Store } from '../store/store.ts';
import { createScheduler, type SchedulerEvent, type SchedulerParts } from './scheduler.ts';
import { countingIds, manualClock, runSchedule, withJobs } from './testing/fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = '2026-06-01T00:00:00.000Z'; // a Monday
let store: Store;
let clock: ReturnType<typeof manualClock>;
let started: Task[];
let events: SchedulerEvent[];
/** What the executor does next; ends at once unless set. */
let behave: (task: Task, signal: AbortSignal) => Promise<void>;

beforeEach(async () => {
  store = await openStore(':memory:');
  clock = manualClock(START);
  started = [];
  events = [];
  behave = async () => {};
  await withJobs(store, 8, 2);
});
afterEach(() => store.close());

function scheduler(more: Partial<SchedulerParts> = {}, name = 'a') {
  const work = async (task: Task, signal: AbortSignal) => {
    started.push(task);
    await behave(task, signal);
  };
  return createScheduler({
    store,
    clock,
    random: randomFrom(1),
    newId: countingIds(name),
    executors: { run: work, cutover: work, inventory: work, retention: work, verify: work },
    goNoGo: async () => ({ go: true }),
    onEvent: (event) => events.push(event),
    ...more,
  });
}
const untilAborted = (_task: Task, signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const failing =
  (code: ErrorCode, retryable = false) =>
  async () => {
    throw new OctopusError(code, 'No.', { retryable });
  };
const states = async () => (await store.tasks.list()).map((task) => task.state).sort();
const types = () => events.map((event) => event.type);

test('what a sleep missed is caught up once, then the grid goes on', async () => {
  const it = scheduler();
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 15 }));
  clock.advance(15 * MINUTE);
  await it.tick();
  await it.idle();
  clock.advance(10 * HOUR + 7 * MINUTE);
  await it.tick();
  await it.idle();
  expect(await it.tick()).toEqual({ started: 0, nextAt: new Date('2026-06-01T10:30:00Z') });
  clock.set('2026-06-01T10:30:00Z');
  await it.tick();
  await it.idle();
  expect(started).toHaveLength(3);
});

test('a quiet window holds its times back to its end, where they are one run', async () => {
  const it = scheduler();
  const windows = [{ zone: 'UTC', days: [1], from: '08:00', to: '18:00' }];
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 60 }, { windows }));
  const at: string[] = [];
  behave = async () => void at.push(clock.now().toISOString().slice(11, 16));
  for (let hour = 1; hour <= 19; hour++) {
    clock.advance(HOUR);
    await it.tick();
    await it.idle();
  }
  expect(at).toEqual(['01:00', '02:00', '03:00', '04:00', '05:00', '06:00', '07:00', '18:00', '19:00']);
});

test('jitter comes from the given randomness and stays within its bound', async () => {
  const it = scheduler({ random: () => 0.5 });
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 60 }, { jitterMs: 20 * MINUTE }));
  clock.advance(HOUR);
  expect(await it.tick()).toEqual({ started: 0, nextAt: new Date('2026-06-01T01:10:00Z') });
  clock.advance(10 * MINUTE);
  expect((await it.tick()).started).toBe(1);
});

test('limits of host, datastore, target and in all hold; one migration at a time; higher priority first', async () => {
  behave = untilAborted;
  const it = scheduler({ limits: { total: 5, perHost: 3, perDatastore: 2, perTarget: 4 } });
  for (const index of [0, 2, 4, 6, 1, 3]) await it.enqueue({ kind: 'run', jobId: `job-${index}` });
  await it.enqueue({ kind: 'run', jobId: 'job-1', priority: 90 });
  await it.enqueue({ kind: 'inventory', sourceId: 'source', priority: 80 });
  await it.enqueue({ kind: 'inventory', sourceId: 'source', priority: 80 });
  await it.tick();
  // Two a datastore (even and odd jobs have one each), one a lane, five in all.
  expect(started.map((task) => task.jobId ?? task.sourceId)).toEqual(['job-1', 'source', 'job-0', 'job-2', 'job-3']);
  expect((await it.tick()).started).toBe(0);
  await it.stop();
  expect((await store.tasks.countByState()).waiting).toBe(9);
});

test('a limit that is changed counts at the next look', async () => {
  behave = untilAborted;
  let total = 1;
  const it = scheduler({
    limits: {
      get total() {
        return total;
      },
    },
  });
  for (const index of [0, 1]) await it.enqueue({ kind: 'run', jobId: `job-${index}` });
  expect((await it.tick()).started).toBe(1);
  expect((await it.tick()).started).toBe(0);
  total = 2;
  expect((await it.tick()).started).toBe(1);
  await it.stop();
});

test('an error that may pass is repeated later and later, then dead; a dead task can be revived', async () => {
  const it = scheduler();
  behave = failing('source.unreachable', true);
  await it.enqueue({ kind: 'run', jobId: 'job-0' });
  const waits: number[] = [];
  for (let time = clock.now().getTime(); ; ) {
    await it.tick();
    await it.idle();
    const [task] = await it.list({ state: 'waiting' });
    if (!task) break;
    waits.push((Date.parse(task.dueAt) - time) / MINUTE);
    time = Date.parse(task.dueAt);
    clock.set(time);
  }
  expect(waits).toHaveLength(19);
  for (const [index, wait] of waits.entries()) expect(wait / Math.min(30, 2 ** index)).toSatisfy((n: number) => n >= 0.8 && n <= 1.2);
  const [dead] = await it.list({ state: 'dead' });
  expect(dead).toMatchObject({ attempts: 20, error: { code: 'source.unreachable', message: 'No.' } });
  behave = async () => {};
  await it.revive(dead!.id);
  await it.tick();
  await it.idle();
  expect(await states()).toEqual(['done']);
  await expect(it.revive(dead!.id)).rejects.toMatchObject({ code: 'not.found' });
});

test('an error that cannot pass fails at once, and the next planned time is tried all the same', async () => {
  const it = scheduler();
  behave = failing('source.denied');
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 60 }));
  for (let hour = 0; hour < 2; hour++) {
    clock.advance(HOUR);
    await it.tick();
    await it.idle();
  }
  expect(await states()).toEqual(['failed', 'failed']);
});

test('a crashed process frees its tasks when the lease ends; what it does later changes nothing', async () => {
  const crashed = scheduler({}, 'a');
  let finishLate = () => {};
  behave = () => new Promise((resolve) => (finishLate = resolve));
  const { id } = await crashed.enqueue({ kind: 'run', jobId: 'job-0' });
  await crashed.tick();
  behave = failing('source.denied');
  const other = scheduler({}, 'b');
  clock.advance(59_000);
  expect((await other.tick()).started).toBe(0);
  clock.advance(1_000);
  expect((await other.tick()).started).toBe(1);
  await other.idle();
  finishLate();
  await crashed.idle();
  expect(await store.tasks.find(id)).toMatchObject({ state: 'failed', token: 2, attempts: 2 });
  expect(types()).toContain('task.freed');
  expect(types()).toContain('task.lost');
});

test('a process that only slept keeps its leases; one that lost them is aborted', async () => {
  behave = untilAborted;
  const it = scheduler();
  await it.enqueue({ kind: 'run', jobId: 'job-0' });
  await it.tick();
  clock.advance(8 * HOUR);
  await it.tick();
  expect(started).toHaveLength(1);
  clock.advance(8 * HOUR);
  const other = scheduler({}, 'b');
  await other.tick();
  expect(started).toHaveLength(2);
  await it.tick();
  await it.idle();
  expect(types().filter((type) => type === 'task.lost')).toHaveLength(1);
  await other.stop();
});

test('alone, it takes up at once what an earlier process had; a task that takes processes down is dead in the end', async () => {
  behave = () => new Promise(() => {});
  const { id } = await scheduler().enqueue({ kind: 'run', jobId: 'job-0' });
  for (let life = 1; life <= 5; life++) expect((await scheduler({ alone: true }, `life-${life}`).tick()).started).toBe(1);
  expect((await scheduler({ alone: true }, 'last').tick()).started).toBe(0);
  expect(await store.tasks.find(id)).toMatchObject({ state: 'dead', attempts: 5 });
});

test('a cancelled task ends, waiting or leased, here or by another process', async () => {
  const it = scheduler();
  const waiting = await it.enqueue({ kind: 'run', jobId: 'job-0', dueAt: new Date('2027-01-01') });
  expect(await it.cancel(waiting.id)).toMatchObject({ state: 'cancelled' });
  await expect(it.cancel(waiting.id)).rejects.toMatchObject({ code: 'job.state' });
  await expect(it.cancel('none')).rejects.toMatchObject({ code: 'not.found' });
  behave = untilAborted;
  const here = await it.enqueue({ kind: 'run', jobId: 'job-1' });
  const there = await it.enqueue({ kind: 'run', jobId: 'job-2' });
  await it.tick();
  await it.cancel(here.id);
  await scheduler({}, 'b').cancel(there.id);
  await it.tick();
  await it.idle();
  expect(await states()).toEqual(['cancelled', 'cancelled', 'cancelled']);
});

test('paused, it plans but starts nothing, also after a restart', async () => {
  const it = scheduler();
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 60 }));
  await it.pause();
  clock.advance(5 * HOUR);
  expect((await it.tick()).started).toBe(0);
  const next = scheduler({}, 'b');
  clock.advance(5 * HOUR);
  expect((await next.tick()).started).toBe(0);
  await next.resume();
  expect((await next.tick()).started).toBe(1);
  await next.idle();
  expect(await states()).toEqual(['done']);
});

test('started, it ticks by itself; drained, it lets work end with its heartbeats; stopped, work waits for the next start', async () => {
  let release = () => {};
  behave = () => new Promise((resolve) => (release = resolve));
  const it = scheduler();
  it.start();
  const first = await it.enqueue({ kind: 'run', jobId: 'job-0' });
  await expect.poll(() => started.length).toBe(1);
  const drained = it.stop({ drain: true });
  const second = await it.enqueue({ kind: 'run', jobId: 'job-1' });
  for (let step = 0; step < 6; step++) {
    clock.advance(20_000);
    await expect
      .poll(async () => (await store.tasks.find(first.id))?.leaseUntil)
      .toBe(new Date(clock.now().getTime() + 60_000).toISOString());
  }
  release();
  await drained;
  expect(await store.tasks.find(first.id)).toMatchObject({ state: 'done' });
  expect(await store.tasks.find(second.id)).toMatchObject({ state: 'waiting' });
  behave = untilAborted;
  it.start();
  await expect.poll(() => started.length).toBe(2);
  await it.stop();
  expect(await store.tasks.find(second.id)).toMatchObject({ state: 'waiting', attempts: 0, error: undefined });
});

test('a clock that goes back repeats no planned time and keeps nothing waiting', async () => {
  const it = scheduler();
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 15 }));
  const hour = async () => {
    for (let quarter = 0; quarter < 4; quarter++) {
      clock.advance(15 * MINUTE);
      await it.tick();
      await it.idle();
    }
  };
  await hour();
  expect(started).toHaveLength(4);
  clock.advance(-HOUR);
  await hour();
  expect(started).toHaveLength(4);
  await hour();
  expect(started).toHaveLength(8);
  // The battery of the clock was empty: a year ahead, one run is caught up; back again, today's times go on.
  clock.advance(365 * 24 * HOUR);
  await it.tick();
  await it.idle();
  expect(started).toHaveLength(9);
  clock.advance(-365 * 24 * HOUR);
  await it.tick();
  await it.idle();
  await hour();
  // The first of them is what the year's one run was for.
  expect(started).toHaveLength(12);
  expect(new Set(started.map((task) => task.plannedAt)).size).toBe(12);
  expect(types()).toContain('clock.back');
});

test('a lease or retry from a clock that was ahead holds nothing up for long', async () => {
  clock.advance(1000 * HOUR);
  behave = () => new Promise(() => {});
  const crashed = scheduler();
  await crashed.enqueue({ kind: 'run', jobId: 'job-0' });
  await crashed.tick();
  clock.advance(-1000 * HOUR);
  const it = scheduler({}, 'b');
  behave = async () => {};
  await it.tick();
  clock.advance(MINUTE);
  expect((await it.tick()).started).toBe(1);
  await it.idle();
});

const cutover = { type: 'once', at: '2026-06-01T20:00:00Z', checkLeadMs: 15 * MINUTE, graceMs: 10 * MINUTE } as const;

test('a cutover is asked go or no-go ahead and right before, and ends the schedules of its job', async () => {
  const asked: string[] = [];
  const it = scheduler({
    goNoGo: async (task) => {
      asked.push(`${task.kind} ${clock.now().toISOString().slice(11, 16)}`);
      return { go: true };
    },
  });
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 60 }, { id: 'runs' }));
  await it.putSchedule(runSchedule('job-0', cutover, { kind: 'cutover', priority: 100, id: 'cutover' }));
  for (const time of ['19:44', '19:45', '19:59', '20:00']) {
    clock.set(`2026-06-01T${time}:00Z`);
    while ((await it.tick()).started > 0) await it.idle();
  }
  expect(asked).toEqual(['cutover-check 19:45', 'cutover 20:00']);
  expect(started.filter((task) => task.kind === 'cutover')).toHaveLength(1);
  const after = () => it.schedules({ jobId: 'job-0' });
  expect((await after()).map(({ enabled, endedByCutover }) => [enabled, endedByCutover])).toEqual([
    [false, true],
    [false, true],
  ]);
  // One that a person switched off before is not the cutover's, nor one that is on again.
  const [runs] = await after();
  await it.putSchedule({ ...runs!, enabled: true });
  await it.putSchedule({ ...(await after())[0]!, enabled: false });
  expect((await after())[0]).not.toHaveProperty('endedByCutover');
});

test('a no-go and a cutover that was slept through are refused with their reason', async () => {
  const it = scheduler({ goNoGo: async (task) => (task.jobId === 'job-0' ? { go: false, reason: 'The last run failed.' } : { go: true }) });
  await it.putSchedule(runSchedule('job-0', cutover, { kind: 'cutover' }));
  clock.set(cutover.at);
  await it.tick();
  await it.idle();
  await it.putSchedule(runSchedule('job-1', { ...cutover, at: '2026-06-01T21:00:00Z' }, { kind: 'cutover' }));
  clock.set('2026-06-01T21:10:01Z');
  await it.tick();
  await it.idle();
  expect(started).toEqual([]);
  const failed = await it.list({ state: 'failed' });
  expect(failed.map((task) => task.error?.code)).toEqual(['job.state', 'job.state']);
  expect(failed.map((task) => task.error?.message).join()).toMatch(
    /could not begin within 10 min of its planned time\. Plan it again\..*no-go: The last run failed\./,
  );
});

test('a schedule is checked, replaced under its id and removed with what waits', async () => {
  const it = scheduler();
  await expect(it.putSchedule(runSchedule('job-0', cutover))).rejects.toMatchObject({ field: 'timing.checkLeadMs' });
  const every = { type: 'every', minutes: 10 } as const;
  await expect(it.putSchedule(runSchedule('job-0', every, { jitterMs: HOUR }))).rejects.toMatchObject({ field: 'jitterMs' });
  await expect(it.putSchedule(runSchedule('job-0', every, { kind: 'inventory' }))).rejects.toMatchObject({ field: 'sourceId' });
  await expect(it.putSchedule(runSchedule('job-0', every, { kind: 'cutover' }))).rejects.toMatchObject({ field: 'timing' });
  await expect(it.putSchedule(runSchedule('none', every))).rejects.toMatchObject({ code: 'not.found' });
  await expect(it.enqueue({ kind: 'inventory', sourceId: 'none' })).rejects.toMatchObject({ code: 'not.found' });
  const { id, nextAt } = await it.putSchedule(runSchedule('job-0', every));
  clock.advance(5 * MINUTE);
  expect((await it.putSchedule(runSchedule('job-0', every, { id, priority: 3 }))).nextAt).toBe(nextAt);
  await it.pause();
  clock.advance(HOUR);
  await it.tick();
  expect(await states()).toEqual(['waiting']);
  await it.removeSchedule(id);
  expect(await states()).toEqual(['cancelled']);
  await expect(it.removeSchedule(id)).rejects.toMatchObject({ code: 'not.found' });
});

test('a listener that throws stops nothing', async () => {
  const it = scheduler({
    onEvent() {
      throw new Error('listener');
    },
  });
  await it.enqueue({ kind: 'run', jobId: 'job-0' });
  await it.enqueue({ kind: 'retention' });
  await it.tick();
  await it.idle();
  expect(await states()).toEqual(['done', 'done']);
});

test('a thousand tasks that wait for one busy migration keep no other from starting', async () => {
  behave = untilAborted;
  const it = scheduler();
  await it.enqueue({ kind: 'run', jobId: 'job-0' });
  await it.tick();
  for (let index = 0; index < 1000; index++) await it.enqueue({ kind: 'run', jobId: 'job-0', priority: 60 + (index % 7) });
  await it.enqueue({ kind: 'run', jobId: 'job-1', priority: 1 });
  expect((await it.tick()).started).toBe(1);
  expect(started.map((task) => task.jobId)).toEqual(['job-0', 'job-1']);
  await it.stop();
});

test('what ended a month ago is forgotten, but what is dead stays', async () => {
  const it = scheduler();
  behave = failing('source.denied');
  await it.enqueue({ kind: 'run', jobId: 'job-0' });
  await it.tick();
  await it.idle();
  clock.advance(31 * 24 * HOUR);
  await it.tick();
  expect(await states()).toEqual([]);
});

test('what an earlier process was in the midst of goes on while paused, in a quiet window, and after its latest start', async () => {
  const begun = new Set<string>();
  const it = scheduler({ begun, goNoGo: async () => ({ go: false, reason: 'It is begun already.' }) });
  const windows = [{ zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59' }];
  await it.putSchedule(runSchedule('job-0', { type: 'every', minutes: 15 }, { windows }));
  const late = { latestStart: '2026-06-01T00:15:00.000Z' };
  const cutover = await it.enqueue({ kind: 'cutover', jobId: 'job-1', payload: late });
  const other = await it.enqueue({ kind: 'run', jobId: 'job-2' });
  await it.pause();
  clock.advance(15 * MINUTE);
  expect(await it.tick()).toMatchObject({ started: 0 });
  const [planned] = await it.list({ jobId: 'job-0' });
  begun.add(planned!.id).add(cutover.id);
  clock.advance(MINUTE);
  await store.tasks.hasten(planned!.id, 95, clock.now().toISOString());
  expect(await it.tick()).toMatchObject({ started: 2 });
  await it.idle();
  expect(started.map(({ id }) => id).sort()).toEqual([planned!.id, cutover.id].sort());
  expect(await it.list({ jobId: 'job-2' })).toMatchObject([{ id: other.id, state: 'waiting' }]);
});
