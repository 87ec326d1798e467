import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cutover } from '../domain/cutover.ts';
import type { Run } from '../domain/run.ts';
import type { Schedule } from '../domain/schedule.ts';
import { newTask } from '../scheduler/plan.ts';
import { openStore, type Store } from '../store/store.ts';
import { pointDisk } from '../store/testing/point-disk.ts';
import { overviewOf } from './overview.ts';
import { inventoryOf, runOf } from './testing/facts.ts';

const now = new Date('2026-03-10T12:00:00.000Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
let store: Store;

beforeEach(async () => {
  store = await openStore(':memory:');
  await store.sources.put({
    ...{ id: 's', kind: 'vsphere', name: 's', url: 'https://s/sdk', username: 'u', thumbprint: '', instanceUuid: 's', createdAt: ago(99) },
  } as Parameters<Store['sources']['put']>[0]);
  await store.targets.put({ id: 't', kind: 'local', name: 't', location: '/t', settings: {}, createdAt: ago(99) });
});
afterEach(() => store.close());

async function migration(
  id: string,
  facts: { run?: Partial<Run>; pointAt?: string; everyMinutes?: number; windows?: Schedule['windows'] },
) {
  await store.machines.put({ id, sourceEnvironmentId: 's', inventory: inventoryOf(id), seenAt: ago(1) });
  await store.jobs.put({
    ...{ id, machineId: id, targetEnvironmentId: 't', state: 'active', createdAt: ago(96) },
    settings: { keep: 3, verify: 'written', quiesce: false },
  });
  if (facts.run) await store.runs.add({ ...runOf(`run-${id}`, id), ...facts.run });
  const { pointAt, everyMinutes } = facts;
  if (pointAt) {
    const point = { id: `point-${id}`, runId: `run-${id}`, kind: 'full', takenAt: pointAt, verified: 'all' } as const;
    await store.recoveryPoints.add(id, { ...point, doubts: [], disks: [pointDisk] }, pointAt);
  }
  if (everyMinutes !== undefined) {
    await store.schedules.put({
      ...{ id: `schedule-${id}`, kind: 'run', jobId: id, sourceId: undefined, windows: facts.windows ?? [], jitterMs: 0, priority: 10 },
      ...{ timing: { type: 'every', minutes: everyMinutes }, payload: {}, enabled: true, nextAt: ago(-1), createdAt: ago(96) },
    });
  }
}

test('what is protected, behind, failed or forgotten, the most urgent first', async () => {
  await migration('fine', { run: { startedAt: ago(2), endedAt: ago(1) }, pointAt: ago(2), everyMinutes: 120 });
  await migration('late', { run: { startedAt: ago(9), endedAt: ago(9) }, pointAt: ago(9), everyMinutes: 60 });
  // It waits for the end of its quiet window.
  const window = { zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '11:30' };
  await migration('quiet', { run: { startedAt: ago(9), endedAt: ago(9) }, pointAt: ago(9), everyMinutes: 60, windows: [window] });
  await migration('never', { everyMinutes: 60 });
  await migration('broken', { run: { startedAt: ago(3), endedAt: ago(3), state: 'failed', error: { code: 'x', message: 'It broke.' } } });
  await migration('busy', { run: { startedAt: ago(0.1), endedAt: undefined, state: 'running' } });
  await migration('resting', { run: { startedAt: ago(90), endedAt: ago(90) }, pointAt: ago(90), everyMinutes: 60 });
  await store.jobs.setPaused('resting', true);
  await migration('moved', { run: { startedAt: ago(5), endedAt: ago(5) }, pointAt: ago(5) });
  await store.jobs.setState('moved', 'cut-over');
  await migration('wrong', { run: { startedAt: ago(1), endedAt: ago(1) }, pointAt: ago(1), everyMinutes: 120 });
  await store.recoveryPoints.setReread('point-wrong', ago(0.5), 'Disk 1 differs.');
  await store.machines.put({ id: 'bare', sourceEnvironmentId: 's', inventory: inventoryOf('bare'), seenAt: ago(1) });

  const { counts, attention, moved, nextRuns } = await overviewOf(store, undefined, now);
  expect(counts).toEqual({
    ...{
      migrations: 9,
      protected: 3,
      withoutPoint: 1,
      behind: 2,
      failed: 2,
      running: 1,
      paused: 1,
      cutOver: 1,
      machines: 10,
      unprotected: 1,
    },
  });
  expect(attention.map(({ kind, migrationId }) => `${kind} ${migrationId}`)).toEqual([
    'mismatch wrong',
    'run-failed broken',
    'behind never',
    'behind late',
    'unscheduled broken',
    'unscheduled busy',
  ]);
  expect(attention[3]).toMatchObject({ since: ago(8), machineName: 'late' });
  expect(moved.days).toHaveLength(30);
  expect(moved.days.at(-1)).toMatchObject({ day: '2026-03-10' });
  expect(moved).toMatchObject({ read: 70, sent: 28, zero: 21, unchanged: 21 });
  expect(nextRuns.map(({ migrationId }) => migrationId).sort()).toEqual(['fine', 'late', 'never', 'quiet', 'wrong']);

  const mine = await overviewOf(store, new Set(['late']), now);
  expect(mine.counts).toMatchObject({ migrations: 1, behind: 1, protected: 0 });
  expect(mine.attention).toHaveLength(1);
  expect(mine.moved.sent).toBe(4);
  await store.schedules.setPaused(true);
  expect((await overviewOf(store, new Set(), now)).attention).toMatchObject([{ kind: 'schedules-paused' }]);
});

test('work that failed before a run of it came to be is told of until work ends well', async () => {
  await migration('web', { run: { startedAt: ago(5), endedAt: ago(5), state: 'cancelled' }, everyMinutes: 60 });
  let hour = 4;
  const ended = async (kind: 'run' | 'cutover' | 'verify', state: 'done' | 'failed', message = '') => {
    const at = ago(hour--);
    const task = newTask(
      { kind, jobId: 'web', priority: 1, payload: {} },
      { id: `task-${hour}`, now: new Date(at), jobId: 'web', sourceId: undefined },
    );
    await store.tasks.add([task]);
    const [leased] = await store.tasks.claim({ now: at, owner: 'o', until: ago(0) }, () => () => 'take');
    const error = state === 'done' ? {} : { error: { code: 'source.unreachable', message } };
    await store.tasks.settle(task.id, leased!.token, { state, now: at, ...error });
  };
  const told = async () => {
    const { counts, attention } = await overviewOf(store, undefined, now);
    const failing = (await store.jobs.page({ only: 'failed', limit: 9 } as never)).length;
    return [counts.failed, failing, ...attention.filter(({ kind }) => kind !== 'behind').map(({ kind, text }) => `${kind}: ${text}`)];
  };
  await ended('run', 'failed', 'It does not answer.');
  expect(await told()).toEqual([1, 1, 'run-failed: The last run of web failed: It does not answer.']);
  expect((await store.tasks.lastFailures(['web'])).get('web')).toMatchObject({
    code: 'source.unreachable',
    message: 'It does not answer.',
    at: ago(4),
  });
  await ended('run', 'done');
  expect([await told(), (await store.tasks.lastFailures(['web'])).get('web')]).toEqual([[0, 0], undefined]);
  await ended('cutover', 'failed', 'No-go.');
  expect(await told()).toEqual([1, 1, 'cutover-failed: The cutover of web failed: No-go.']);
  await ended('run', 'done');
  await ended('verify', 'failed', 'Gone.');
  expect((await overviewOf(store, undefined, now)).attention.at(-1)).toMatchObject({ kind: 'task-dead', taskId: `task-${hour}` });
  expect(await told()).toEqual([0, 1, 'task-dead: The last verification of web failed: Gone.']);
  await ended('verify', 'done');
  expect(await told()).toEqual([0, 0]);
});

test('a next run that falls into a quiet window is told for its end', async () => {
  const window = { zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '23:00' };
  await migration('quiet', { everyMinutes: 15, windows: [window] });
  await migration('free', { everyMinutes: 15 });
  const { nextRuns } = await overviewOf(store, undefined, now);
  expect(nextRuns.map(({ migrationId, at }) => `${migrationId} ${at}`)).toEqual([
    'free 2026-03-10T13:00:00.000Z',
    'quiet 2026-03-10T23:00:00.000Z',
  ]);
  // Ten are told of: though it is planned no later than they are, it begins after them.
  const more = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8', 'q9'];
  for (const id of more.toReversed()) await migration(id, { everyMinutes: 15 });
  const soonest = (await overviewOf(store, undefined, now)).nextRuns.map(({ migrationId }) => migrationId);
  expect(soonest).toEqual(['free', ...more.slice(0, 9)]);
});

test('the sums of the days follow runs that begin, end, change and go', async () => {
  const moved = async (visible?: Set<string>) => {
    const { runs, sent, days } = (await overviewOf(store, visible, now)).moved;
    return { runs, sent, failed: days.reduce((sum, day) => sum + day.failed, 0) };
  };
  await migration('a', { run: { startedAt: ago(3), endedAt: undefined, state: 'running' } });
  expect(await moved()).toEqual({ runs: 0, sent: 0, failed: 0 });
  const begun = runOf('run-a', 'a');
  const run = { ...begun, startedAt: ago(3), counts: { ...begun.counts, read: 9, sent: 8 } };
  await store.runs.save({ ...run, state: 'failed', error: { code: 'internal.unexpected', message: 'It broke.' }, endedAt: ago(2) });
  expect(await moved()).toEqual({ runs: 1, sent: 8, failed: 1 });
  await store.runs.save({ ...run, state: 'succeeded', error: undefined, endedAt: ago(26), counts: { ...run.counts, sent: 5 } });
  await migration('b', { run: { startedAt: ago(2), endedAt: ago(1) } });
  expect(await moved()).toEqual({ runs: 2, sent: 9, failed: 0 });
  expect(await moved(new Set(['a']))).toEqual({ runs: 1, sent: 5, failed: 0 });
  await store.jobs.remove('a');
  expect(await moved()).toEqual({ runs: 1, sent: 4, failed: 0 });
});

test('a source and a target that do not answer are told of once, with what they said, until they answer again', async () => {
  const told = async (visible?: Set<string>) => (await overviewOf(store, visible, now)).attention;
  const dead = async (id: string, endedAt: string, sourceId?: string) => {
    const task = newTask({ kind: 'inventory', priority: 1, payload: {} }, { id, now: new Date(endedAt), jobId: undefined, sourceId });
    await store.tasks.add([task]);
    const [leased] = await store.tasks.claim({ now: endedAt, owner: 'o', until: ago(0) }, () => () => 'take');
    const error = { code: 'source.unreachable', message: 'Nobody answers.' };
    await store.tasks.settle(id, leased!.token, { state: 'dead', now: endedAt, error });
  };
  await dead('task-1', ago(8), 's');
  expect(await told()).toMatchObject([{ kind: 'task-dead', taskId: 'task-1', sourceId: 's' }]);
  await store.contacts.failed('s', ago(7), { code: 'source.unreachable', message: 'Nobody answers.' });
  await store.contacts.failed('t', ago(6), { code: 'target.unreachable', message: '/t is not there.' });
  await dead('task-2', ago(5));
  const known = [
    { kind: 'source-failed', sourceId: 's', environmentName: 's', text: 's cannot be read: Nobody answers.', since: ago(7) },
    { kind: 'target-failed', targetId: 't', environmentName: 't', text: expect.stringContaining('/t is not there.'), since: ago(6) },
  ];
  expect(await told()).toEqual(known);
  // Sources and targets are everybody's to see.
  expect(await told(new Set())).toEqual(known);
  await store.contacts.answered('s', ago(1));
  await store.contacts.answered('t', ago(1));
  expect(await told()).toEqual([]);
  await dead('task-3', ago(0.5));
  expect(await told()).toMatchObject([{ kind: 'task-dead', taskId: 'task-3' }]);
});

test('what was never replicated is counted, and without a schedule said to be unprotected', async () => {
  await migration('forgotten', {});
  await migration('planned', { everyMinutes: 60 * 24 * 30 });
  const { counts, attention } = await overviewOf(store, undefined, now);
  expect(counts).toMatchObject({ migrations: 2, protected: 0, withoutPoint: 2, behind: 0, failed: 0 });
  expect(attention.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    expect.stringMatching(/^unscheduled: forgotten is not protected/),
  ]);
});

test('a schedule that a cutover ended is said to be off after the rollback, not to be missing', async () => {
  await migration('back', { run: { startedAt: ago(5), endedAt: ago(5) }, pointAt: ago(5), everyMinutes: 60 });
  const [schedule] = await store.schedules.list();
  await store.schedules.put({ ...schedule!, enabled: false, endedByCutover: true });
  const settings = { preSync: true, powerOff: 'guest' } as unknown as Cutover['settings'];
  const cutover = { id: 'c', jobId: 'back', state: 'rolled-back', phase: 'done', settings, startAttempted: true };
  await store.cutovers.add({ ...cutover, undone: [], startedAt: ago(2), endedAt: ago(1) } as unknown as Cutover);
  const told = async () => (await overviewOf(store, undefined, now)).attention;
  expect(await told()).toMatchObject([
    {
      kind: 'unscheduled',
      text: expect.stringContaining('its schedule is off since its cutover'),
      since: ago(1),
      scheduleIds: ['schedule-back'],
    },
  ]);
  await store.schedules.put({ ...schedule!, enabled: false });
  expect(await told()).toMatchObject([{ text: expect.stringContaining('its schedule is switched off'), scheduleIds: ['schedule-back'] }]);
});

test('a machine whose point is damaged is not protected until a later point is proven whole', async () => {
  await migration('hurt', { run: { startedAt: ago(3), endedAt: ago(3) }, pointAt: ago(3), everyMinutes: 600 });
  const told = async () => {
    const { counts, attention } = await overviewOf(store, undefined, now);
    const { protection } = (await store.machines.look('hurt'))!;
    const counted = (await store.machines.counts()).reduce((sum, one) => sum + one.protected, 0);
    const failed = await store.jobs.count({ only: 'failed' });
    return [counts.protected, counts.failed, counted, failed, protection, ...attention.map(({ text }) => text)];
  };
  const well = [1, 0, 1, 0, 'protected'];
  expect(await told()).toEqual(well);
  await store.recoveryPoints.setReread('point-hurt', ago(2.5), 'Disk 1 differs.');
  expect(await told()).toEqual([0, 1, 0, 1, 'pending', 'The newest recovery point of hurt is not what was copied. Disk 1 differs.']);
  const point = { runId: 'run-hurt', kind: 'incremental' } as const;
  const add = (id: string, hours: number, verified: 'all' | 'written') =>
    store.recoveryPoints.add('hurt', { ...point, doubts: [], disks: [pointDisk], id, takenAt: ago(hours), verified }, ago(hours));
  // What it took over was not read.
  await add('after', 2, 'written');
  expect(await told()).toEqual([0, 1, 0, 1, 'pending', expect.stringContaining('no later one was read back as a whole')]);
  await store.recoveryPoints.setReread('after', ago(1.5), undefined);
  expect(await told()).toEqual(well);
  await store.recoveryPoints.setReread('after', ago(1.4), 'Disk 1 differs again.');
  await add('whole', 1, 'all');
  expect(await told()).toEqual(well);
});
