import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { probeFolder } from './probe-folder.ts';

const failed = async (folder: string) => (await probeFolder(folder)).steps.filter(({ outcome }) => outcome === 'failed');

test.runIf(existsSync('/proc/self'))('a file system that takes no folders says so, in place of that it does not exist', async () => {
  expect(await failed('/proc/x')).toEqual([
    { id: 'folder', outcome: 'failed', text: 'It cannot be made in /proc: its file system takes no folders of others.' },
  ]);
  expect(await failed('/proc')).toEqual([
    { id: 'write', outcome: 'failed', text: 'Nothing can be written there: its file system takes no folders of others.' },
  ]);
});
