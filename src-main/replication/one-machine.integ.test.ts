import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { TransferPool } from '../../workers/pool.ts';
import { defaultJobSettings } from '../domain/job.ts';
import { snapshotPrefix } from '../domain/snapshot-prefix.ts';
import { EngineWorld } from './testing/engine-world.ts';
import { FakeTarget } from './testing/fake-target.ts';

const MiB = 2 ** 20;
let pool: TransferPool;
let world: EngineWorld;

beforeAll(() => {
  pool = createTransferPool({ threads: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

/** Two jobs of one machine, `j` and `k`, each to a target of its own. */
beforeEach(async () => {
  let other: FakeTarget;
  world = await EngineWorld.open({ pool, target: async (id) => (id === 't' ? world.target : other) }, [4 * MiB]);
  const location = join(world.folder, 'other');
  await mkdir(location);
  other = new FakeTarget(location);
  await world.store.targets.put({ id: 'u', kind: 'local', name: 'other', location, settings: {}, createdAt: '' });
  const job = { id: 'k', machineId: 'm', targetEnvironmentId: 'u', state: 'active' as const, createdAt: '' };
  await world.store.jobs.put({ ...job, settings: defaultJobSettings });
});
afterEach(() => world[Symbol.asyncDispose]());

/** Holds the work at a crashpoint. Answers once it is there, with what lets it go on. */
async function heldAt(name: string, work: () => Promise<unknown>): Promise<{ letGo(): void; ended: Promise<unknown> }> {
  const there = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  world.crashpoint = (at) => {
    if (at !== name) return;
    world.crashpoint = () => {};
    there.resolve();
    return held.promise;
  };
  const ended = work();
  await Promise.race([there.promise, ended]);
  return { letGo: held.resolve, ended };
}
const started = () => world.events.flatMap((event) => (event.type === 'run' ? [event.jobId] : []));
const cancelled = () => AbortSignal.abort(new OctopusError('operation.cancelled', 'It was cancelled.'));

test('what comes to a machine that is worked on waits for its turn, and may be cancelled meanwhile', async () => {
  const { replicator } = world;
  const first = await heldAt('transfer:entered', () => replicator.run('j'));
  const abort = new AbortController();
  const given = replicator.run('k', { signal: abort.signal });
  const second = replicator.run('k');
  abort.abort(new OctopusError('operation.cancelled', 'It was cancelled.'));
  await expect(given).rejects.toMatchObject({ code: 'operation.cancelled' });
  await expect(replicator.run('k', { signal: cancelled() })).rejects.toMatchObject({ code: 'operation.cancelled' });
  // What a person would wait for in vain says so instead.
  await expect(replicator.prune('k')).rejects.toMatchObject({ code: 'source.busy' });
  expect(started()).toEqual(['j']);
  first.letGo();
  await first.ended;
  await second;
  expect(started()).toEqual(['j', 'k']);
  expect(await world.wrong()).toEqual([]);
});

test('what waited for a cutover goes by what is then: runs copy, another cutover is refused', async () => {
  const { replicator } = world;
  await replicator.run('k');
  const first = await heldAt('cutover:power-off:done', () => replicator.cutover('j'));
  const run = replicator.run('k');
  const cutover = replicator.cutover('k').catch((error: unknown) => error);
  const again = replicator.run('j').catch((error: unknown) => error);
  first.letGo();
  await first.ended;
  expect((await run).run.state).toBe('succeeded');
  expect(await cutover).toMatchObject({ code: 'job.state', message: expect.stringContaining('by another migration') });
  expect(await again).toMatchObject({ code: 'job.state', message: expect.stringContaining('was cut over') });
  expect(world.source.power).toBe('off');
  expect(await world.store.cutovers.ofJob('k')).toEqual([]);
});

test('a run that is given up while another one goes on is ended at once, and its snapshot removed when that one ends', async () => {
  expect(await world.dieAt('transfer:entered', () => world.replicator.run('k'))).toBe(true);
  const { replicator, source, store } = world;
  const first = await heldAt('transfer:entered', () => replicator.run('j'));
  expect(source.snapshots).toHaveLength(2);
  await replicator.giveUp('k');
  expect(await store.runs.pageOfJob('k', 1)).toMatchObject([{ state: 'cancelled' }]);
  expect(source.snapshots).toHaveLength(2);
  first.letGo();
  await first.ended;
  expect(source.snapshots).toEqual([]);
});

test('a run is given up whatever takes the machine at the same moment', async () => {
  expect(await world.dieAt('transfer:entered', () => world.replicator.run('k'))).toBe(true);
  const { replicator, store } = world;
  const left = (await store.runs.pageOfJob('k', 1))[0]!;
  for (let turns = 0; turns < 40; turns++) {
    await store.runs.save(left);
    const abort = new AbortController();
    const given = replicator.giveUp('k');
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const other = replicator.run('j', { signal: abort.signal }).catch(() => {});
    await given;
    expect(await store.runs.pageOfJob('k', 1), `${turns} turns later`).toMatchObject([{ state: 'cancelled' }]);
    abort.abort();
    await other;
  }
});

test('a machine whose cutover was interrupted is not cut over by another migration: it would run twice', async () => {
  await world.replicator.run('k');
  expect(await world.dieAt('cutover:power-off:done', () => world.replicator.cutover('j'))).toBe(true);
  const { replicator, store } = world;
  const refused = { code: 'source.busy', message: expect.stringContaining('interrupted') };
  await expect(replicator.cutover('k')).rejects.toMatchObject(refused);
  expect(await store.cutovers.ofJob('k')).toEqual([]);
  expect(await replicator.cutover('j')).toMatchObject({ state: 'done' });
});

test('what does not wait is answered before the work that takes the machine at the same moment ends', async () => {
  const { replicator } = world;
  const removed = replicator.remove('k', { replicas: 'keep', running: 'leave' }).then(
    () => 'first',
    ({ code }: OctopusError) => code,
  );
  const run = await heldAt('transfer:entered', () => replicator.run('j'));
  expect(['first', 'source.busy']).toContain(await removed);
  run.letGo();
  await run.ended;
});

test('a snapshot of a run that was given up keeps nobody who stops: the source that does not answer is asked no further', async () => {
  expect(await world.dieAt('transfer:entered', () => world.replicator.run('k'))).toBe(true);
  const { replicator, source } = world;
  const abort = new AbortController();
  const first = await heldAt('transfer:entered', () => replicator.run('j', { signal: abort.signal }));
  await replicator.giveUp('k');
  const asked = Promise.withResolvers<void>();
  const list = source.listSnapshots.bind(source);
  vi.spyOn(source, 'listSnapshots').mockImplementation(async (machine, prefix, signal) => {
    if (prefix !== snapshotPrefix || !(await proven())) return list(machine, prefix, signal);
    asked.resolve();
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  });
  const proven = async () => (await world.store.runs.pageOfJob('j', 1))[0]?.state === 'succeeded';
  first.letGo();
  await asked.promise;
  abort.abort(new OctopusError('server.stopping', 'Octopus is stopping.'));
  await first.ended;
  vi.restoreAllMocks();
  expect(source.snapshots).toHaveLength(1);
  await replicator.run('j');
  expect(source.snapshots).toEqual([]);
});
