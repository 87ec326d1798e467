import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './lock.ts';
import { openStore } from './store.ts';

let folder: string;

/** A mount needs root and the right to mount, which containers may lack: said, never skipped. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-no-space-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true });
    throw new Error(`This test mounts file systems of its own and needs root for it: ${(error as Error).message}`);
  }
});
afterEach(async () => {
  execFileSync('umount', ['-l', folder]);
  await rm(folder, { recursive: true, force: true });
});

async function fillBut(left: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  await writeFile(join(folder, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

const told = { code: 'target.full', message: expect.stringContaining('octopus.db') };

test('a transaction that found no space is told as such, left no trace, and the store works on once there is some', async () => {
  await using store = await openStore(join(folder, 'octopus.db'));
  await store.variables.put(new Map([['before', '1']]), '2026-01-02T03:04:05.000Z');
  await fillBut(20_000);
  // More than SQLite keeps in memory: it fails in the midst of the transaction, not at its end.
  const many = new Map(Array.from({ length: 60 }, (_, index) => [`v${index}`, 'x'.repeat(200_000)]));
  await expect(store.variables.put(many, '2026-01-02T03:04:05.000Z')).rejects.toMatchObject(told);
  await expect(store.variables.put(new Map([['v', 'x'.repeat(100_000)]]), '2026-01-02T03:04:05.000Z')).rejects.toMatchObject(told);
  expect((await store.variables.list()).map(({ name }) => name)).toEqual(['before']);
  await rm(join(folder, 'filler'));
  await store.variables.put(new Map([['after', '2']]), '2026-01-02T03:04:05.000Z');
  expect((await store.variables.list()).map(({ name }) => name)).toEqual(['after', 'before']);
});

test('a new database and a lock that find no space say so, with where', async () => {
  await fillBut(0);
  await expect(openStore(join(folder, 'octopus.db'))).rejects.toMatchObject(told);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'target.full', message: expect.stringContaining(folder) });
});
