import { expect } from 'vitest';
import { changeId, changeIdEpoch } from '../../domain/machine.ts';
import type { MachineSnapshot, SnapshotDisk, SourceProvider } from '../source.ts';
import { MiB, readDisk, type SourceCheck } from './source-trial.ts';

const sentence = { doubt: expect.stringMatching(/^\S.*\.$/s) };

async function takenAndRemoved(source: SourceProvider, ref: string, name: string): Promise<SnapshotDisk> {
  const snapshot = await source.createSnapshot(ref, name, { quiesce: false });
  await source.removeSnapshot(ref, snapshot.ref);
  return snapshot.disks[0]!;
}

const baselineOf = ({ changeId: mark, capacity }: SnapshotDisk) => ({ changeId: mark ?? changeId('none/1'), capacity });

/** Sorted, disjoint, coalesced, inside the disk, in bytes. */
function expectExtents(extents: { offset: number; length: number }[], capacity: number): void {
  let end = -1;
  for (const { offset, length } of extents) {
    expect(offset).toBeGreaterThan(end);
    expect(length).toBeGreaterThan(0);
    end = offset + length;
  }
  expect(end).toBeLessThanOrEqual(capacity);
}

export const changeChecks: SourceCheck[] = [
  {
    promise: 'tells every change between two snapshots in bytes, sorted and joined, the same each time',
    needs: ({ can }) => can.tracks,
    async run({ source, write, content }, { ref }) {
      expect(await source.prepareTracking(ref, 'octopus-prepare')).toEqual({ tracked: true });
      const before = await takenAndRemoved(source, ref, 'octopus-1');
      const writes = [0, MiB + 4096, MiB + 4608, 3 * MiB - 100, before.capacity - 512];
      for (const offset of writes) await write(before.key, offset, Buffer.alloc(300, 0xab));
      const snapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
      const whole = Buffer.from(await content(before.key));
      await write(before.key, 2 * MiB, Buffer.alloc(512, 0xcd));
      const disk = snapshot.disks[0]!;
      const ask = () => source.changedExtents(ref, snapshot, disk, baselineOf(before));
      const { extents = [], doubt } = await ask();
      expect(doubt).toBeUndefined();
      expectExtents(extents, disk.capacity);
      for (const at of writes) {
        expect([at, extents.some(({ offset, length }) => offset <= at && offset + length >= at + 300)]).toEqual([at, true]);
      }
      // More than what was written may be told, but it is no answer to tell everything.
      expect(extents.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(disk.capacity / 2);
      expect((await ask()).extents).toEqual(extents);
      expect((await readDisk(source, ref, snapshot, disk.key)).equals(whole)).toBe(true);
    },
  },
  {
    promise: 'doubts a mark of another time or another size, and never guesses',
    async run({ source, can }, { ref }) {
      await source.prepareTracking(ref, 'octopus-prepare');
      const before = await takenAndRemoved(source, ref, 'octopus-1');
      const snapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
      const ask = (baseline: { changeId: ReturnType<typeof changeId>; capacity: number }) =>
        source.changedExtents(ref, snapshot, snapshot.disks[0]!, baseline);
      const known = baselineOf(before);
      if (!can.tracks) return expect(await ask(known)).toEqual(sentence);
      const epoch = changeIdEpoch(known.changeId);
      expect(await ask({ ...known, changeId: changeId(`${epoch.replace(/\w$/, (last) => (last === '0' ? '1' : '0'))}/1`) })).toEqual(
        sentence,
      );
      expect(await ask({ ...known, capacity: known.capacity - MiB })).toEqual(sentence);
      expect((await ask(known)).doubt).toBeUndefined();
    },
  },
  {
    promise: 'trusts nothing beside snapshots of others, and does not touch them',
    needs: ({ can, foreign }) => can.tracks && foreign !== undefined,
    async run({ source, foreign }, { ref }) {
      await source.prepareTracking(ref, 'octopus-prepare');
      const before = await takenAndRemoved(source, ref, 'octopus-1');
      await foreign?.('before the update');
      const names = async () => (await source.listSnapshots(ref, '')).map(({ name }) => name);
      expect(await source.prepareTracking(ref, 'octopus-prepare')).toEqual({ tracked: false, ...sentence });
      expect(await names()).toEqual(['before the update']);
      const snapshot: MachineSnapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
      expect(snapshot.foreignSnapshots).toBe(1);
      expect(snapshot.disks[0]).toMatchObject({ changeId: undefined, ...sentence });
      expect(await source.changedExtents(ref, snapshot, snapshot.disks[0]!, baselineOf(before))).toEqual(sentence);
      await source.removeSnapshot(ref, snapshot.ref);
      expect(await names()).toEqual(['before the update']);
    },
  },
];
