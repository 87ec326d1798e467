import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { keepsPromise, sourceConformance } from '../../providers/conformance/source-conformance.ts';
import type { SourceTrial } from '../../providers/conformance/source-trial.ts';
import { targetChecks, targetConformance } from '../../providers/conformance/target-conformance.ts';
import type { TargetTrial } from '../../providers/conformance/target-trial.ts';
import { fillReplica, testMachine, testPoint } from '../../providers/local/testing/fixtures.ts';
import { FakeSource } from './fake-source.ts';
import { FakeTarget } from './fake-target.ts';

const MiB = 2 ** 20;

async function trial(Source: new (folder: string) => FakeSource = FakeSource): Promise<SourceTrial> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-fake-'));
  const source = new Source(folder);
  await source.addDisk(2000, 5 * MiB);
  await source.addDisk(2001, MiB + 512);
  await source.write(2000, 100, Buffer.alloc(3 * MiB, 'octopus '));
  return {
    source,
    can: { freezes: true, tracks: true, power: true, content: true },
    machine: 'web',
    content: (key) => readFile(source.file(key)),
    write: (key, offset, bytes) => source.write(key, offset, bytes),
    foreign: async (name) => {
      await source.createSnapshot('vm-1', name);
    },
    another: async () => source,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

sourceConformance('the fake source', trial);

async function targetTrial(Target: new (folder: string) => FakeTarget = FakeTarget): Promise<TargetTrial> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-fake-'));
  const target = new Target(folder);
  return {
    target,
    machineId: 'instance-1',
    machine: testMachine('bios', [2 ** 21]),
    async fill(replicas, runId, byte) {
      for (const replica of replicas) await fillReplica(replica, runId, (_, length) => Buffer.alloc(length, byte));
    },
    point: testPoint,
    content: (id, key) => readFile(join(folder, 'points', id, `${key}.raw`)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

targetConformance('the fake target', targetTrial);

class TakesTwice extends FakeSource {
  override async createSnapshot(...[machine, name, options, signal]: Parameters<FakeSource['createSnapshot']>) {
    const snapshot = await super.createSnapshot(machine, `${name}#${this.snapshots.length}`, options, signal);
    return { ...snapshot, name };
  }
}
class CountsInKiB extends FakeSource {
  override async changedExtents(...asked: Parameters<FakeSource['changedExtents']>) {
    const { extents, doubt } = await super.changedExtents(...asked);
    return extents ? { extents: extents.map(({ offset, length }) => ({ offset: offset / 1024, length: length / 1024 })) } : { doubt };
  }
}
class Forgets extends FakeSource {
  override async changedExtents(...asked: Parameters<FakeSource['changedExtents']>) {
    const { extents, doubt } = await super.changedExtents(...asked);
    return extents ? { extents: extents.slice(0, -1) } : { doubt };
  }
}
class Guesses extends FakeSource {
  override async changedExtents(...asked: Parameters<FakeSource['changedExtents']>) {
    const answer = await super.changedExtents(...asked);
    return answer.extents ? answer : { extents: [] };
  }
}
class ReadsTheLiveDisk extends FakeSource {
  override frozen(_snapshot: string, key: number) {
    return this.file(key);
  }
  override async removeSnapshot(_machine: string, ref: string, signal?: AbortSignal) {
    signal?.throwIfAborted();
    this.snapshots = this.snapshots.filter((other) => other.ref !== ref);
  }
}
class RemovesAll extends FakeSource {
  override async removeSnapshot(machine: string, ref: string, signal?: AbortSignal) {
    await super.removeSnapshot(machine, ref, signal);
    this.snapshots = [];
  }
}
class DoesNotStop extends FakeSource {
  override powerOff(machine: string) {
    return super.powerOff(machine);
  }
}
class SwitchesOnce extends FakeSource {
  override async powerOn(machine: string, signal?: AbortSignal) {
    if (this.power === 'on') throw new OctopusError('source.faulted', 'It is on already.');
    await super.powerOn(machine, signal);
  }
}

test.each([
  [TakesTwice, 'takes a snapshot of all disks once by its name'],
  [CountsInKiB, 'tells every change between two snapshots in bytes'],
  [Forgets, 'tells every change between two snapshots in bytes'],
  [Guesses, 'doubts a mark of another time or another size'],
  [ReadsTheLiveDisk, 'reads what was frozen'],
  [RemovesAll, 'lists by prefix, and removes just the one'],
  [DoesNotStop, 'begins nothing that was cancelled before'],
  [SwitchesOnce, 'switches power where there is one'],
] as const)('a source that breaks a promise is caught: %o', async (Source, promise) => {
  expect(await keepsPromise(() => trial(Source), promise)).toBe(false);
  expect(await keepsPromise(trial, promise)).toBe(true);
});

class PrunesAll extends FakeTarget {
  override async prune(machine: string) {
    const all = (await this.recoveryPoints()).map(({ id }) => id);
    await super.prune(machine, 1);
    return all;
  }
}
class Overwrites extends FakeTarget {
  override async commit(...[machine, inventory, point]: Parameters<FakeTarget['commit']>) {
    await this.forget(point.id);
    await super.commit(machine, inventory, point);
  }
  private forget(id: string) {
    return rm(this.pointImage({ id, disks: [{ key: 0, image: '.' }] } as never, 0), { recursive: true, force: true });
  }
}

test.each([
  [PrunesAll, 'lists the newest first'],
  [Overwrites, 'freezes a point'],
] as const)('a target that breaks a promise is caught: %o', async (Target, promise) => {
  const check = targetChecks.find((one) => one.promise.startsWith(promise))!;
  await using trial = await targetTrial(Target);
  await expect(check.run(trial)).rejects.toThrow();
});
