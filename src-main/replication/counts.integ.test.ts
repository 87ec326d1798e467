import { afterEach, expect, test, vi } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import type { RunningTask, TransferPool } from '../../workers/pool.ts';
import type { Run } from '../domain/run.ts';
import { EngineWorld } from './testing/engine-world.ts';

const MiB = 2 ** 20;
/** The last MiB holds nothing. */
const SIZE = 12 * MiB;
const tuning = { taskBytes: 2 * MiB, checkpointBytes: 2 * MiB, limit: undefined as number | undefined };

/** A pool that can be killed with its process: then nothing that it did is heard of any more. */
function mortalPool(): { pool: TransferPool; kill: () => Promise<void> } {
  const real = createTransferPool({ threads: 2 });
  let dead = false;
  const pool: TransferPool = {
    tasksPerDisk: 2,
    run(task, options = {}): RunningTask {
      const onEvent = (event: Parameters<NonNullable<typeof options.onEvent>>[0]) => void (dead || options.onEvent?.(event));
      const running = real.run(task, { ...options, onEvent });
      const unlessDead =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) =>
          void (dead || settle(value));
      return {
        control: running.control,
        result: new Promise((resolve, reject) => running.result.then(unlessDead(resolve), unlessDead(reject))),
      };
    },
    [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
  };
  const kill = async () => {
    dead = true;
    await real[Symbol.asyncDispose]();
  };
  return { pool, kill };
}

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

async function openWorld() {
  const first = mortalPool();
  const given = { pool: first.pool, tuning };
  tuning.limit = 4 * MiB;
  let { kill } = first;
  opened.defer(() => kill());
  const world = opened.use(await EngineWorld.open(given, [SIZE]));
  /** The process ends in the midst of the transfer, once some of it is durable; the next one begins. */
  const killInTransfer = async (work: () => Promise<unknown>) => {
    const before = world.events.length;
    work().catch(() => {});
    const durable = () => world.events.slice(before).some((event) => event.type === 'checkpoint' && event.counts.sent > 0);
    await vi.waitFor(() => expect(durable()).toBe(true), { timeout: 60_000, interval: 20 });
    await kill();
    const next = mortalPool();
    kill = next.kill;
    given.pool = next.pool;
    await world.start();
  };
  return { world, killInTransfer };
}

const sum = ({ sent, zero, unchanged }: Run['counts']) => sent + zero + unchanged;

test('a run that is killed and resumed, twice, accounts for each block once, and says what was kept', async () => {
  const { world, killInTransfer } = await openWorld();
  await killInTransfer(() => world.replicator.run('j'));
  await killInTransfer(() => world.replicator.recover());
  // On record from the moment that it goes on.
  const [going] = await world.store.runs.ofJob('j');
  expect(going!.counts.resumed).toBeGreaterThan(0);
  tuning.limit = undefined;
  expect(await world.replicator.recover()).toMatchObject([{ outcome: 'resumed' }]);
  const [run] = await world.store.runs.ofJob('j');
  expect(run).toMatchObject({ state: 'succeeded', resumes: 2 });
  expect(run!.counts).toMatchObject({ read: SIZE, sent: SIZE - MiB, zero: MiB, unchanged: 0, verified: SIZE });
  expect(run!.counts.resumed).toBeGreaterThan(going!.counts.resumed);
  expect(run!.counts.resumed).toBeLessThan(SIZE);
  expect(await world.wrong()).toEqual([]);
});

test('what an interrupted run had moved counts, also where it is given up', async () => {
  const { world, killInTransfer } = await openWorld();
  await killInTransfer(() => world.replicator.run('j'));
  world.source.snapshots = [];
  expect(await world.replicator.recover()).toMatchObject([{ outcome: 'unwound' }]);
  const [unwound] = await world.store.runs.ofJob('j');
  expect(unwound).toMatchObject({ state: 'failed', error: { code: 'server.stopping' } });
  expect(unwound!.counts.sent).toBeGreaterThan(0);
  expect(sum(unwound!.counts)).toBe(unwound!.counts.read);
  tuning.limit = undefined;
  const { run } = await world.replicator.run('j');
  expect(run.counts.read).toBe(SIZE);
  // Together they moved the disk once.
  expect(run.counts.sent + unwound!.counts.sent).toBe(SIZE - MiB);
});

test('so does what was stopped, cancelled, or failed', async () => {
  const { world } = await openWorld();
  for (const [reason, state] of [
    [new OctopusError('operation.cancelled', 'It was cancelled.'), 'cancelled'],
    [new OctopusError('server.stopping', 'Octopus is stopping.'), 'running'],
  ] as const) {
    const abort = new AbortController();
    const before = world.events.length;
    const run = world.replicator.run('j', { signal: abort.signal });
    run.catch(() => {});
    const durable = () => world.events.slice(before).some((event) => event.type === 'checkpoint');
    await vi.waitFor(() => expect(durable()).toBe(true), { timeout: 60_000, interval: 20 });
    abort.abort(reason);
    await expect(run).rejects.toMatchObject({ code: reason.code });
    const [ended] = await world.store.runs.ofJob('j');
    expect(ended!.state).toBe(state);
    expect(ended!.counts.read).toBeGreaterThan(0);
    expect(sum(ended!.counts)).toBe(ended!.counts.read);
  }
  tuning.limit = undefined;
  world.target.failures.push({ method: 'commit', error: new OctopusError('target.full', 'No space left.') });
  expect(await world.replicator.recover()).toMatchObject([{ outcome: 'failed' }]);
  const [failed] = await world.store.runs.ofJob('j');
  expect(failed!.counts).toMatchObject({ read: SIZE, verified: SIZE });
  expect(failed!.counts.resumed).toBeGreaterThan(0);
});

test('a run that has to be committed alone was kept whole', async () => {
  const { world } = await openWorld();
  tuning.limit = undefined;
  expect(await world.dieAt('commit:entered', () => world.replicator.run('j'))).toBe(true);
  expect(await world.replicator.recover()).toMatchObject([{ outcome: 'resumed' }]);
  const [run] = await world.store.runs.ofJob('j');
  expect(run!.counts).toMatchObject({ read: SIZE, resumed: SIZE, verified: SIZE });
});
