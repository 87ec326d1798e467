import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** What a new user pastes as it stands, in an empty folder. */
test("README's example with the lab works up to its first run when it is pasted whole", async () => {
  const [, section = ''] = (await readFile('README.md', 'utf8')).split('### Replicate a machine of the lab\n');
  const [, example = ''] = /^```sh\n(.*?)```/s.exec(section) ?? [];
  const lines = example.trimEnd().split('\n');
  const upToFirstRun = lines.slice(0, lines.findIndex((line) => line.includes('octopus replicate')) + 1);
  expect(upToFirstRun.length).toBeGreaterThan(1);
  const octopus = `'${process.execPath}' '${resolve('src-main/cli.ts')}'`;
  const script = ['set -e', `trap 'kill $!; wait' EXIT`, ...upToFirstRun].join('\n').replaceAll('npx octopus', octopus);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-readme-test-'));
  try {
    const { stdout } = await run('bash', ['-c', script], { cwd: folder });
    expect(stdout).toContain('web: full run proven');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
