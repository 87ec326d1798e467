import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { suggestedFolder } from './suggested-folder.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'octopus-home-'));
});
afterEach(() => rm(home, { recursive: true }));

test('a folder in the home; none where the home is not there or no folder', async () => {
  expect(await suggestedFolder(home)).toBe(join(home, 'Octopus', 'replicas'));
  expect(await suggestedFolder(join(home, 'nobody'))).toBeUndefined();
  await writeFile(join(home, 'file'), '');
  expect(await suggestedFolder(join(home, 'file'))).toBeUndefined();
  expect(await suggestedFolder('')).toBeUndefined();
});
