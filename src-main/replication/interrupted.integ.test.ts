import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { TransferPool } from '../../workers/pool.ts';
import { EngineWorld } from './testing/engine-world.ts';

const MiB = 2 ** 20;
let pool: TransferPool;
let world: EngineWorld;
beforeAll(() => {
  pool = createTransferPool({ threads: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());
beforeEach(async () => {
  world = await EngineWorld.open({ pool }, [3 * MiB]);
});
afterEach(() => world[Symbol.asyncDispose]());

const runs = () => world.store.runs.ofJob('j');
const since = '2020-01-01T00:00:00.000Z';

test('work that is taken up again is the run that was interrupted, not one more', async () => {
  for (const at of ['transfer:entered', 'commit:entered', 'prune:done']) {
    const before = (await runs()).length;
    expect(await world.dieAt(at, () => world.replicator.run('j')), at).toBe(true);
    const [interrupted] = await runs();
    const { run } = await world.replicator.run('j', { earlier: { since, done: false } });
    expect(run).toMatchObject({ id: interrupted!.id, state: 'succeeded', resumes: 1 });
    expect((await runs()).length, at).toBe(before + 1);
    // It had ended, and only whoever asked for it did not hear of it.
    expect((await world.replicator.run('j', { earlier: { since: run.startedAt, done: true } })).run.id).toBe(run.id);
    expect(await world.wrong()).toEqual([]);
  }
  // What began before this work was asked for is ended, and this work is done as well.
  await world.dieAt('transfer:entered', () => world.replicator.run('j'));
  const { run } = await world.replicator.run('j', { earlier: { since: '2999', done: true } });
  expect((await runs()).map(({ id, state }) => [id === run.id, state]).slice(0, 2)).toEqual([
    [true, 'succeeded'],
    [false, 'succeeded'],
  ]);
  // A reconcile is not done by an incremental run.
  const reconcile = await world.replicator.run('j', { kind: 'reconcile', earlier: { since: run.startedAt, done: true } });
  expect(reconcile.run).toMatchObject({ kind: 'reconcile' });
  // One whose snapshot is gone cannot go on: then the work begins anew.
  await world.dieAt('transfer:entered', () => world.replicator.run('j'));
  world.source.snapshots = [];
  const anew = await world.replicator.run('j', { earlier: { since, done: false } });
  expect((await runs()).slice(0, 2).map(({ id, state }) => [id === anew.run.id, state])).toEqual([
    [true, 'succeeded'],
    [false, 'failed'],
  ]);
});

test('what is to be ended alone begins nothing, and what nobody wants leaves no snapshot', async () => {
  await world.replicator.resume('j');
  expect(await runs()).toEqual([]);
  await world.dieAt('transfer:entered', () => world.replicator.run('j'));
  await world.replicator.resume('j');
  expect((await runs()).map(({ state }) => state)).toEqual(['succeeded']);
  await world.dieAt('transfer:entered', () => world.replicator.run('j'));
  expect(world.source.snapshots).toHaveLength(1);
  await world.replicator.giveUp('j');
  expect(await runs()).toMatchObject([{ state: 'cancelled', error: { code: 'operation.cancelled' } }, {}]);
  expect(world.source.snapshots).toEqual([]);
  // Where the source cannot be asked it is swept later.
  await world.dieAt('transfer:entered', () => world.replicator.run('j'));
  world.source.failures.push({ method: 'removeSnapshot', error: new OctopusError('source.denied', 'No.') });
  await world.replicator.giveUp('j');
  expect((await runs())[0]).toMatchObject({ state: 'cancelled' });
  expect(await world.replicator.sweep()).toMatchObject([{ what: 'snapshot', outcome: 'removed' }]);
  expect(world.source.snapshots).toEqual([]);
});
