import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Output } from '../../src-preload/contract/routes.ts';
import type { QuietWindow } from '../domain/schedule.ts';
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

type Row = Output<'migrations.list'>['items'][number];

const evening: QuietWindow = { zone: 'Europe/Vienna', days: [1, 2, 3, 4, 5], from: '18:00', to: '06:30' };
const noon: QuietWindow = { zone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], from: '11:00', to: '13:00' };
const plan = fc.record({
  paused: fc.boolean(),
  cutOver: fc.nat(9).map((n) => n === 0),
  schedules: fc.array(
    fc.record({
      kind: fc.constantFrom('run', 'run', 'verify', 'cutover'),
      enabled: fc.nat(4).map((n) => n > 0),
      windows: fc.constantFrom<QuietWindow[]>([], [evening], [noon], [evening, noon]),
      minutes: fc.option(fc.nat(3 * 1440), { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
});

async function everyPage(query: object, limit: number): Promise<Row[]> {
  const { items, next } = await call('migrations.list', { query: { ...query, limit } });
  return next === undefined ? items : [...items, ...(await everyPage({ ...query, cursor: next }, limit))];
}

async function call<Id extends 'migrations.list' | 'migrations.get' | 'schedules.list' | 'tasks.list'>(id: Id, input: object) {
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

test('sorted by the next run is what is shown: the soonest that a schedule begins, after its quiet window', async () => {
  const { store } = world;
  const seed = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
  let behind = 0;
  const plans = fc.array(plan, { minLength: COUNT, maxLength: COUNT });
  await fc.assert(
    fc.asyncProperty(plans, fc.integer({ min: 1, max: COUNT }), async (planned, limit) => {
      const schedule = (await store.schedules.find('own'))!;
      for (const [n, { paused, cutOver, schedules }] of planned.entries()) {
        const jobId = `j-${n}`;
        await store.jobs.setPaused(jobId, paused);
        await store.jobs.setState(jobId, cutOver ? 'cut-over' : 'active');
        for (const { id } of await store.schedules.list({ jobId })) await store.schedules.remove(id, at);
        for (const [index, { minutes, ...more }] of schedules.entries()) {
          const nextAt = minutes === undefined ? undefined : later(minutes);
          const timing = { type: 'every', minutes: 1 } as const;
          await store.schedules.put({ ...schedule, ...more, id: `s-${n}-${index}`, jobId, timing, nextAt, createdAt: later(-600) });
        }
      }
      const soonest = new Map<string, string>();
      for (const { migrationId = '', kind, enabled, nextAt } of (await call('schedules.list', {})).items) {
        if (kind !== 'run' || !enabled || nextAt === undefined) continue;
        if (nextAt < (soonest.get(migrationId) ?? '~')) soonest.set(migrationId, nextAt);
      }
      for (const only of [undefined, 'behind', 'paused'] as const) {
        const query = only === undefined ? {} : { only };
        const shown: Row[] = await everyPage({ ...query, sort: 'nextRun' }, limit);
        for (const { id, paused, state, nextRun } of shown)
          expect(nextRun, id).toBe(paused || state === 'cut-over' ? undefined : soonest.get(id));
        if (only === 'behind') behind += shown.length;
        const key = ({ id, nextRun = '~' }: Row) => `${nextRun} ${id}`;
        const ids = shown.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).map(({ id }) => id);
        expect(shown.map(({ id }) => id)).toEqual(ids);
        expect((await everyPage({ ...query, sort: '-nextRun' }, limit)).map(({ id }) => id)).toEqual(ids.toReversed());
        const { items } = await call('migrations.list', { query: { ...query, sort: 'nextRun', position: 3, limit } });
        expect(items.map(({ id }) => id)).toEqual(ids.slice(3, 3 + limit));
      }
    }),
    { seed, numRuns: 8 },
  );
  expect(behind).toBeGreaterThan(COUNT);
});

test('a row tells whose work its task waits for with the same machine, as the task does', async () => {
  const { store } = world;
  const [task] = await store.tasks.list({ jobId: 'own' });
  const add = (jobId: string, ...keys: string[]) =>
    store.tasks.add([{ ...task!, id: `w-${jobId}`, scheduleId: undefined, plannedAt: undefined, jobId, keys }]);
  await add('j-1', 'machine:m-1', 'host:h');
  const [leased] = await store.tasks.claim(
    { now: at, owner: 'o', until: later(9999) },
    () =>
      ({ id }) =>
        id === 'w-j-1' ? 'take' : 'skip',
  );
  await store.targets.put({ ...(await store.targets.find('own'))!, id: 'other', name: 'other', location: '/srv/other' });
  await store.jobs.put({ ...(await store.jobs.find('j-1'))!, id: 'twin', targetEnvironmentId: 'other' });
  await add('twin', 'machine:m-1', 'host:h');
  await add('j-2', 'machine:m-2', 'host:h');
  const { items } = await call('migrations.list', { query: { limit: 100 } });
  expect(items.flatMap(({ id, waitsFor }) => (waitsFor === undefined ? [] : [{ id, waitsFor }]))).toEqual([
    { id: 'twin', waitsFor: 'w-j-1' },
  ]);
  expect((await call('tasks.list', { query: { migrationId: 'twin' } })).items).toMatchObject([{ waitsFor: 'w-j-1' }]);
  await store.tasks.settle('w-j-1', leased!.token, { state: 'done', now: at });
  expect((await call('migrations.get', { params: { id: 'twin' } })).waitsFor).toBeUndefined();
});

/** What every statement of every database is one of. */
function openSqliteForItsStatements() {
  const database = openSqlite(':memory:', {});
  const statements = Object.getPrototypeOf(database.prepare('SELECT 1')) as { all: (...given: unknown[]) => unknown[] };
  return { statements, [Symbol.dispose]: () => void database.close() };
}
