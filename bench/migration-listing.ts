/** `node bench/migration-listing.ts`: milliseconds of a processor for a page of 100 out of 10,000 migrations, by each sort and filter; medians of five. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../src-main/api/create-api.ts';
import type { Services } from '../src-main/api/services.ts';
import { noCounts, type Run, type RunState } from '../src-main/domain/run.ts';
import type { Schedule, Timing } from '../src-main/domain/schedule.ts';
import { newTask } from '../src-main/scheduler/plan.ts';
import { jobSortKeys } from '../src-main/store/repositories/job-page.ts';
import { openStore, type Store } from '../src-main/store/store.ts';
import { pointDisk } from '../src-main/store/testing/point-disk.ts';
import { inventoryOf } from './machine-listing.ts';
import { median } from './measure.ts';

const COUNT = 10_000;
const ROUNDS = 5;
const HOUR = 3_600_000;
const now = new Date('2026-03-10T12:00:00.000Z');
const ago = (hours: number) => new Date(now.getTime() - hours * HOUR).toISOString();

const queries: Record<string, object> = {
  ...Object.fromEntries(jobSortKeys.flatMap((key) => [key, `-${key}`]).map((sort) => [`by ${sort}`, { sort }])),
  'the hundredth page': { sort: 'machine', position: 9900 },
  ...Object.fromEntries(['running', 'failed', 'paused', 'behind'].map((only) => [`only ${only}`, { only, sort: 'state' }])),
  'a text': { text: '-01', sort: 'machine' },
  'cut over': { state: 'cut-over' },
};

/** Of each query the calls of the api, in the process that serves it. */
async function withMigrations<Answer>(use: (list: (query: object) => Promise<object>) => Promise<Answer>) {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-bench-migrations-'));
  try {
    const path = join(folder, 'octopus.db');
    {
      await using filled = await openStore(':memory:');
      await fillWithMigrations(filled);
      await filled.backup(path);
    }
    await using store = await openStore(path);
    const services = {
      store,
      now: () => now,
      operations: { working: async () => undefined },
      environments: { targetSpace: async () => undefined },
    };
    const api = createApi(services as unknown as Services);
    const caller = { userId: 'a', name: 'bench', role: 'admin' } as const;
    return await use(async (query) => {
      const context = { caller, address: '127.0.0.1', requestId: 'r', signal: new AbortController().signal };
      const route = 'overview' in query ? 'overview.get' : 'migrations.list';
      return (await api.call(route, { query: 'overview' in query ? {} : { limit: 100, ...query } }, context)).body as object;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each with a machine, two runs, two recovery points and a schedule, most of these by few expressions; some failed, late, paused, shared. */
async function fillWithMigrations(store: Store): Promise<void> {
  const login = { url: 'https://vc.example/sdk', username: 'u', thumbprint: 'AA' };
  await store.sources.put({ id: 's', kind: 'vsphere', name: 'vc', ...login, instanceUuid: 'i', createdAt: ago(999) });
  for (const id of ['attic', 'basement'])
    await store.targets.put({ id, kind: 'local', name: id, location: `/${id}`, settings: {}, createdAt: ago(999) });
  for (const id of ['a', 'viewer', 'u-1', 'u-2']) {
    const person = {
      id,
      name: id,
      role: 'viewer',
      source: 'local',
      disabled: false,
      mustChangePassword: false,
      lockedUntil: undefined,
    } as const;
    await store.users.add({ ...person, ...nothingElse, createdAt: ago(999) });
  }
  const numbers = Array.from({ length: COUNT }, (_, n) => n);
  await store.machines.putAll(numbers.map((n) => ({ id: `m-${n}`, sourceEnvironmentId: 's', inventory: inventoryOf(n), seenAt: ago(1) })));
  for (const n of numbers) await fillOne(store, n);
}

const nothingElse = { lastSignInAt: undefined, passwordHash: undefined, directoryDn: undefined, failedLogins: 0 };

const timings: Timing[] = [
  ...['0 1 * * *', '30 2 * * 1-5', '0 */4 * * *', '15 22 * * 6'].map(
    (expression) => ({ type: 'cron', expression, zone: 'Europe/Vienna' }) as const,
  ),
  { type: 'every', minutes: 240 },
];
const windows = [{ zone: 'Europe/Vienna', days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }];

async function fillOne(store: Store, n: number): Promise<void> {
  const jobId = `j-${(n * 7919) % COUNT}`;
  const job = { id: jobId, machineId: `m-${n}`, targetEnvironmentId: n % 2 ? 'attic' : 'basement', createdAt: ago(300 + (n % 500)) };
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ ...job, ownerId: n % 9 ? 'a' : 'viewer', state: n % 31 === 7 ? 'cut-over' : 'active', settings });
  if (n % 37 === 5) await store.jobs.setPaused(jobId, true);
  for (let user = 0; user < n % 4; user++) await store.shares.give('migration', jobId, user ? `u-${user}` : 'viewer');
  // Some points are days old: late by any schedule.
  const age = n % 6 === 1 ? 60 + (n % 40) : (n % 180) / 60;
  for (const [round, hours] of [age + 24, age].entries()) {
    if (n % 53 === 2) break;
    const state: RunState = round === 0 ? 'succeeded' : n % 41 === 3 ? 'failed' : n % 997 === 4 ? 'running' : 'succeeded';
    const run = runOf(`r-${n}-${round}`, jobId, state, hours);
    await store.runs.add(run);
    if (state !== 'succeeded') continue;
    const point = { id: run.recoveryPointId, runId: run.id, kind: 'full', verified: 'all', takenAt: run.startedAt } as const;
    await store.recoveryPoints.add(jobId, { ...point, doubts: [], disks: [pointDisk] }, run.endedAt as string);
    if (round === 1 && n % 211 === 6) await store.recoveryPoints.setReread(point.id, ago(0.1), 'a disk differs');
  }
  const error = { code: 'source.unreachable', message: 'The source does not answer.' };
  const task = newTask({ kind: 'run' }, { id: `t-${n}`, now: new Date(ago(age)), jobId, sourceId: undefined });
  if (n % 3 === 0)
    await store.tasks.add([
      { ...task, state: n % 41 === 3 ? 'dead' : 'done', error: n % 41 === 3 ? error : undefined, endedAt: ago(age / 2) },
    ]);
  if (n % 31 === 7 || n % 101 === 8) await store.cutovers.add(cutoverOf(jobId, n % 31 === 7));
  if (n % 20 !== 9)
    await store.schedules.put({
      ...{
        id: `s-${n}`,
        kind: 'run',
        jobId,
        sourceId: undefined,
        windows: n % 4 ? [] : windows,
        jitterMs: n % 5 ? 0 : 600_000,
        priority: 10,
      },
      ...{ timing: timings[n % timings.length] as Timing, payload: {}, enabled: n % 60 !== 11, nextAt: ago(-(n % 24) - (n % 60) / 60) },
      createdAt: job.createdAt,
    } satisfies Schedule);
}

function runOf(id: string, jobId: string, state: RunState, hours: number): Run {
  return {
    ...{
      id,
      jobId,
      kind: 'full',
      state,
      phase: 'prune',
      resumes: 0,
      snapshotRef: undefined,
      snapshotTakenAt: undefined,
      trackingDoubt: undefined,
    },
    ...{ notes: ['The first of its kind.'], counts: noCounts, reconnects: 0, recoveryPointId: `p-${id}` },
    error: state === 'failed' ? { code: 'target.full', message: 'There is no space left.' } : undefined,
    startedAt: ago(hours),
    endedAt: state === 'running' ? undefined : ago(hours - 0.01),
  };
}

function cutoverOf(jobId: string, done: boolean) {
  return {
    ...{ id: `c-${jobId}`, jobId, state: done ? 'done' : 'rolled-back', phase: 'done', settings: { preSync: true }, sourceWasOn: true },
    ...{ poweredOff: 'guest', finalRunId: undefined, startAttempted: true, handle: undefined, where: '/x', undone: [], error: undefined },
    ...{ startedAt: ago(2), endedAt: ago(1) },
  } as unknown as Parameters<Store['cutovers']['add']>[0];
}

if (import.meta.main) {
  const found = await withMigrations(async (list) => {
    const times: [string, number][] = [];
    for (const [what, query] of Object.entries({ ...queries, 'the overview': { overview: true } })) {
      await list(query); // Warms up.
      const rounds: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const before = process.cpuUsage();
        await list(query);
        const { user, system } = process.cpuUsage(before);
        rounds.push((user + system) / 1000);
      }
      times.push([what, median(rounds)]);
    }
    return times;
  });
  for (const [what, time] of found) console.log(`${what.padEnd(22)}${time.toFixed(1).padStart(8)} ms`);
}
