import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLinuxDisk, type LinuxDisk } from '../../../../lab/disks/linux-disk.ts';
import type { Firmware } from '../../../domain/machine.ts';
import { createLocalTarget, type LocalTarget } from '../local-target.ts';
import { fillReplica, MACHINE_ID, testMachine, testPoint } from '../testing/fixtures.ts';

const SIZE = 64 * 1024 * 1024;
const MESSAGE = 'Octopus lab machine is up';
let root: string;
const targets: Record<string, LocalTarget> = {};
const disks: Record<string, LinuxDisk> = {};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'octopus-boot-test-'));
  for (const firmware of ['bios', 'efi'] as const) {
    disks[firmware] = await buildLinuxDisk({ path: join(root, `${firmware}.raw`), firmware, sizeBytes: SIZE, message: MESSAGE });
    await mkdir(join(root, firmware));
    await mkdir(join(root, `${firmware}-work`));
    targets[firmware] = createLocalTarget({ folder: join(root, firmware), qemu: { temporaryFolder: join(root, `${firmware}-work`) } });
    await commit(firmware, 'good', () => undefined);
    const damageData = (bytes: Buffer, disk: LinuxDisk) => {
      bytes[disk.data.offset + 4_000_000]! ^= 1;
    };
    await commit(firmware, 'damaged', damageData);
    await commit(firmware, 'no-boot', (bytes, disk) =>
      bytes.fill(
        firmware === 'bios' ? 0 : 0xa5,
        firmware === 'bios' ? 0 : disk.boot.offset,
        firmware === 'bios' ? 512 : disk.boot.offset + 1024 * 1024,
      ),
    );
  }
});
afterAll(async () => {
  for (const target of Object.values(targets)) await target[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const imageOf = (firmware: Firmware, id: string) => join(root, firmware, MACHINE_ID, 'points', id, '2000.raw');
const digestOfFile = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** The disk, changed by `damage`, as a recovery point. */
async function commit(firmware: Firmware, id: string, damage: (bytes: Buffer, disk: LinuxDisk) => void): Promise<void> {
  const target = targets[firmware]!;
  const disk = disks[firmware]!;
  const bytes = await readFile(disk.path);
  damage(bytes, disk);
  const replicas = await target.prepareReplica(MACHINE_ID, [{ key: 2000, objectId: '1-2000', capacity: SIZE }]);
  await fillReplica(replicas[0]!, `run-${id}`, (block, length) => bytes.subarray(block * 1024 * 1024, block * 1024 * 1024 + length));
  await target.commit(MACHINE_ID, testMachine(firmware, [SIZE]), await testPoint(id, replicas, new Date().toISOString()));
}

for (const firmware of ['bios', 'efi'] as const) {
  test(`a ${firmware} disk boots, is left as it was, and leaves evidence`, async () => {
    const before = await digestOfFile(imageOf(firmware, 'good'));
    const seen = await targets[firmware]!.observeBoot(MACHINE_ID, 'good', { console: `/^${MESSAGE}$/m`, timeoutMs: 500_000 });
    expect(seen).toMatchObject({ passed: true, evidence: `The console showed: ${MESSAGE}` });
    expect(await digestOfFile(imageOf(firmware, 'good'))).toBe(before);
    const [log, screen] = [...seen.artifacts].sort();
    expect(await readFile(log!, 'utf8')).toContain(`started by ${firmware}`);
    expect((await readFile(screen!)).subarray(1, 4).toString()).toBe('PNG');
  });

  test(`a ${firmware} disk that does not boot fails before its time`, async () => {
    const expectation = firmware === 'bios' ? { screen: true } : { console: MESSAGE };
    const seen = await targets[firmware]!.observeBoot(MACHINE_ID, 'no-boot', { ...expectation, timeoutMs: 500_000 });
    expect(seen).toMatchObject({ passed: false, evidence: expect.stringMatching(/did not start: .*(No bootable|Shell)/) });
  });
}

test('a started UEFI system is told by its screen', async () => {
  const seen = await targets.efi!.observeBoot(MACHINE_ID, 'damaged', { screen: true, timeoutMs: 500_000 });
  expect(seen).toMatchObject({ passed: true, evidence: expect.stringContaining('A kernel runs, and the screen shows') });
  expect(await readFile(join(root, 'efi', MACHINE_ID, 'evidence', 'damaged', 'console.log'), 'utf8')).toContain('BdsDxe: starting Boot');
});

test('damaged data is noticed by the guest', async () => {
  const seen = await targets.bios!.observeBoot(MACHINE_ID, 'damaged', { console: `/DAMAGED|${MESSAGE}/`, timeoutMs: 500_000 });
  expect(seen.evidence).toContain('DAMAGED: the data has sha256');
});

test('a wrong expectation fails with evidence', async () => {
  const seen = await targets.efi!.observeBoot(MACHINE_ID, 'damaged', { console: 'Windows', timeoutMs: 4000 });
  expect(seen).toMatchObject({ passed: false, evidence: expect.stringContaining('the console did not show what is expected') });
  expect(seen.artifacts).toHaveLength(2);
});

test('observations leave nothing behind but their evidence', async () => {
  for (const firmware of ['bios', 'efi']) expect(await readdir(join(root, `${firmware}-work`))).toEqual([]);
});

test('cancelling ends QEMU and removes the overlay', async () => {
  await expect(
    targets.bios!.observeBoot(MACHINE_ID, 'good', { console: 'never', timeoutMs: 60_000 }, AbortSignal.timeout(1500)),
  ).rejects.toMatchObject({
    code: 'operation.cancelled',
  });
  expect(await readdir(join(root, 'bios-work'))).toEqual([]);
});

test('a missing QEMU names the packages', async () => {
  const target = createLocalTarget({ folder: join(root, 'bios'), qemu: { system: '/nowhere/qemu-system-x86_64' } });
  await expect(target.observeBoot(MACHINE_ID, 'good', { timeoutMs: 1 })).rejects.toMatchObject({
    code: 'tool.missing',
    message: expect.stringContaining('qemu-system-x86 qemu-utils ovmf'),
  });
});

test('a started machine outlives its starter, keeps what it writes, and stop() undoes it', async () => {
  const target = targets.bios!;
  const before = await digestOfFile(imageOf('bios', 'good'));
  const running = join(root, 'bios', MACHINE_ID, 'running', 'good');
  const started = await target.start(MACHINE_ID, 'good');
  try {
    const pid = Number(await readFile(join(running, 'qemu.pid'), 'utf8'));
    // Another process after a crash sees the same.
    const other = createLocalTarget({ folder: join(root, 'bios') });
    expect(await other.start(MACHINE_ID, 'good')).toEqual(started);
    expect(started.where).toContain(`process ${pid}`);
    await expect(other.start(MACHINE_ID, 'damaged')).rejects.toMatchObject({ code: 'target.busy' });
    expect(await other.startedFrom(MACHINE_ID, 'good')).toBe(started.handle);
    expect(await other.startedFrom(MACHINE_ID, 'damaged')).toBeUndefined();
    expect(await other.started(MACHINE_ID)).toEqual([started.handle]);
    const told = { machineId: MACHINE_ID, handle: started.handle, name: testMachine('bios', []).name, since: expect.any(String) };
    expect(await other.startedMachines()).toEqual([{ ...told, running: true, where: started.where }]);
    expect(await target.prune(MACHINE_ID, 1)).not.toContain('good');
    process.kill(pid, 'SIGKILL');
    await waitFor(async () => !existsSync(`/proc/${pid}`));
    expect(await other.startedMachines()).toEqual([{ ...told, running: false, where: expect.stringContaining('console.log') }]);
    expect((await other.start(MACHINE_ID, 'good')).handle).toBe(started.handle);
    expect(Number(await readFile(join(running, 'qemu.pid'), 'utf8'))).not.toBe(pid);
  } finally {
    await target.stop(MACHINE_ID, started.handle);
  }
  expect(existsSync(running)).toBe(false);
  expect(await target.startedFrom(MACHINE_ID, 'good')).toBeUndefined();
  expect([await target.started(MACHINE_ID), await target.startedMachines()]).toEqual([[], []]);
  await target.stop(MACHINE_ID, started.handle);
  expect(await digestOfFile(imageOf('bios', 'good'))).toBe(before);
});

test('a builder that runs again builds the same disk', async () => {
  const cacheFolder = join(root, 'cache');
  await mkdir(cacheFolder);
  await symlink(join(import.meta.dirname, '../../../../.cache/debian'), join(cacheFolder, 'debian'));
  const again = await buildLinuxDisk({ path: join(root, 'again.raw'), firmware: 'efi', sizeBytes: SIZE, message: MESSAGE, cacheFolder });
  expect(await digestOfFile(again.path)).toBe(await digestOfFile(disks.efi!.path));
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 600) throw new Error('it did not happen within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
