import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginsAt } from '../domain/quiet-until.ts';
import type { QuietWindow } from '../domain/schedule.ts';
import { jobsBehind } from '../estimation/jobs-behind.ts';
import { inventoryOf, runOf } from '../estimation/testing/facts.ts';
import { type JobQuery, type JobSortKey, jobSortKeys } from './repositories/job-page.ts';
import { openStore, type Store } from './store.ts';
import { pointDisk } from './testing/point-disk.ts';

const COUNT = 120;
const now = new Date('2026-03-10T12:00:00.000Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
/** A whole number that differs from one to the next, and is always the same. */
const mixed = (n: number, of: number) => (n * 7919) % of;
const afternoon: QuietWindow = { zone: 'Europe/Vienna', days: [1, 2, 3, 4, 5, 6, 7], from: '14:30', to: '20:00' };
const id = (n: number) => `j-${String(mixed(n, COUNT)).padStart(3, '0')}`;

interface Facts {
  id: string;
  name: string;
  target: string;
  createdAt: string;
  cutOver: boolean;
  paused: boolean;
  run: 'succeeded' | 'failed' | 'running' | undefined;
  runAt: string;
  pointAt: string | undefined;
  mismatch: boolean;
  nextAt: string | undefined;
  windows: QuietWindow[];
}
const facts = Array.from({ length: COUNT }, (_, n): Facts => {
  const run = ([undefined, 'succeeded', 'succeeded', 'failed', 'running'] as const)[n % 5];
  return {
    id: id(n),
    name: `Web-${mixed(n, 37)}`,
    target: n % 2 ? 'basement' : 'Attic',
    createdAt: ago(200 - (n % 50)),
    cutOver: n % 11 === 5,
    paused: n % 7 === 3,
    run,
    runAt: ago(mixed(n, 61)),
    pointAt: run === 'succeeded' ? ago(mixed(n, 61)) : undefined,
    mismatch: run === 'succeeded' && n % 13 === 1,
    nextAt: n % 3 ? undefined : ago(-mixed(n, 24)),
    windows: n % 2 ? [afternoon] : [],
  };
});

let store: Store;
beforeAll(async () => {
  store = await openStore(':memory:');
  const source = { id: 's', kind: 'vsphere', name: 's', url: 'https://s/sdk', username: 'u', thumbprint: '', instanceUuid: 's' };
  await store.sources.put({ ...source, createdAt: ago(99) } as Parameters<Store['sources']['put']>[0]);
  for (const name of ['basement', 'Attic'])
    await store.targets.put({ id: name, kind: 'local', name, location: `/${name}`, settings: {}, createdAt: ago(999) });
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  for (const fact of facts) {
    const machineId = `m-${fact.id}`;
    const inventory = { ...inventoryOf(machineId), name: fact.name };
    await store.machines.put({ id: machineId, sourceEnvironmentId: 's', inventory, seenAt: ago(1) });
    const state = fact.cutOver ? 'cut-over' : 'active';
    await store.jobs.put({ id: fact.id, machineId, targetEnvironmentId: fact.target, state, settings, createdAt: fact.createdAt });
    if (fact.paused) await store.jobs.setPaused(fact.id, true);
    if (fact.run) {
      const endedAt = fact.run === 'running' ? undefined : fact.runAt;
      await store.runs.add({ ...runOf(`r-${fact.id}`, fact.id), state: fact.run, startedAt: fact.runAt, endedAt });
    }
    if (fact.pointAt !== undefined) {
      const point = { id: `p-${fact.id}`, runId: `r-${fact.id}`, kind: 'full' as const, takenAt: fact.pointAt, verified: 'all' as const };
      await store.recoveryPoints.add(fact.id, { ...point, doubts: [], disks: [pointDisk] }, fact.pointAt);
      if (fact.mismatch) await store.recoveryPoints.setReread(point.id, ago(0), 'a disk differs');
    }
    // Those that were never run have two schedules.
    for (const minutes of fact.nextAt === undefined ? [] : fact.run ? [600] : [600, 60])
      await store.schedules.put({
        ...{
          id: `s-${fact.id}-${minutes}`,
          kind: 'run',
          jobId: fact.id,
          sourceId: undefined,
          windows: fact.windows,
          jitterMs: 0,
          priority: 10,
          payload: {},
        },
        ...{ timing: { type: 'every', minutes }, enabled: true, nextAt: fact.nextAt, createdAt: fact.createdAt },
      });
  }
});
afterAll(() => store.close());

async function walk(query: Partial<JobQuery>, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: JobQuery['after'];
  for (;;) {
    const page = await store.jobs.page({ limit, ...query, after });
    ids.push(...page.map((job) => job.id));
    const last = page.at(-1);
    if (page.length < limit || !last) return ids;
    after = { key: last.key, id: last.id };
  }
}

function rank({ run, cutOver, mismatch, pointAt, paused }: Facts): number {
  if (run === 'running') return 1;
  if (cutOver) return 5;
  if (run === 'failed' || mismatch) return 0;
  if (pointAt === undefined) return 2;
  return paused ? 3 : 4;
}
const keys: Record<JobSortKey, (fact: Facts) => string | number> = {
  created: ({ createdAt }) => createdAt,
  machine: ({ name }) => name.toLowerCase(),
  target: ({ target }) => target.toLowerCase(),
  lastRun: ({ run, runAt }) => (run ? runAt : ''),
  newestPoint: ({ pointAt }) => pointAt ?? '',
  nextRun: ({ nextAt, windows, paused, cutOver }) => (paused || cutOver || !nextAt ? '~' : beginsAt(windows, nextAt)),
  state: rank,
};

test.each(jobSortKeys)(
  'by %s, up and down: pages hold every migration once, in order, and any part of it can be jumped to',
  async (sort) => {
    const key = keys[sort];
    const order = (a: Facts, b: Facts) => (key(a) < key(b) || (key(a) === key(b) && a.id < b.id) ? -1 : 1);
    const expected = facts.toSorted(order).map((fact) => fact.id);
    expect(await walk({ sort }, 50)).toEqual(expected);
    expect(await walk({ sort, descending: true }, 49)).toEqual(expected.toReversed());
    const part = await store.jobs.page({ sort, limit: 9, position: 77 });
    expect(part.map((job) => job.id)).toEqual(expected.slice(77, 86));
  },
);

test('the count is of what the filter lets through, on all pages', async () => {
  expect(await store.jobs.count({})).toBe(COUNT);
  expect(await store.jobs.count({ only: 'paused' })).toBe(facts.filter(({ paused }) => paused).length);
  expect(await store.jobs.count({ only: 'running' })).toBe(facts.filter(({ run }) => run === 'running').length);
  expect(await store.jobs.count({ text: 'wEB-1' })).toBe(facts.filter(({ name }) => name.startsWith('Web-1')).length);
  expect(await store.jobs.count({ visibleTo: 'nobody' })).toBe(0);
});

test('a cursor of another sort is refused', async () => {
  const query = { sort: 'state', limit: 5, after: { key: 'web', id: 'x' } } as const;
  await expect(store.jobs.page(query)).rejects.toMatchObject({ code: 'argument.invalid', field: 'cursor' });
});

test('behind are those whose newest point is older than their schedules want it', async () => {
  const ids = await jobsBehind(store, now);
  // Every ten hours, with an hour for the run: the newest point may be eleven hours old.
  const late = facts.filter(({ nextAt, paused, cutOver, pointAt }) => {
    return nextAt !== undefined && !paused && !cutOver && (pointAt === undefined || pointAt < ago(20));
  });
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(late.map((fact) => fact.id)));
  for (const fact of facts.filter(({ nextAt, paused, cutOver }) => nextAt === undefined || paused || cutOver))
    expect(ids).not.toContain(fact.id);
  expect((await walk({ ids }, 7)).toSorted()).toEqual(ids.toSorted());
});
