import { expect, test } from 'vitest';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { acceptsLeftOut } from '../domain/schedule.ts';
import type { Task } from '../domain/task.ts';
import type { Octopus } from '../octopus.ts';
import type { Replicator } from '../replication/replicator.ts';
import { newTask, type TaskRequest } from '../scheduler/plan.ts';
import { createExecutors, createGoNoGo } from './executors.ts';
import { requestOf, taskFor } from './operation-task.ts';
import { createOperations } from './operations.ts';

const now = new Date('2026-03-04T05:06:07.000Z');
const asTask = (request: TaskRequest, id = 't') => newTask(request, { id, now, jobId: request.jobId, sourceId: undefined });

function world(left: Task[] = []) {
  const told: OctopusEvent[] = [];
  const queue: Task[] = [];
  const did: string[] = [];
  let ids = 0;
  let failure: OctopusError | undefined;
  const act = (name: string) => async () => {
    did.push(name);
    if (failure) throw failure;
  };
  const replicator = { run: act('run'), cutover: act('cutover'), rollback: act('rollback'), verify: act('verify') };
  const operations = createOperations({
    replicator: replicator as unknown as Replicator,
    publish: async (event) => void told.push(event),
    newId: () => `id-${++ids}`,
    now: () => now,
    ready: () => Promise.resolve(),
    enqueue: async (request) => {
      if (failure) throw failure;
      const task = asTask(request, `t-${queue.length}`);
      queue.push(task);
      return task;
    },
    cancelTask: async (id) =>
      operations.taskEnded(queue.find((task) => task.id === id)!, new OctopusError('operation.cancelled', 'Cancelled.')),
    leftTasks: async () => left,
    isInterrupted: async () => false,
    onFailure: () => {},
  });
  const types = () => told.map(({ type }) => type);
  const fail = (error: OctopusError | undefined) => {
    failure = error;
  };
  return { operations, told, types, queue, did, fail };
}

test('a request comes back from the queue as it was asked', () => {
  for (const request of [
    { kind: 'sync', run: 'reconcile' },
    { kind: 'sync', run: 'incremental' },
    { kind: 'verify' },
    { kind: 'verify', recoveryPointId: 'p' },
    { kind: 'cutover', settings: {} },
    { kind: 'cutover', settings: { preSync: false, shutdownDeadlineMs: 1000, expectConsole: 'login:', bootTimeoutMs: 2000 } },
  ] as const) {
    expect(requestOf(asTask(taskFor('job', 'o', request, now)))).toEqual(request);
  }
});

test('what somebody asks for is told of from the asking to the end, and is not tried again by itself', async () => {
  const { operations, told, types, queue, did, fail } = world();
  const { operationId } = await operations.begin('job', { kind: 'sync', run: 'incremental' });
  expect([types(), await operations.working('job'), did]).toEqual([['operation.started'], 'sync', []]);
  await expect(operations.begin('job', { kind: 'rollback' })).rejects.toMatchObject({ code: 'job.state' });
  await expect(operations.remove('job', { replicas: 'keep', running: 'leave' }, new AbortController().signal)).rejects.toMatchObject({
    code: 'job.state',
  });
  const [task] = queue as [Task];
  fail(new OctopusError('source.unreachable', 'Gone.', { retryable: true }));
  const failure = await operations.perform(task, requestOf(task), new AbortController().signal).catch((error: OctopusError) => error);
  expect(failure).toMatchObject({ code: 'source.unreachable', retryable: false });
  expect(types()).toEqual(['operation.started']);
  operations.taskEnded(task, failure as OctopusError);
  expect(told.at(-1)).toMatchObject({
    type: 'operation.ended',
    data: { operationId, kind: 'sync', error: { code: 'source.unreachable' } },
  });
  expect(await operations.working('job')).toBeUndefined();
  // One that cannot even stand in the queue has ended at once.
  await expect(operations.begin('job', { kind: 'verify' })).rejects.toMatchObject({ code: 'source.unreachable' });
  expect(types().slice(2)).toEqual(['operation.started', 'operation.ended']);
  expect(await operations.working('job')).toBeUndefined();
});

test('what waited when the process ended goes on under its name, and can be cancelled', async () => {
  const task = asTask(taskFor('job', 'before', { kind: 'cutover', settings: {} }, now));
  const { operations, told, types, queue } = world([task]);
  queue.push(task);
  expect(await operations.working('job')).toBe('cutover');
  await operations.perform(task, requestOf(task), new AbortController().signal);
  expect(types()).toEqual([]);
  expect(await operations.cancel('job')).toBe(true);
  expect(told).toMatchObject([
    { type: 'operation.ended', data: { operationId: 'before', kind: 'cutover', error: { code: 'operation.cancelled' } } },
  ]);
  expect(await operations.cancel('job')).toBe(false);
});

test('a cutover that was interrupted and undone does not begin again by itself', async () => {
  const { operations, did } = world();
  const cutovers = {
    ofJob: async () => [{ startedAt: now.toISOString(), state: 'rolled-back', error: { code: 'x', message: 'It was cancelled.' } }],
  };
  const octopus = { store: { cutovers } } as unknown as Octopus;
  const executors = createExecutors({ octopus, operations, environments: {} as never });
  const asked = asTask(taskFor('job', 'o', { kind: 'cutover', settings: {} }, now));
  const { signal } = new AbortController();
  await expect(executors.cutover(asked, signal)).rejects.toMatchObject({
    code: 'job.state',
    message: expect.stringContaining('begin it anew'),
  });
  expect(did).toEqual([]);
  await executors.cutover({ ...asked, createdAt: new Date(now.getTime() + 1).toISOString() }, signal);
  expect(did).toEqual(['cutover']);
});

test('a planned run that falls due during a cutover is left out', async () => {
  const { operations, did, types } = world();
  let state = 'active';
  let unfinished = [{ jobId: 'job' }];
  const store = {
    jobs: { find: async () => ({ id: 'job', machineId: 'm', state }) },
    cutovers: { unfinished: async () => unfinished },
  };
  const executors = createExecutors({
    ...{ octopus: { store } as unknown as Octopus, operations, environments: {} as never },
  });
  const run = () => executors.run(asTask({ kind: 'run', jobId: 'job' }), new AbortController().signal);
  await run();
  [unfinished, state] = [[], 'cut-over'];
  await run();
  expect([did, types()]).toEqual([[], []]);
  state = 'active';
  await run();
  expect(did).toEqual(['run']);
});

test("a paused migration's schedules do nothing, people still can", async () => {
  const { operations, did, types } = world();
  const store = {
    jobs: { find: async () => ({ id: 'job', machineId: 'm', paused: true, state: 'active' }) },
    runs: { unfinished: async () => [] },
  };
  const octopus = { store, machine: async () => ({ inventory: { name: 'web' } }) } as unknown as Octopus;
  const executors = createExecutors({ octopus, operations, environments: {} as never });
  const { signal } = new AbortController();
  await executors.run(asTask({ kind: 'run', jobId: 'job' }), signal);
  expect([did, types()]).toEqual([[], []]);
  expect(await createGoNoGo(octopus)(asTask({ kind: 'cutover', jobId: 'job' }), signal)).toMatchObject({
    go: false,
    reason: expect.stringContaining('paused'),
  });
  const asked = asTask(taskFor('job', 'o', { kind: 'sync', run: 'incremental' }, now));
  await executors.run(asked, signal);
  expect(await createGoNoGo(octopus)(asTask(taskFor('job', 'o', { kind: 'cutover', settings: {} }, now)), signal)).toEqual({ go: true });
  expect(did).toEqual(['run']);
});

test('a planned cutover of a machine that would lack a disk is a no-go until a person accepted that', async () => {
  const disks = [{ label: 'Hard disk 1' }, { label: 'Hard disk 2', excluded: 'It is independent.' }];
  const octopus = {
    store: {
      jobs: { find: async () => ({ id: 'job', machineId: 'm', state: 'active' }) },
      recoveryPoints: { ofJob: async () => [{}] },
    },
    machine: async () => ({ inventory: { name: 'web', ref: 'vm-1' }, sourceEnvironmentId: 's' }),
    source: async () => ({ machine: async () => ({ disks }) }),
    target: async () => ({ started: async () => [] }),
  } as unknown as Octopus;
  const { signal } = new AbortController();
  const ask = (payload: Task['payload']) => createGoNoGo(octopus)(asTask({ kind: 'cutover', jobId: 'job', payload }), signal);
  expect(await ask({})).toMatchObject({ go: false, reason: expect.stringContaining('Hard disk 2: It is independent.') });
  expect(await ask({ [acceptsLeftOut]: true })).toEqual({ go: true });
});
