import { expect, test } from 'vitest';
import { committed, disks, idsOf, refusedAs, SIZE, type TargetCheck, type TargetTrial } from './target-trial.ts';

export const targetChecks: TargetCheck[] = [
  {
    promise: 'makes a replica of each disk once, and finds it again with what it holds',
    async run(trial) {
      const { target, machineId } = trial;
      const made = await target.prepareReplica(machineId, disks);
      expect(made.map(({ key, blank }) => [key, blank])).toEqual(disks.map(({ key }) => [key, true]));
      expect(new Set(made.map(({ journal }) => journal)).size).toBe(disks.length);
      await trial.fill(made, 'run-1', 7);
      const again = await target.prepareReplica(machineId, disks);
      expect(again.map(({ key, blank, journal }) => [key, blank, journal])).toEqual(made.map(({ key, journal }) => [key, false, journal]));
      const grown = await target.prepareReplica(machineId, [{ ...disks[0]!, capacity: 2 * SIZE }]);
      expect(grown).toMatchObject([{ key: 2000, blank: false, sink: { size: 2 * SIZE } }]);
    },
  },
  {
    promise: 'freezes a point that later runs do not change; the same once more changes nothing, another of its name is refused',
    async run(trial) {
      const { target, machineId, machine } = trial;
      expect(await idsOf(trial)).toEqual([]);
      const one = await committed(trial, 'one', 1);
      await target.commit(machineId, machine, one);
      await committed(trial, 'two', 2);
      expect(await idsOf(trial)).toEqual(['two', 'one']);
      expect((await target.recoveryPoints(machineId))[1]).toEqual(one);
      expect((await trial.content('one', 2000)).equals(Buffer.alloc(SIZE, 1))).toBe(true);
      expect((await trial.content('two', 2000)).equals(Buffer.alloc(SIZE, 2))).toBe(true);
      expect(await refusedAs(target.commit(machineId, machine, { ...one, runId: 'another' }))).toMatch(/^target\./);
      expect(await idsOf(trial)).toEqual(['two', 'one']);
    },
  },
  {
    promise: 'lists the newest first, and keeps at least one whatever it is asked to prune',
    async run(trial) {
      for (const [id, minute] of [
        ['b', 2],
        ['a', 3],
        ['c', 1],
      ] as const)
        await committed(trial, id, minute);
      const { target, machineId } = trial;
      expect(await idsOf(trial)).toEqual(['a', 'b', 'c']);
      expect(await target.prune(machineId, 2)).toEqual(['c']);
      expect(await target.prune(machineId, 2)).toEqual([]);
      expect(await target.prune(machineId, 0)).toEqual(['b']);
      expect(await idsOf(trial)).toEqual(['a']);
    },
  },
  {
    promise: 'tells where the disks of a point are, and that there is no such point',
    async run(trial) {
      const { target, machineId } = trial;
      await committed(trial, 'one', 1);
      const found = await target.pointDisks(machineId, 'one');
      expect(found.map(({ key }) => key)).toEqual(disks.map(({ key }) => key));
      expect(new Set(found.map(({ manifest }) => manifest)).size).toBe(disks.length);
      expect(await refusedAs(target.pointDisks(machineId, 'none'))).toBe('target.missing');
    },
  },
  {
    promise: 'forgets a machine wholly, also twice, and can begin it anew',
    async run(trial) {
      const { target, machineId } = trial;
      await committed(trial, 'one', 1);
      await target.remove(machineId);
      await target.remove(machineId);
      expect(await idsOf(trial)).toEqual([]);
      const anew = await target.prepareReplica(machineId, disks);
      expect(anew.map(({ blank }) => blank)).toEqual([true, true]);
    },
  },
  {
    promise: 'says what was started, which is nothing, and stops nothing without complaint',
    async run(trial) {
      const { target, machineId } = trial;
      await committed(trial, 'one', 1);
      expect([await target.started(machineId), await target.startedFrom(machineId, 'one'), await target.startedMachines()]).toEqual([
        [],
        undefined,
        [],
      ]);
      await target.stop(machineId, 'one');
      expect(await idsOf(trial)).toEqual(['one']);
    },
  },
];

/** What every TargetProvider keeps to (target.ts), but for starting machines: that needs what runs them. */
export function targetConformance(name: string, open: () => Promise<TargetTrial>): void {
  test.each(targetChecks.map((check) => [check.promise, check] as const))(`${name}: %s`, { timeout: 60_000 }, async (_promise, check) => {
    await using trial = await open();
    await check.run(trial);
  });
}
