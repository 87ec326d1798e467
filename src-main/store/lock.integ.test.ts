import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from './lock.ts';

test('makes the folder and those above it, once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-lock-test-'));
  try {
    const held = await lockFolder(join(folder, 'a', 'b', 'c'));
    expect((await stat(join(folder, 'a', 'b', 'c'))).isDirectory()).toBe(true);
    await expect(lockFolder(join(folder, 'a', 'b', 'c'))).rejects.toMatchObject({ code: 'target.busy' });
    held.release();
    await writeFile(join(folder, 'file'), '');
    await expect(lockFolder(join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'target.denied' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('ends where no folder can be made', async () => {
  for (const path of ['/proc/x', '/proc/x/y/z']) {
    await expect(lockFolder(path)).rejects.toMatchObject({ code: 'target.denied', message: expect.stringContaining(path) });
  }
});
