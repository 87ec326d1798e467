import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeId, type MachineInventory } from '../domain/machine.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import { noCounts, type Run } from '../domain/run.ts';
import { lockFolder } from './lock.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = '2026-01-02T03:04:05.000Z';
const run: Run = {
  id: 'run-1',
  jobId: 'job-1',
  kind: 'full',
  state: 'running',
  phase: 'tracking',
  resumes: 0,
  snapshotRef: undefined,
  snapshotTakenAt: undefined,
  trackingDoubt: undefined,
  notes: [],
  counts: noCounts,
  reconnects: 0,
  recoveryPointId: 'point-1',
  error: undefined,
  startedAt: at,
  endedAt: undefined,
};

async function withJob(store: Store): Promise<void> {
  await store.sources.put({
    id: 's',
    kind: 'vsphere',
    name: 'vc',
    url: 'https://a/sdk',
    username: 'u',
    thumbprint: 'AA',
    instanceUuid: 'vc-1',
    createdAt: at,
  });
  await store.targets.put({ id: 't', kind: 'local', name: 'folder', location: '/x', settings: {}, createdAt: at });
  const inventory = { ref: 'vm-1', instanceUuid: 'i-1', name: 'web' } as MachineInventory;
  await store.machines.put({ id: 'm', sourceEnvironmentId: 's', inventory, seenAt: at });
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  await store.jobs.put({ id: 'job-1', machineId: 'm', targetEnvironmentId: 't', state: 'active', settings, createdAt: at });
}

test('no other user of the computer reads the database, however open its folder is', async () => {
  const path = join(folder, 'octopus.db');
  const files = ['octopus.db', 'octopus.db-shm', 'octopus.db-wal'];
  const modes = async () => Promise.all(files.map(async (name) => (await stat(join(folder, name))).mode & 0o007));
  await chmod(folder, 0o755);
  {
    await using store = await openStore(path);
    await withJob(store);
    expect(await modes()).toEqual([0, 0, 0]);
  }
  // As earlier versions left it.
  await chmod(path, 0o644);
  await using store = await openStore(path);
  expect(await store.jobs.list()).toHaveLength(1);
  expect(await modes()).toEqual([0, 0, 0]);
});

test('every migration runs alone, is numbered without a gap, and foreign keys hold', () => {
  const database = new SqliteDatabase(':memory:');
  database.pragma('foreign_keys = ON');
  migrations.forEach((migration, index) => {
    expect(migration.version).toBe(index + 1);
    migrate(database, migrations.slice(0, index + 1));
    expect(database.pragma('user_version', { simple: true })).toBe(index + 1);
    migrate(database, migrations.slice(0, index + 1));
  });
  const tables = (database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]).map(
    ({ name }) => name,
  );
  for (const name of 'users source_environments target_environments vms migration_jobs sync_history scheduled_tasks activity_logs env_variables size_estimations'.split(
    ' ',
  )) {
    expect(tables).toContain(name);
  }
  expect(() => database.exec("INSERT INTO run_disks VALUES ('none',1,'','',1,NULL,'full',NULL,NULL,0,NULL,NULL,NULL,'{}')")).toThrow(
    /FOREIGN KEY/,
  );
});

test('a migration that fails leaves the database as it was', () => {
  const database = new SqliteDatabase(':memory:');
  const broken = { version: migrations.length + 1, name: 'broken', sql: 'CREATE TABLE fine (a); CREATE TABLE users (a);' };
  expect(() => migrate(database, [...migrations, broken])).toThrow();
  expect(database.pragma('user_version', { simple: true })).toBe(migrations.length);
  expect(database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'fine'").get()).toBeUndefined();
});

test('a database of the future, of another program, or no database at all is refused and untouched', async () => {
  const path = join(folder, 'octopus.db');
  await (await openStore(path)).close();
  const database = new SqliteDatabase(path);
  database.pragma('user_version = 99');
  database.close();
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store.newer' });
  const foreign = new SqliteDatabase(join(folder, 'foreign.db'));
  foreign.exec('CREATE TABLE a (b)');
  foreign.close();
  await expect(openStore(join(folder, 'foreign.db'))).rejects.toMatchObject({ code: 'store.corrupt' });
  await writeFile(join(folder, 'text.db'), 'not a database, but long enough to be looked at as one'.repeat(40));
  await expect(openStore(join(folder, 'text.db'))).rejects.toMatchObject({ code: 'store.corrupt' });
});

test('what is stored is what is read, also by the next process', async () => {
  const path = join(folder, 'octopus.db');
  const store = await openStore(path);
  await withJob(store);
  await store.runs.add(run);
  await store.runs.enterPhase('run-1', 'tracking', at);
  await store.runs.enterPhase('run-1', 'snapshot', at);
  const disk = {
    runId: 'run-1',
    key: 2000,
    objectId: '1-2000',
    datastore: 'ds',
    capacity: 2 ** 45,
    changeId: changeId('u/1'),
    mode: 'extents' as const,
    doubt: undefined,
    extents: Float64Array.of(0, 512, 2 ** 44, 1024),
    blank: false,
    journal: undefined,
    manifestRoot: undefined,
    algorithm: undefined,
    counts: noCounts,
  };
  await store.runDisks.plan('run-1', [{ ...disk, mode: 'full' }]);
  await store.runDisks.plan('run-1', [disk]);
  const point: RecoveryPoint = {
    id: 'point-1',
    runId: 'run-1',
    kind: 'full',
    doubts: ['one'],
    takenAt: at,
    verified: 'all',
    disks: [
      {
        key: 2000,
        objectId: '1-2000',
        capacity: 2 ** 45,
        changeId: changeId('u/1'),
        manifestRoot: 'ab',
        algorithm: 'blake3',
        manifest: 'm',
        image: 'i',
      },
    ],
  };
  await store.recoveryPoints.add('job-1', point, at);
  await store.recoveryPoints.add('job-1', { ...point, doubts: ['two'] }, at);
  await store.recoveryPoints.add('job-1', { ...point, id: 'point-2' }, at);
  await store.recoveryPoints.markRemoved(['point-1'], at);
  await store.close();

  await using again = await openStore(path);
  expect(await again.runs.unfinished()).toEqual([{ ...run, phase: 'snapshot' }]);
  expect(await again.runs.phases('run-1')).toEqual([
    { phase: 'tracking', startedAt: at, endedAt: at },
    { phase: 'snapshot', startedAt: at, endedAt: undefined },
  ]);
  expect(await again.runDisks.ofRun('run-1')).toEqual([disk]);
  expect(await again.recoveryPoints.newest('job-1')).toMatchObject({ ...point, id: 'point-2' });
  expect(await again.recoveryPoints.ofJob('job-1')).toHaveLength(1);
  const ended: Run = { ...run, state: 'failed', error: { code: 'target.full', message: 'Full.' }, endedAt: at };
  await again.runs.save(ended);
  expect(await again.runs.ofJob('job-1')).toEqual([ended]);
});

test('a folder is worked on by one holder at a time', async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'target.busy' });
  lock.release();
  (await lockFolder(folder)).release();
  await writeFile(join(folder, 'file'), '');
  await expect(lockFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'target.denied' });
});
