import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from './store.ts';

test('a store in memory leaves no file where one happens to be', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-memory-'));
  const before = process.cwd();
  try {
    process.chdir(folder);
    await using store = await openStore(':memory:');
    expect(await store.sources.list()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true, force: true });
  }
});
