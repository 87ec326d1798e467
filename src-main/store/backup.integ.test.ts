import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyChain } from '../audit/verify-chain.ts';
import { restoreDatabase } from './backup.ts';
import { lockFolder } from './lock.ts';
import { migrations } from './migrations/migrations.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-backup-'));
  path = join(folder, 'state', 'octopus.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = '2026-01-02T03:04:05.000Z';
const now = () => new Date(at);
const put = (store: Store, id: string) =>
  store.targets.put({ id, kind: 'local', name: id, location: `/${id}`, settings: { filler: 'x'.repeat(2000) }, createdAt: at });
const newest = migrations.at(-1)?.version;

test('a backup of a database at work is whole, at one moment, one private file', async () => {
  await using store = await openStore(path);
  for (let index = 0; index < 200; index++) await put(store, `before-${index}`);
  const writing = new AbortController();
  let written = 0;
  const writer = (async () => {
    for (; !writing.signal.aborted; written++) {
      await put(store, `during-${String(written).padStart(6, '0')}`);
      // The database answers at once: without this nobody else would get a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const copy = join(folder, 'copies', 'one.db');
  await expect(store.backup(copy)).rejects.toMatchObject({ code: 'target.missing', message: expect.stringContaining('mount') });
  await mkdir(join(folder, 'copies'));
  const result = await store.backup(copy);
  writing.abort();
  await writer;
  expect(result).toEqual({ path: copy, size: (await stat(copy)).size, schema: newest });
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'copies'))).toEqual(['one.db']);
  // Judged by a program that is not ours.
  expect(
    execFileSync('python3', [
      '-c',
      `import sqlite3;print(sqlite3.connect('${copy}').execute('pragma integrity_check').fetchone()[0])`,
    ]).toString(),
  ).toBe('ok\n');
  const database = new SqliteDatabase(copy, { readonly: true });
  const ids = (database.prepare('SELECT id FROM target_environments').all() as { id: string }[]).map(({ id }) => id);
  database.close();
  const during = ids.filter((id) => id.startsWith('during')).sort();
  expect(ids.length - during.length).toBe(200);
  // One moment: none is left out before one that is in.
  expect(during).toEqual(during.map((_, index) => `during-${String(index).padStart(6, '0')}`));
  await expect(store.backup(copy)).rejects.toMatchObject({ code: 'argument.invalid', field: 'path' });
  await expect(store.backup(join(folder, 'copies', 'two.db'), AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  await writeFile(join(folder, 'file'), '');
  await expect(store.backup(join(folder, 'file', 'x.db'))).rejects.toMatchObject({ code: 'target.denied' });
  expect(await readdir(join(folder, 'copies'))).toEqual(['one.db']);
});

test('restoring gives back what the backup held, and keeps what was there', async () => {
  const copy = join(folder, 'one.db');
  {
    await using store = await openStore(path);
    await put(store, 'first');
    await store.backup(copy);
    await put(store, 'second');
  }
  const { replaced, schema } = await restoreDatabase(copy, path, now);
  expect(schema).toBe(newest);
  await using store = await openStore(path);
  expect((await store.targets.list()).map(({ id }) => id)).toEqual(['first']);
  await using old = await openStore(replaced ?? '');
  expect((await old.targets.list()).map(({ id }) => id)).toEqual(['first', 'second']);
});

test('a restore brings no session back, and the log tells of it', async () => {
  const copy = join(folder, 'one.db');
  const later = '2030-01-01T00:00:00.000Z';
  {
    await using store = await openStore(path);
    const known = { id: 'u', name: 'u', role: 'admin', source: 'local', disabled: false, mustChangePassword: false } as const;
    const rest = { passwordHash: 'h', directoryDn: undefined, failedLogins: 0, lockedUntil: undefined, lastSignInAt: undefined };
    await store.users.add({ ...known, ...rest, createdAt: at });
    await store.refreshTokens.open(
      { id: 's', userId: 'u', address: '', createdAt: at, expiresAt: later, endedAt: undefined, endedWhy: undefined },
      { hash: 'stolen', issuedAt: at, expiresAt: later },
    );
    await store.activity.append({ at, action: 'auth.login', outcome: 'succeeded' });
    await store.backup(copy);
    // Found out, and ended.
    await store.refreshTokens.end('s', 'reused', at);
  }
  await restoreDatabase(copy, path, now);
  await using store = await openStore(path);
  expect((await store.refreshTokens.find('stolen'))?.session).toMatchObject({ endedAt: now().toISOString(), endedWhy: 'restored' });
  expect((await store.activity.newest({}, 9)).map(({ action }) => action)).toEqual(['store.restore', 'auth.login']);
  expect(await verifyChain(store.activity)).toMatchObject({ whole: true, entries: 2 });
});

test('a log that a killed process left is folded into what is kept, never into what is restored', async () => {
  const copy = join(folder, 'one.db');
  {
    await using store = await openStore(path);
    await put(store, 'first');
    await store.backup(copy);
  }
  const script = `import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))};
    const store = await openStore(${JSON.stringify(path)});
    await store.targets.put({ id: 'second', kind: 'local', name: 'second', location: '/second', settings: {}, createdAt: '${at}' });
    process.kill(process.pid, 'SIGKILL');`;
  await once(spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }), 'exit');
  expect((await stat(`${path}-wal`)).size).toBeGreaterThan(0);
  const { replaced } = await restoreDatabase(copy, path, now);
  {
    await using store = await openStore(path);
    expect((await store.targets.list()).map(({ id }) => id)).toEqual(['first']);
    await using old = await openStore(replaced ?? '');
    expect((await old.targets.list()).map(({ id }) => id)).toEqual(['first', 'second']);
  }
  // Onto a damaged database: that is when it is needed most.
  await truncate(path, 1000);
  await restoreDatabase(copy, path, () => new Date('2026-02-02T00:00:00.000Z'));
  await using store = await openStore(path);
  expect((await store.targets.list()).map(({ id }) => id)).toEqual(['first']);
});

test('refused: while open, a newer schema, a damaged or foreign file; the database is untouched', async () => {
  const copy = join(folder, 'one.db');
  {
    await using store = await openStore(path);
    for (let index = 0; index < 50; index++) await put(store, `first-${index}`);
    await store.backup(copy);
    // A process without the folder's lock, e.g. a person with the sqlite shell.
    await expect(restoreDatabase(copy, path, now)).rejects.toMatchObject({ code: 'target.busy' });
  }
  {
    await using _lock = await lockFolder(join(folder, 'state'));
    await expect(restoreDatabase(copy, path, now)).rejects.toMatchObject({ code: 'target.busy' });
  }
  await expect(restoreDatabase(join(folder, 'none'), path, now)).rejects.toMatchObject({ code: 'argument.invalid' });
  const bad = join(folder, 'bad.db');
  await writeFile(bad, 'not a database, but long enough to be looked at as one'.repeat(40));
  await expect(restoreDatabase(bad, path, now)).rejects.toMatchObject({ code: 'store.corrupt' });
  await writeFile(bad, '');
  await expect(restoreDatabase(bad, path, now)).rejects.toMatchObject({ code: 'store.corrupt' });
  execFileSync('cp', [copy, bad]);
  await truncate(bad, (await stat(bad)).size - 8192);
  await expect(restoreDatabase(bad, path, now)).rejects.toMatchObject({ code: 'store.corrupt' });
  const newer = new SqliteDatabase(copy);
  newer.pragma('user_version = 99');
  newer.close();
  await expect(restoreDatabase(copy, path, now)).rejects.toMatchObject({ code: 'store.newer' });
  await using store = await openStore(path);
  expect(await store.targets.list()).toHaveLength(50);
  expect((await readdir(join(folder, 'state'))).filter((name) => name.endsWith('.tmp') || name.includes('replaced'))).toEqual([]);
});
