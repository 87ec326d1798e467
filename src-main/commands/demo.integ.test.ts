import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
const started: ChildProcessWithoutNullStreams[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-demo-test-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A demo that is in the middle of its first replication. */
async function demo(): Promise<{ child: ChildProcessWithoutNullStreams; out: () => string }> {
  const env = { ...process.env, TMPDIR: folder, OCTOPUS_DEMO_WITHOUT_BOOT: 'nothing' };
  const child = spawn(process.execPath, ['src-main/cli.ts', 'demo'], { env });
  started.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk));
  while (!out.includes('1. First replication')) {
    expect(child.exitCode, out).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, out: () => out };
}
const left = async () => (await readdir(folder)).filter((name) => name.startsWith('octopus-demo-'));

test('stopped, it takes its temporary folder along; killed, the next one removes it and says so', async () => {
  const killed = await demo();
  expect(await left()).toHaveLength(1);
  // It must not end before its turn.
  killed.child.kill('SIGSTOP');
  // One that still runs is left alone.
  const other = await demo();
  expect(other.out()).not.toContain('Removed');
  expect(await left()).toHaveLength(2);
  // Ctrl+C reaches the process several times: from the terminal and from npm.
  other.child.kill('SIGINT');
  setTimeout(() => other.child.kill('SIGINT'), 100);
  expect(await once(other.child, 'exit')).toEqual([130, null]);
  expect(await left()).toHaveLength(1);

  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  expect(await left()).toHaveLength(1);
  const next = await demo();
  expect(next.out()).toContain('Removed 1 temporary folder of demos that were killed.');
  expect(await left()).toHaveLength(1);
  next.child.kill('SIGTERM');
  expect(await once(next.child, 'exit')).toEqual([130, null]);
  expect(await left()).toEqual([]);
});
