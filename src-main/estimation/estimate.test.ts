import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cutover } from '../domain/cutover.ts';
import { openStore, type Store } from '../store/store.ts';
import { estimate } from './estimate.ts';
import { forecast } from './forecast.ts';
import { inventoryOf, runOf } from './testing/facts.ts';

const at = '2026-03-01T00:00:00.000Z';
const MiB = 2 ** 20;
let store: Store;

beforeEach(async () => {
  store = await openStore(':memory:');
  await store.sources.put({
    ...{ id: 's', kind: 'vsphere', name: 's', url: 'https://s/sdk', username: 'u', thumbprint: '', instanceUuid: 's', createdAt: at },
  } as Parameters<Store['sources']['put']>[0]);
  await store.targets.put({ id: 't', kind: 'local', name: 't', location: '/t', settings: {}, createdAt: at });
});
afterEach(() => store.close());

const machine = (name: string, capacity: number) =>
  store.machines.put({ id: name, sourceEnvironmentId: 's', inventory: inventoryOf(name, capacity), seenAt: at });

/** A full run that sent this share of its disk, as fast as 1 MiB a second. */
async function ran(name: string, capacity: number, share: number) {
  await machine(name, capacity);
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ id: name, machineId: name, targetEnvironmentId: 't', state: 'active', settings, createdAt: at });
  const id = `run-${name}`;
  const sent = capacity * share;
  const counts = { read: capacity, sent, zero: capacity - sent, unchanged: 0, resumed: 0, verified: 0 };
  const endedAt = new Date(Date.parse(at) + 5000 + (capacity / MiB) * 1000).toISOString();
  await store.runs.add({ ...runOf(id, name), counts, startedAt: at, endedAt });
  const disk = { runId: id, key: 1, objectId: 'o', datastore: 'd', capacity, changeId: undefined, mode: 'full', doubt: undefined } as const;
  const more = { extents: undefined, blank: true, journal: undefined, manifestRoot: undefined, algorithm: undefined, counts };
  await store.runDisks.plan(id, [{ ...disk, ...more }]);
  await store.runs.enterPhase(id, 'snapshot', at);
  await store.runs.enterPhase(id, 'transfer', new Date(Date.parse(at) + 5000).toISOString());
  await store.runs.enterPhase(id, undefined, endedAt);
}

test('an estimate says what it rests on, and is wider the less is known', async () => {
  const bare = await machine('bare', 100 * MiB);
  const one = await estimate(store, [bare], { targetKind: 'local' }, at);
  expect(one.items).toMatchObject([{ basis: 'capacity', moved: { low: 0, likely: 50 * MiB, high: 100 * MiB } }]);
  expect(one.throughput).toBeUndefined();
  expect(one.total.ms).toBeUndefined();
  expect(one.basis).toContain('No run has measured a throughput yet');

  for (const [name, share] of Object.entries({ a: 0.2, b: 0.3, c: 0.5 })) await ran(name, 10 * MiB, share);
  const a = (await store.machines.find('a'))!;
  const two = await estimate(store, [bare, a], { targetKind: 'local' }, at);
  expect(two.items).toMatchObject([
    { basis: 'similar', moved: { low: 20 * MiB, likely: 30 * MiB, high: 50 * MiB } },
    { basis: 'runs', moved: { low: 2 * MiB, likely: 2 * MiB, high: 2 * MiB }, stored: { likely: 4 * MiB } },
  ]);
  expect(two.throughput).toMatchObject({ basis: 'measured', runs: 3 });
  expect(two.throughput!.bytesPerSecond.likely / MiB).toBeCloseTo(1, 3);
  expect(two.total.ms!.likely / 1000).toBeCloseTo(110, 1);
  expect(await store.estimates.of('bare', 'local')).toMatchObject({ createdAt: at, result: { basis: 'similar' } });

  // A disk that grew is another matter than what was measured.
  const grown = await machine('a', 20 * MiB);
  expect((await estimate(store, [grown], { targetKind: 'local' }, at)).items[0]).toMatchObject({ basis: 'similar' });
});

test('a time is no shorter than the lower of both bandwidth limits lets it be, and says by which it is', async () => {
  for (const name of ['a', 'b', 'c']) await ran(name, 10 * MiB, 0.5);
  const machines = [(await store.machines.find('a'))!, (await store.machines.find('b'))!];
  const within = async (limits: { all: number | undefined; migration: number | undefined }, throughput?: number) => {
    const { total, limit, basis } = await estimate(store, machines, { targetKind: 'local', limits, throughput }, at);
    return { seconds: Math.round(total.ms!.likely / 1000), limit, basis };
  };
  expect(await within({ all: undefined, migration: 0 })).toMatchObject({ seconds: 20, limit: undefined });
  expect(await within({ all: 64 * MiB, migration: 0 })).toMatchObject({ seconds: 20, limit: undefined });
  expect(await within({ all: MiB / 4, migration: 0 })).toMatchObject({
    ...{ seconds: 80, limit: { bytesPerSecond: MiB / 4, of: 'all' } },
    basis: expect.stringContaining('as the bandwidth limit of all runs lets it'),
  });
  expect(await within({ all: MiB / 4, migration: MiB / 8 })).toMatchObject({
    ...{ seconds: 160, limit: { bytesPerSecond: MiB / 8, of: 'migration' } },
    basis: expect.stringContaining('as the bandwidth limit of the migration lets it'),
  });
  expect(await within({ all: MiB / 4, migration: MiB })).toMatchObject({ seconds: 80, limit: { of: 'all' } });
  // A line's throughput carries what is sent; a limit holds back what is read.
  expect(await within({ all: undefined, migration: MiB }, MiB)).toMatchObject({ seconds: 20, limit: { of: 'migration' } });
});

test('where nothing was measured, a limit tells the time nevertheless', async () => {
  const bare = await machine('bare', 100 * MiB);
  const told = await estimate(store, [bare], { targetKind: 'local', limits: { all: MiB, migration: undefined } }, at);
  expect(told).toMatchObject({ total: { ms: { likely: 100_000 } }, limit: { of: 'all' } });
  expect(told.basis).toContain('no run has measured yet');
});

test('the forecast tells measured parts from assumed ones', async () => {
  await ran('a', 10 * MiB, 0.2);
  const job = (await store.jobs.find('a'))!;
  const first = await forecast(store, job);
  expect(first.parts.map(({ id, measured }) => `${id} ${measured}`)).toEqual(['shutdown false', 'final-run false', 'start false']);
  expect(first.parts[1]!.ms).toEqual({ low: 5000, likely: 6000, high: 15_000 });
  expect(first.downtimeMs).toEqual({ low: 5000 + 5000 + 10_000, likely: 30_000 + 6000 + 60_000, high: 300_000 + 15_000 + 300_000 });
  for (const [index, seconds] of [4, 8, 6].entries()) {
    const endedAt = new Date(Date.parse(at) + 60_000 + seconds * 1000).toISOString();
    const startedAt = new Date(Date.parse(at) + 60_000).toISOString();
    await store.runs.add({ ...runOf(`inc-${index}`, 'a'), kind: 'incremental', startedAt, endedAt });
  }
  expect((await forecast(store, job)).parts[1]).toMatchObject({ measured: true, ms: { low: 4000, likely: 6000, high: 8000 } });
  await store.jobs.remove('a');
  expect(await store.runs.find('inc-0')).toBeUndefined();
  expect((await forecast(store, job)).downtimeMs).toBeUndefined();
});

/** A cutover that took 10 s to power off, 20 s to copy and this long to start. Rolled back since. */
function rolledBack(id: string, startedAt: string, startSeconds: number): Cutover {
  const after = (seconds: number) => new Date(Date.parse(startedAt) + seconds * 1000).toISOString();
  return {
    ...{ id, jobId: 'a', state: 'rolled-back', phase: 'finished', sourceWasOn: true, poweredOff: 'guest', finalRunId: undefined },
    ...{ startAttempted: false, handle: undefined, where: 'w', undone: [], error: undefined, startedAt, endedAt: after(900) },
    settings: { preSync: false, shutdownDeadlineMs: 1000, expectConsole: undefined, bootTimeoutMs: 1000 },
    times: {
      phases: [
        { phase: 'power-off', startedAt: after(1) },
        { phase: 'final-run', startedAt: after(11) },
        { phase: 'start', startedAt: after(31) },
      ],
      downAt: after(1),
      upAt: after(31 + startSeconds),
      backAt: after(800),
    },
  };
}

test('what a cutover took is known also after it was rolled back, and the last one counts', async () => {
  await ran('a', 10 * MiB, 0.2);
  const job = (await store.jobs.find('a'))!;
  await store.cutovers.add(rolledBack('first', at, 90));
  await store.cutovers.add(rolledBack('second', '2026-03-02T00:00:00.000Z', 7));
  const { parts } = await forecast(store, job);
  expect(parts[0]).toMatchObject({ id: 'shutdown', measured: true, ms: { low: 10_000, likely: 10_000, high: 10_000 } });
  expect(parts[2]).toMatchObject({ id: 'start', measured: true, ms: { low: 7000, likely: 7000, high: 90_000 } });
});
