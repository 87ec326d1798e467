import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Command } from './command.ts';
import { copyCommand } from './copy.ts';
import { replicateCommand } from './replicate.ts';
import { tryCommand } from './testing/run-command.ts';

const MiB = 2 ** 20;
let folder: string;
let disk: string;

/** A mount needs root and the right to mount, which containers may lack: said, never skipped. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-full-disk-'));
  disk = join(folder, 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true });
    throw new Error(`This test mounts file systems of its own and needs root for it: ${(error as Error).message}`);
  }
});
afterEach(async () => {
  execFileSync('umount', ['-l', disk]);
  await rm(folder, { recursive: true, force: true });
});

async function call(command: Command, ...args: string[]) {
  const { error, out } = await tryCommand(command, args);
  return { error, out: out.join('\n') };
}

test('replicate: a database that cannot grow is told with its file, and the last recovery point is as it was', async () => {
  await using lab = Object.assign(await startLabVcenter({ seed: 3, machines: [{ name: 'web', disks: [{ size: 2 * MiB, fill: 1 }] }] }), {
    [Symbol.asyncDispose]: () => lab.close(),
  });
  const machine = lab.world.machineByName('web')!;
  const { url, username, password, thumbprint } = lab;
  await writeFile(join(folder, 'lab.json'), JSON.stringify({ url, username, password, thumbprint }));
  const replicate = () => call(replicateCommand, '--info', join(folder, 'lab.json'), '--machine', 'web', '--to', disk, '--json');
  const truth = machine.disks[0]!.read(0, 2 * MiB);
  const first = JSON.parse((await replicate()).out);
  machine.disks[0]!.write(0, Buffer.alloc(1000, 7));
  const filler = join(disk, 'filler');
  const seen = new Set<string>();
  // From a lock that cannot be taken to a run that cannot be stored.
  for (const left of [0, 8, 24, 40, 64, 80, 100, 130]) {
    await rm(filler, { force: true });
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(bavail * bsize - left * 1024));
    const { error } = await replicate();
    seen.add(error?.message ?? '');
    expect(error, `${left} KiB left`).toBeInstanceOf(OctopusError);
    expect(error, `${left} KiB left`).toMatchObject({ code: 'target.full', message: expect.stringContaining(disk) });
    expect(error!.message, `${left} KiB left`).toMatch(/free some/);
    expect([...machine.snapshots.values()].length, `snapshots with ${left} KiB left`).toBe(0);
    expect((await readFile(first.run.disks[0].image)).equals(truth)).toBe(true);
  }
  expect([...seen].join('\n')).toContain(join(disk, 'octopus.db'));
  await rm(filler);
  const again = await replicate();
  expect(again.error).toBeUndefined();
  const { run } = JSON.parse(again.out);
  expect((await readFile(run.disks[0].image)).equals(machine.disks[0]!.read(0, 2 * MiB))).toBe(true);
  expect([...machine.snapshots.values()]).toEqual([]);
}, 120_000);

test('copy: a full disk says that --resume goes on, where it does', async () => {
  const source = join(folder, 'source.raw');
  await writeFile(source, Buffer.alloc(24 * MiB, 'octopus '));
  const target = join(disk, 'target.raw');
  const manifest = join(folder, 'manifest');
  const copy = (...args: string[]) => call(copyCommand, source, target, ...args);

  const alone = await copy();
  expect(alone.error).toMatchObject({ code: 'target.full', message: expect.not.stringContaining('--resume') });

  const { error } = await copy('--manifest', manifest);
  expect(error).toMatchObject({
    code: 'target.full',
    message: expect.stringMatching(/^No space is left for .*target\.raw.*the same command with --resume goes on .* once there is room\.$/),
  });
  expect(existsSync(manifest)).toBe(false);
  execFileSync('mount', ['-o', 'remount,size=64m', disk]);
  const resumed = await copy('--manifest', manifest, '--resume', '--json');
  expect(resumed.error).toBeUndefined();
  expect(JSON.parse(resumed.out).resumed).toBeGreaterThan(0);
  expect((await readFile(target)).equals(await readFile(source))).toBe(true);
});
