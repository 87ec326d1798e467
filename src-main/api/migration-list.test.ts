import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Output } from '../../src-preload/contract/routes.ts';
import { jobSortKeys } from '../store/repositories/job-page.ts';
import { openSqlite } from '../store/sqlite.ts';
import { pointDisk } from '../store/testing/point-disk.ts';
import { at, cutover, inventory, openWorld, run, type World } from './testing/world.ts';

const COUNT = 30;
/** After the day before. */
const later = (minutes: number) => new Date(Date.parse(at) + (minutes - 1440) * 60_000).toISOString();
let world: World;

/** Every migration differs from the next in something that its row tells. */
beforeEach(async () => {
  world = await openWorld();
  const { store } = world;
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  const [task] = await store.tasks.list({ jobId: 'own' });
  const schedule = (await store.schedules.find('own'))!;
  for (let n = 0; n < COUNT; n++) {
    const id = `j-${n}`;
    const machine = { ...inventory, instanceUuid: `uuid-${n}`, name: `machine ${n}` };
    await store.machines.put({ id: `m-${n}`, sourceEnvironmentId: n % 2 ? 'own' : 'foreign', inventory: machine, seenAt: at });
    await store.jobs.put({ id, machineId: `m-${n}`, targetEnvironmentId: 'own', state: 'active', settings, createdAt: later(n) });
    for (const userId of ['u-viewer', 'u-operator', 'u-stranger'].slice(n % 4)) await store.shares.give('migration', id, userId);
    for (let round = 0; round < n % 3; round++) {
      const point = {
        id: `p-${n}-${round}`,
        runId: `r-${n}-${round}`,
        kind: 'full' as const,
        takenAt: later(round),
        verified: 'all' as const,
      };
      await store.runs.add({ ...run, id: point.runId, jobId: id, recoveryPointId: point.id, startedAt: later(round) });
      await store.recoveryPoints.add(id, { ...point, doubts: [], disks: [pointDisk] }, later(round));
      await store.cutovers.add({ ...cutover, id: `c-${n}-${round}`, jobId: id, state: 'rolled-back', startedAt: later(round) });
    }
    if (n % 6 === 2) await store.recoveryPoints.markRemoved([`p-${n}-1`], later(9));
    const error = { code: 'source.unreachable', message: `The source of ${n} does not answer.` };
    if (n % 4 === 1) await store.tasks.add([{ ...task!, id: `t-${n}`, plannedAt: later(n), jobId: id, state: 'dead', error, endedAt: at }]);
    await store.schedules.put({ ...schedule, id: `s-${n}`, jobId: id, timing: { type: 'every', minutes: 1 }, createdAt: later(-600) });
  }
});
afterEach(() => world[Symbol.asyncDispose]());

async function call<Id extends 'migrations.list' | 'migrations.get'>(id: Id, input: object) {
  const context = { caller: world.callers.admin, address: '192.0.2.7', requestId: 'r', signal: new AbortController().signal };
  return (await world.api.call(id, input, context)).body as Output<Id>;
}

test('a longer page asks the database no more often', async () => {
  using database = openSqliteForItsStatements();
  const asked = vi.spyOn(database.statements, 'all');
  const statements = async (query: object) => {
    asked.mockClear();
    const { items } = await call('migrations.list', { query });
    return { rows: items.length, statements: asked.mock.calls.length };
  };
  for (const query of [...jobSortKeys.map((sort) => ({ sort })), { only: 'behind' }]) {
    const one = await statements({ ...query, limit: 1 });
    const many = await statements({ ...query, limit: COUNT });
    expect([one.rows, many.rows > COUNT / 2]).toEqual([1, true]);
    expect(one.statements, JSON.stringify(query)).toBeGreaterThan(0);
    expect(many.statements, JSON.stringify(query)).toBe(one.statements);
  }
});

test('a row of a page is what its migration answers alone', async () => {
  const { items } = await call('migrations.list', { query: { limit: 100 } });
  expect(items).toHaveLength(COUNT + 2);
  for (const item of items) {
    const { lastRun, ...alone } = await call('migrations.get', { params: { id: item.id } });
    const { phases, ...run } = lastRun ?? {};
    expect(item).toEqual(lastRun ? { ...alone, lastRun: run } : alone);
  }
  const row = (n: number) => items.find(({ id }) => id === `j-${n}`);
  expect(row(2)).toMatchObject({ machineName: 'machine 2', sourceId: 'foreign', lastRun: { id: 'r-2-1' }, newestPoint: { id: 'p-2-0' } });
  expect(row(5)).toMatchObject({ lastCutover: { id: 'c-5-1' }, newestPoint: { id: 'p-5-1' }, userIds: ['u-operator', 'u-stranger'] });
  expect(row(5)?.lastFailure?.message).toBe('The source of 5 does not answer.');
  expect(row(6)).toMatchObject({ sourceId: 'foreign', userIds: ['u-stranger'] });
  expect([row(6)?.lastRun, row(6)?.lastCutover, row(6)?.lastFailure, row(6)?.newestPoint]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

/** What every statement of every database is one of. */
function openSqliteForItsStatements() {
  const database = openSqlite(':memory:', {});
  const statements = Object.getPrototypeOf(database.prepare('SELECT 1')) as { all: (...given: unknown[]) => unknown[] };
  return { statements, [Symbol.dispose]: () => void database.close() };
}
