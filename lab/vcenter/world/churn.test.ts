import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { manualClock } from './clock.ts';
import { createWorld } from './create-world.ts';
import { createFaultPlan, seededFaults } from './fault-plan.ts';
import { createRandom } from './random.ts';

const MiB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'lab-world-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('guests that write', () => {
  it('keep changing running machines, pause, and stop with the machine; the base stays frozen', () => {
    const clock = manualClock();
    const lab = createWorld({
      clock,
      churn: 5,
      taskMs: 0,
      machines: [
        { name: 'a', disks: [{ size: 4 * MiB, fill: 1 }, { size: MiB }] },
        { name: 'quiet', disks: [{ size: MiB }], churn: false },
        { name: 'off', disks: [{ size: MiB }], poweredOn: false },
      ],
    });
    const contents = (name: string) =>
      lab
        .machineByName(name)!
        .disks.map((disk) => digest(disk.read(0, disk.capacity)))
        .join();
    const machine = lab.machineByName('a')!;
    const before = ['a', 'quiet', 'off'].map(contents);
    const snapshot = machine.createSnapshot('s').result!;
    const frozen = digest(lab.readDatastoreFile('datastore1', 'a/a-flat.vmdk', 0, 4 * MiB));
    clock.advance(5000);
    expect(contents('a')).not.toBe(before[0]);
    expect([contents('quiet'), contents('off')]).toEqual(before.slice(1));
    expect(digest(lab.readDatastoreFile('datastore1', 'a/a-flat.vmdk', 0, 4 * MiB))).toBe(frozen);
    expect(digest(machine.disks[0]!.readAt(snapshot, 0, 4 * MiB))).toBe(frozen);
    lab.churn.pause();
    const paused = contents('a');
    clock.advance(5000);
    expect([contents('a'), lab.churn.running]).toEqual([paused, false]);
    expect(lab.churn.tick({ machine: machine.ref, rounds: 3 })).toBeGreaterThanOrEqual(3);
    expect(contents('a')).not.toBe(paused);
    lab.churn.resume();
    machine.powerOff();
    const off = contents('a');
    clock.advance(5000);
    expect(contents('a')).toBe(off);
    lab.close();
  });

  it('write the same for the same seed', () => {
    const run = (seed: number) => {
      const lab = createWorld({ churn: seed, taskMs: 0, clock: manualClock(), machines: [{ name: 'a', disks: [{ size: 4 * MiB }] }] });
      lab.churn.tick({ rounds: 20 });
      return digest(lab.machineByName('a')!.disks[0]!.read(0, 4 * MiB));
    };
    expect(run(1)).toBe(run(1));
    expect(run(1)).not.toBe(run(2));
  });

  it('never change the image that a disk was made from', () => {
    const file = join(folder, 'plain.raw');
    writeFileSync(file, createRandom(3).bytes(Buffer.alloc(2 * MiB + 100)));
    const before = readFileSync(file);
    const lab = createWorld({ taskMs: 0, clock: manualClock(), machines: [{ name: 'a', disks: [{ file }] }] });
    const disk = lab.machineByName('a')!.disks[0]!;
    expect(disk.capacity).toBe(2 * MiB + 512);
    expect(disk.read(0, disk.capacity).equals(Buffer.concat([before, Buffer.alloc(412)]))).toBe(true);
    lab.churn.tick({ rounds: 20 });
    expect(disk.read(0, before.length).equals(before)).toBe(false);
    expect(readFileSync(file).equals(before)).toBe(true);
    lab.close();
  });

  it.each(['mbr', 'gpt', 'ext4'])('leave partitions and file systems of an image alone (%s)', (kind) => {
    const image = createRandom(4).bytes(Buffer.alloc(6 * MiB));
    image.fill(0, 512, MiB);
    image.fill(0, 0, 512);
    if (kind === 'ext4') {
      image.writeUInt16LE(0xef53, 0x438);
    } else {
      image.writeUInt16LE(0xaa55, 510);
      image[450] = kind === 'gpt' ? 0xee : 0x83;
      image.writeUInt32LE(kind === 'gpt' ? 1 : 2048, 454);
      image.writeUInt32LE(kind === 'gpt' ? 6 * 2048 - 1 : 3 * 2048, 458);
    }
    if (kind === 'gpt') {
      image.write('EFI PART', 512, 'latin1');
      image.writeUInt32LE(2, 512 + 72);
      image.writeUInt32LE(128, 512 + 80);
      image.writeUInt32LE(128, 512 + 84);
      image.fill(1, 1024, 1040);
      image.writeBigUInt64LE(2048n, 1024 + 32);
      image.writeBigUInt64LE(BigInt(4 * 2048 - 1), 1024 + 40);
    }
    const file = join(folder, `${kind}.raw`);
    writeFileSync(file, image);
    const lab = createWorld({ taskMs: 0, clock: manualClock(), machines: [{ name: 'a', disks: [{ file }], changeTracking: true }] });
    const machine = lab.machineByName('a')!;
    const disk = machine.disks[0]!;
    const first = machine.snapshots.get(machine.createSnapshot('1').result!)!.disks[0]!.changeId!;
    expect(lab.churn.tick({ rounds: 100 })).toBeGreaterThan(0);
    const now = disk.read(0, disk.capacity);
    expect(now.subarray(MiB, 4 * MiB).equals(image.subarray(MiB, 4 * MiB))).toBe(true);
    expect(now.subarray(0, 64 * 1024).equals(image.subarray(0, 64 * 1024))).toBe(true);
    expect(now.equals(image)).toBe(kind === 'ext4');
    const second = machine.createSnapshot('2').result!;
    expect(machine.queryChangedDiskAreas(second, 2000, 0, first).changedArea.length).toBeGreaterThan(0);
    lab.close();
  });
});

describe('fault plans', () => {
  it('fall by name, number and times', () => {
    const plan = createFaultPlan({
      rules: [
        { operation: 'folder:GET', nth: [2, 3], action: { kind: 'status', status: 503 } },
        { operation: 'soap:*', times: 1, action: { kind: 'sessionLoss' } },
      ],
    });
    const got = [1, 2, 3, 4].map(() => plan.decide('folder:GET')?.kind);
    expect(got).toEqual([undefined, 'status', 'status', undefined]);
    expect([plan.decide('soap:Login')?.kind, plan.decide('soap:Login')?.kind]).toEqual(['sessionLoss', undefined]);
    expect(plan.injected.map((each) => `${each.operation} ${each.call}`)).toEqual(['folder:GET 2', 'folder:GET 3', 'soap:Login 1']);
  });

  it('from a seed are the same again, whatever comes between, and pause', () => {
    const calls = (between: boolean) => {
      const plan = createFaultPlan(9);
      return Array.from({ length: 500 }, () => {
        if (between) plan.decide('soap:Login');
        return JSON.stringify(plan.decide('folder:GET') ?? null);
      });
    };
    expect(calls(true)).toEqual(calls(false));
    const hits = calls(false).filter((each) => each !== 'null').length;
    expect(hits).toBeGreaterThan(5);
    expect(hits).toBeLessThan(150);
    const plan = createFaultPlan({ rules: [{ operation: '*', action: { kind: 'reset', when: 'before' } }] });
    plan.pause();
    expect(plan.decide('x')).toBeUndefined();
    plan.resume();
    expect(plan.decide('x')).toEqual({ kind: 'reset', when: 'before' });
    expect(seededFaults(1)).toEqual(seededFaults(1));
    expect(seededFaults(1)).not.toEqual(seededFaults(2));
  });
});
