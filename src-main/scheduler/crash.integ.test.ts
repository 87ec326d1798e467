import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { randomFrom } from '../../workers/testing/random-from.ts';
import { openStore } from '../store/store.ts';
import { createScheduler } from './scheduler.ts';
import { countingIds, manualClock, runSchedule, withJobs } from './testing/fixtures.ts';

const MINUTE = 60_000;
const START = '2026-06-01T00:00:00.000Z';
const at = (minute: number) => new Date(Date.parse(START) + minute * MINUTE).toISOString();

/** What the child has done after its 15 minutes, when nothing kills it: these planned times, each once. */
const expected = [...[5, 10, 15].map((minute) => `every-5 ${at(minute)}`), `failing ${at(10)}`, 'manual '];

interface Ended {
  signal: NodeJS.Signals | null;
  output: string;
}
function run(program: string, ...args: string[]): Promise<Ended> {
  return new Promise((settle, fail) => {
    execFile(process.execPath, [program, ...args], (error, output, errors) => {
      const signal = (error?.signal ?? null) as NodeJS.Signals | null;
      if (error && signal !== 'SIGKILL') fail(new Error(errors));
      else settle({ signal, output });
    });
  });
}

test('killed before any of its writes, the database is whole; no task is lost or doubled', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-scheduler-'));
  // Node runs it as it is: nothing has to be built.
  const program = resolve('src-main/scheduler/testing/crash-child.ts');
  const seed = join(folder, 'seed.db');
  try {
    await prepare(seed);
    const whole = join(folder, 'whole.db');
    await copyFile(seed, whole);
    const { output } = await run(program, whole, join(folder, 'whole.log'), '0');
    const writes = Number(output);
    expect(writes).toBeGreaterThan(20);
    for (let kill = 1; kill <= writes; kill++) {
      const database = join(folder, `${kill}.db`);
      const log = join(folder, `${kill}.log`);
      await copyFile(seed, database);
      await writeFile(log, '');
      expect((await run(program, database, log, String(kill))).signal, `kill ${kill} of ${writes}`).toBe('SIGKILL');
      await finishAndCheck(database, log, `kill ${kill} of ${writes}`);
      for (const suffix of ['', '-wal', '-shm']) await rm(database + suffix, { force: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const nothing = { cutover: async () => {}, inventory: async () => {}, retention: async () => {}, verify: async () => {} };

async function prepare(path: string): Promise<void> {
  await using store = await openStore(path);
  await withJobs(store, 3);
  const scheduler = createScheduler({
    store,
    clock: manualClock(START),
    random: randomFrom(1),
    newId: countingIds('manual'),
    executors: { ...nothing, run: async () => {} },
    goNoGo: async () => ({ go: true }),
  });
  await scheduler.putSchedule(runSchedule('job-0', { type: 'every', minutes: 5 }, { id: 'every-5' }));
  await scheduler.putSchedule(runSchedule('job-1', { type: 'every', minutes: 10 }, { id: 'failing' }));
  await scheduler.enqueue({ kind: 'run', jobId: 'job-2' });
}

/** The next process goes on from the minute at which the killed one had stopped, without sleeping through any planned time. */
async function finishAndCheck(path: string, log: string, message: string): Promise<void> {
  const raw = new SqliteDatabase(path);
  expect(raw.pragma('integrity_check', { simple: true }), message).toBe('ok');
  expect(raw.pragma('foreign_key_check'), message).toEqual([]);
  raw.close();
  await using store = await openStore(path);
  const works = (await readFile(log, 'utf8')).split('\n').filter(Boolean);
  const clock = manualClock(START);
  const scheduler = createScheduler({
    store,
    clock,
    random: randomFrom(2),
    newId: countingIds(`next-${path}`),
    alone: true,
    executors: { ...nothing, run: async (task) => void works.push(`${task.scheduleId ?? task.id} ${task.plannedAt ?? ''}`) },
    goNoGo: async () => ({ go: true }),
  });
  for (let minute = 5; minute <= 15; minute += 5) {
    clock.set(at(minute));
    for (let started = 1; started > 0; ) {
      started = (await scheduler.tick()).started;
      await scheduler.idle();
    }
  }
  // A retry that was put off past the 15 minutes.
  await store.schedules.put({ ...(await store.schedules.find('every-5'))!, enabled: false });
  await store.schedules.put({ ...(await store.schedules.find('failing'))!, enabled: false });
  clock.advance(10 * MINUTE);
  await scheduler.tick();
  await scheduler.idle();

  const name = (work: string) => (work.startsWith('manual') ? 'manual ' : work);
  const tasks = await store.tasks.list({ limit: 1000 });
  const done = tasks.filter((task) => task.state === 'done').map((task) => name(`${task.scheduleId ?? task.id} ${task.plannedAt ?? ''}`));
  expect(
    tasks.map((task) => task.state).filter((state) => state !== 'done'),
    message,
  ).toEqual([]);
  expect(done.sort(), message).toEqual([...expected].sort());
  // Everything was worked on; only what failed, or was going on at the kill, twice.
  const counts = new Map<string, number>();
  for (const work of works) counts.set(name(work), (counts.get(name(work)) ?? 0) + 1);
  expect([...counts.keys()].sort(), message).toEqual([...expected].sort());
  const twice = [...counts].filter(([work, count]) => count > 1 && !work.startsWith('failing'));
  expect(twice.length, message).toBeLessThanOrEqual(3);
  for (const [, count] of twice) expect(count, message).toBe(2);
}
