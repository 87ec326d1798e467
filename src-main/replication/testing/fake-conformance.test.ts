import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { keepsPromise, sourceConformance } from '../../providers/conformance/source-conformance.ts';
import type { SourceTrial } from '../../providers/conformance/source-trial.ts';
import { FakeSource } from './fake-source.ts';

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
