import { expect } from 'vitest';
import type { MachineSnapshot } from '../source.ts';
import { bytesOf, MiB, readDisk, refusedAs, type SourceCheck } from './source-trial.ts';

const plain = { quiesce: false };
const keyOf = ({ disks }: { disks: { key: number }[] }) => disks[0]?.key ?? 0;

export const snapshotChecks: SourceCheck[] = [
  {
    promise: 'prepares tracking once or says why not, and leaves no snapshot',
    async run({ source, can }, { ref }) {
      const first = await source.prepareTracking(ref, 'octopus-prepare');
      expect(first.tracked).toBe(can.tracks);
      if (!first.tracked) expect(first.doubt).toMatch(/^\S.*\.$/);
      expect(await source.prepareTracking(ref, 'octopus-prepare')).toEqual(first);
      expect(await source.listSnapshots(ref, '')).toEqual([]);
    },
  },
  {
    promise: 'takes a snapshot of all disks once by its name, however often and at once it is asked',
    async run({ source }, { ref, disks }) {
      const [one, two] = await Promise.all([0, 1].map(() => source.createSnapshot(ref, 'octopus-1', plain)));
      const made = one as MachineSnapshot;
      expect([two?.ref, made.name]).toEqual([made.ref, 'octopus-1']);
      expect((await source.createSnapshot(ref, 'octopus-1', { quiesce: true })).ref).toBe(made.ref);
      expect(await source.listSnapshots(ref, 'octopus-')).toEqual([{ ref: made.ref, name: 'octopus-1' }]);
      expect(made.disks.map(({ key, capacity }) => [key, capacity])).toEqual(disks.map(({ key, capacity }) => [key, capacity]));
      // A disk without a mark says why it has none.
      for (const { changeId, doubt } of made.disks) expect(changeId === undefined).toBe(doubt !== undefined);
      expect([made.foreignSnapshots, made.powerState]).toEqual([0, await source.powerState(ref)]);
    },
  },
  {
    promise: 'finds a snapshot by its exact name, also over another connection and when this one is gone',
    async run({ source, another }, { ref }) {
      const made = await source.createSnapshot(ref, 'octopus-12', plain);
      const { disks: _, ...plainly } = made;
      expect(await source.findSnapshot(ref, 'octopus-12')).toMatchObject(plainly);
      for (const wrong of ['octopus-1', 'octopus-123', 'OCTOPUS-12', '']) expect(await source.findSnapshot(ref, wrong)).toBeUndefined();
      await source[Symbol.asyncDispose]();
      const next = await another();
      const found = await next.findSnapshot(ref, 'octopus-12');
      expect(found).toMatchObject(plainly);
      expect(found?.disks.map(({ key, capacity, changeId }) => [key, capacity, changeId])).toEqual(
        made.disks.map(({ key, capacity, changeId }) => [key, capacity, changeId]),
      );
      expect((await next.createSnapshot(ref, 'octopus-12', plain)).ref).toBe(made.ref);
      await next.removeSnapshot(ref, made.ref);
      expect(await next.listSnapshots(ref, '')).toEqual([]);
    },
  },
  {
    promise: 'lists by prefix, and removes just the one that is named, also twice',
    async run({ source, can, content }, { ref }) {
      const made: MachineSnapshot[] = [];
      for (const name of ['octopus-a', 'octopus-b', 'octopus-b-tracking']) made.push(await source.createSnapshot(ref, name, plain));
      const names = async (prefix: string) => (await source.listSnapshots(ref, prefix)).map(({ name }) => name).sort();
      expect(await names('octopus-')).toEqual(['octopus-a', 'octopus-b', 'octopus-b-tracking']);
      expect(await names('octopus-b')).toEqual(['octopus-b', 'octopus-b-tracking']);
      expect(await names('b')).toEqual([]);
      const [first, second] = made as [MachineSnapshot, MachineSnapshot];
      await source.removeSnapshot(ref, first.ref);
      await source.removeSnapshot(ref, first.ref);
      await source.removeSnapshot(ref, 'snapshot-987654321');
      expect(await names('')).toEqual(['octopus-b', 'octopus-b-tracking']);
      expect(await source.findSnapshot(ref, 'octopus-a')).toBeUndefined();
      expect(await refusedAs(source.openDescriptor(ref, first, first.disks[0]!, { refresh: false }))).toBe('source.missing');
      if (can.content) {
        const key = keyOf(second);
        expect((await readDisk(source, ref, second, key)).equals(await content(key))).toBe(true);
      }
    },
  },
  {
    promise: 'keeps the snapshots of two machines apart that have one name',
    needs: ({ other }) => other !== undefined,
    async run({ source, other = '' }, { ref, disks }) {
      const { ref: otherRef } = await source.machine(other);
      const one = await source.createSnapshot(ref, 'octopus-same', plain);
      const two = await source.createSnapshot(otherRef, 'octopus-same', plain);
      expect(one.disks.map(({ objectId }) => objectId)).not.toEqual(two.disks.map(({ objectId }) => objectId));
      expect((await source.findSnapshot(ref, 'octopus-same'))?.disks.map(({ key }) => key)).toEqual(disks.map(({ key }) => key));
      await source.removeSnapshot(otherRef, two.ref);
      expect((await source.findSnapshot(ref, 'octopus-same'))?.ref).toBe(one.ref);
      expect(await source.findSnapshot(otherRef, 'octopus-same')).toBeUndefined();
    },
  },
  {
    promise: 'opens a disk as often as it is asked; each is closed by itself',
    needs: ({ can }) => can.content,
    async run({ source, content }, { ref }) {
      const snapshot = await source.createSnapshot(ref, 'octopus-1', plain);
      const disk = snapshot.disks[0]!;
      const open = (refresh: boolean) => source.openDescriptor(ref, snapshot, disk, { refresh });
      const [one, two] = await Promise.all([open(false), open(false)]);
      const whole = await content(disk.key);
      expect((await bytesOf(one.source)).equals(whole)).toBe(true);
      await one.close();
      await one.close();
      expect((await bytesOf(two.source)).equals(whole)).toBe(true);
      const fresh = await open(true);
      await two.close();
      expect((await bytesOf(fresh.source)).equals(whole)).toBe(true);
      await fresh.close();
      const none = { ...disk, key: disk.key + 777 };
      expect(await refusedAs(source.openDescriptor(ref, snapshot, none, { refresh: false }))).toBe('source.missing');
    },
  },
  {
    promise: 'reads what was frozen, or notices that it was written',
    needs: ({ can }) => can.content,
    async run({ source, can, content, write }, { ref }) {
      const snapshot = await source.createSnapshot(ref, 'octopus-1', plain);
      const key = keyOf(snapshot);
      const before = Buffer.from(await content(key));
      await write(key, 2 * MiB + 5, Buffer.from('written after the snapshot'));
      if (can.freezes) expect((await readDisk(source, ref, snapshot, key)).equals(before)).toBe(true);
      else expect(await refusedAs(readDisk(source, ref, snapshot, key))).toBe('source.busy');
    },
  },
];
