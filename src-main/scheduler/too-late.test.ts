import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomFrom } from '../../workers/testing/random-from.ts';
import type { Task } from '../domain/task.ts';
import { openStore, type Store } from '../store/store.ts';
import { createScheduler, type SchedulerEvent, type SchedulerParts } from './scheduler.ts';
import { countingIds, manualClock, runSchedule, withJobs } from './testing/fixtures.ts';

const MINUTE = 60_000;
const latestStart = '2026-06-01T01:00:00.000Z';
let store: Store;
let clock: ReturnType<typeof manualClock>;
let events: SchedulerEvent[];

beforeEach(async () => {
  store = await openStore(':memory:');
  clock = manualClock('2026-06-01T00:00:00.000Z');
  events = [];
  await withJobs(store, 2, 1);
  // Both jobs are migrations of one machine.
  const keysOfJobs = store.tasks.keysOfJobs;
  store.tasks.keysOfJobs = async (ids) => new Map([...(await keysOfJobs(ids))].map(([id]) => [id, ['machine:db']]));
});
afterEach(() => store.close());

/** Copies go on until they are aborted. */
function scheduler(more: Partial<SchedulerParts> = {}) {
  const work = (_task: Task, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  return createScheduler({
    store,
    clock,
    random: randomFrom(1),
    newId: countingIds('a'),
    executors: { run: work, cutover: work, inventory: work, retention: work, verify: work },
    goNoGo: async () => ({ go: true }),
    onEvent: (event) => events.push(event),
    ...more,
  });
}
const refusals = () => events.filter((event) => event.type === 'task.failed');

test('a cutover that waits for another migration of its machine is refused at its latest start, not when that has ended', async () => {
  const it = scheduler();
  const run = await it.enqueue({ kind: 'run', jobId: 'job-1' });
  await it.tick();
  const cutover = await it.enqueue({ kind: 'cutover', jobId: 'job-0', payload: { latestStart } });
  // It looks again right after the latest start.
  expect(await it.tick()).toEqual({ started: 0, nextAt: new Date(Date.parse(latestStart) + 1) });
  clock.set(latestStart);
  await it.tick();
  expect(await store.tasks.find(cutover.id)).toMatchObject({ state: 'waiting' });
  clock.advance(1);
  await it.tick();
  const message =
    'The cutover could not begin within 1 h of being asked for: another migration of the same machine went on. Plan it again.';
  const at = clock.now().toISOString();
  expect(await store.tasks.find(cutover.id)).toMatchObject({
    ...{ state: 'failed', endedAt: at, attempts: 0, startedAt: undefined, error: { code: 'job.state', message } },
    payload: { latestStart, heldBy: run.id },
  });
  expect(refusals()).toMatchObject([{ task: { id: cutover.id }, error: { message }, refused: true }]);
  await it.stop();
});

test('a planned one, too, also while all is paused or a quiet window goes on', async () => {
  const it = scheduler();
  const windows = [{ zone: 'UTC', days: [1], from: '00:00', to: '18:00' }];
  const timing = { type: 'once', at: '2026-06-01T00:10:00.000Z', checkLeadMs: 0, graceMs: 10 * MINUTE } as const;
  await it.putSchedule(runSchedule('job-0', timing, { kind: 'cutover', windows }));
  const asked = await it.enqueue({ kind: 'cutover', jobId: 'job-1', payload: { latestStart }, dueAt: new Date(latestStart) });
  clock.set(timing.at);
  await it.tick();
  await it.pause();
  clock.advance(10 * MINUTE + 1);
  await it.tick();
  clock.set('2026-06-01T01:00:00.001Z');
  await it.tick();
  expect((await it.list({ state: 'failed' })).map(({ id, error }) => [id === asked.id, error?.message]).sort()).toEqual([
    [false, 'The cutover could not begin within 10 min of its planned time. Plan it again.'],
    [true, 'The cutover could not begin within 1 h of being asked for. Plan it again.'],
  ]);
});

test('work of its own migration is told apart, and one that an earlier process began is left to go on', async () => {
  const begun = new Set<string>();
  const it = scheduler({ begun });
  await it.enqueue({ kind: 'verify', jobId: 'job-0' });
  await it.tick();
  const cutover = await it.enqueue({ kind: 'cutover', jobId: 'job-0', payload: { latestStart } });
  clock.set('2026-06-01T02:00:00.000Z');
  begun.add(cutover.id);
  await it.tick();
  expect(refusals()).toEqual([]);
  begun.clear();
  await it.tick();
  expect(refusals()).toMatchObject([{ error: { message: expect.stringContaining(': other work of this migration went on.') } }]);
  await it.stop();
});

test('a no-go is told as refused, what failed as it went on is not', async () => {
  const failing = async () => {
    throw new Error('No.');
  };
  const it = scheduler({
    goNoGo: async ({ jobId }) => (jobId === 'job-0' ? { go: false, reason: 'The last run failed.' } : { go: true }),
    executors: { run: failing, cutover: failing, inventory: failing, retention: failing, verify: failing },
  });
  for (const jobId of ['job-0', 'job-1']) {
    await it.enqueue({ kind: 'cutover', jobId });
    await it.tick();
    await it.idle();
  }
  expect(refusals().map((event) => [event.task.jobId, 'refused' in event])).toEqual([
    ['job-0', true],
    ['job-1', false],
  ]);
});
