import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from './clock.ts';
import { createWorld } from './create-world.ts';
import type { ChangedArea, LabFault, LabMachine, LabMachineSpec, Ref, WorldOptions } from './types.ts';

const MiB = 1024 * 1024;
const KiB64 = 64 * 1024;

function machineOf(spec: Partial<LabMachineSpec> = {}, options: WorldOptions = {}): LabMachine {
  return createWorld({
    taskMs: 0,
    machines: [{ name: 'web', disks: [{ size: 8 * MiB, fill: 5 }], changeTracking: true, ...spec }],
    ...options,
  }).machineByName('web')!;
}
function snap(machine: LabMachine): { ref: Ref; changeId: string } {
  const ref = machine.createSnapshot('s').result!;
  return { ref, changeId: machine.snapshots.get(ref)!.disks[0]!.changeId ?? '' };
}
/** All pages, checked as a careful client would. */
function allAreas(
  machine: LabMachine,
  snapshot: Ref | undefined,
  changeId: string,
  capacity: number,
): { areas: ChangedArea[]; empty: number; pages: number } {
  const areas: ChangedArea[] = [];
  let empty = 0;
  let pages = 0;
  for (let offset = 0; offset < capacity; ) {
    const page = machine.queryChangedDiskAreas(snapshot, 2000, offset, changeId);
    expect(page.startOffset).toBe(offset);
    expect(page.length).toBeGreaterThan(0);
    let at = offset;
    for (const area of page.changedArea) {
      expect(area.start).toBeGreaterThanOrEqual(at);
      expect(area.length).toBeGreaterThan(0);
      at = area.start + area.length;
    }
    expect(at).toBeLessThanOrEqual(offset + page.length);
    areas.push(...page.changedArea);
    pages++;
    if (page.changedArea.length === 0) empty++;
    offset += page.length;
    expect(offset).toBeLessThanOrEqual(capacity);
  }
  return { areas, empty, pages };
}
function fault(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as LabFault).fault ?? String(error);
  }
  return 'nothing';
}
const epoch = (changeId: string | undefined) => changeId?.split('/')[0];

describe('change tracking', () => {
  it('comes into effect at a stun, and shows in the snapshot after it', () => {
    const machine = machineOf({ changeTracking: false });
    machine.setChangeTracking(true);
    expect([machine.changeTrackingEnabled, machine.disks[0]!.changeId]).toEqual([true, undefined]);
    const temporary = snap(machine);
    expect(temporary.changeId).toBe('');
    expect(fault(() => machine.queryChangedDiskAreas(temporary.ref, 2000, 0, '*'))).toBe('FileFault');
    machine.removeSnapshot(temporary.ref);
    const first = snap(machine);
    expect(first.changeId).toMatch(/^[0-9a-f ]{23}-[0-9a-f ]{23}\/\d+$/);
    machine.removeSnapshot(first.ref);
    machine.disks[0]!.write(100_000, Buffer.alloc(70_000, 9));
    const second = snap(machine);
    expect(epoch(second.changeId)).toBe(epoch(first.changeId));
    expect(machine.queryChangedDiskAreas(second.ref, 2000, 0, first.changeId)).toEqual({
      startOffset: 0,
      length: 8 * MiB,
      changedArea: [{ start: KiB64, length: 2 * KiB64 }],
    });
    expect(machine.queryChangedDiskAreas(second.ref, 2000, 0, second.changeId).changedArea).toEqual([]);
  });

  it.each([
    ['power on', (machine: LabMachine) => [machine.powerOff(), machine.powerOn()]],
    ['resume', (machine: LabMachine) => [machine.suspend(), machine.powerOn()]],
  ])('comes into effect at %s', (_, cycle) => {
    const machine = machineOf({ changeTracking: false });
    machine.setChangeTracking(true);
    cycle(machine);
    expect(machine.disks[0]!.changeId).toBeDefined();
  });

  it("counts the sequence up at each snapshot; the machine's own change id is no baseline", () => {
    const machine = machineOf();
    const first = snap(machine);
    machine.disks[0]!.write(0, Buffer.alloc(10, 1));
    const tooEarly = machine.disks[0]!.changeId!;
    machine.removeSnapshot(first.ref);
    const second = snap(machine);
    expect(Number(second.changeId.split('/')[1])).toBeGreaterThan(Number(first.changeId.split('/')[1]));
    expect(allAreas(machine, second.ref, first.changeId, 8 * MiB).areas).toHaveLength(1);
    expect(allAreas(machine, second.ref, tooEarly, 8 * MiB).areas).toHaveLength(0);
  });

  it.each<[string, (machine: LabMachine, snapshot: Ref) => unknown]>([
    ['power loss', (machine) => [machine.losePower(), machine.powerOn()]],
    ['revert', (machine, snapshot) => [machine.revertToSnapshot(snapshot), machine.powerOn()]],
    [
      'toggling',
      (machine, snapshot) => [
        machine.removeSnapshot(snapshot),
        machine.setChangeTracking(false),
        machine.setChangeTracking(true),
        machine.powerOff(),
        machine.powerOn(),
      ],
    ],
    ['a disk made again', (machine, snapshot) => [machine.removeSnapshot(snapshot), machine.disks[0]!.recreate({ size: 8 * MiB })]],
  ])('starts anew after %s', (_, event) => {
    const machine = machineOf();
    const first = snap(machine);
    event(machine, first.ref);
    const second = snap(machine);
    expect(epoch(second.changeId)).not.toBe(epoch(first.changeId));
    expect(fault(() => machine.queryChangedDiskAreas(second.ref, 2000, 0, first.changeId))).toBe('nothing');
    if (machine.snapshots.has(first.ref))
      expect(fault(() => machine.queryChangedDiskAreas(first.ref, 2000, 0, first.changeId))).toBe('FileFault');
  });

  it('survives ordinary power cycles and suspends', () => {
    const machine = machineOf();
    const first = snap(machine);
    machine.removeSnapshot(first.ref);
    machine.reset();
    machine.powerOff();
    machine.powerOn();
    machine.disks[0]!.write(0, Buffer.alloc(1));
    const second = snap(machine);
    expect(allAreas(machine, second.ref, first.changeId, 8 * MiB).areas).toEqual([{ start: 0, length: KiB64 }]);
    const strict = machineOf({}, { hardPowerOffResetsTracking: true });
    const before = epoch(strict.disks[0]!.changeId);
    strict.powerOff();
    expect(epoch(strict.disks[0]!.changeId)).not.toBe(before);
  });

  it('refuses nonsense as the real one does', () => {
    const machine = machineOf();
    const { ref, changeId } = snap(machine);
    const ask = (snapshot: Ref | undefined, key: number, offset: number, id: string) =>
      fault(() => machine.queryChangedDiskAreas(snapshot, key, offset, id));
    expect(ask(ref, 2000, 8 * MiB, changeId)).toBe('InvalidArgument');
    expect(ask(ref, 2000, -1, changeId)).toBe('InvalidArgument');
    expect(ask(ref, 2001, 0, changeId)).toBe('InvalidArgument');
    expect(ask(ref, 2000, 0, 'rubbish')).toBe('InvalidArgument');
    expect(ask(ref, 2000, 0, `${epoch(changeId)}/999`)).toBe('FileFault');
    expect(ask('snapshot-999', 2000, 0, changeId)).toBe('ManagedObjectNotFound');
    expect(ask(undefined, 2000, 0, changeId)).toBe('InvalidPowerState');
    machine.powerOff();
    expect(ask(undefined, 2000, 0, changeId)).toBe('nothing');
    const foreign = `${'00 '.repeat(7)}00-${'00 '.repeat(7)}00/1`;
    expect(ask(ref, 2000, 0, foreign)).toBe('nothing');
    const strict = machineOf({}, { foreignChangeId: 'fault' });
    expect(fault(() => strict.queryChangedDiskAreas(snap(strict).ref, 2000, 0, foreign))).toBe('FileFault');
  });

  it('is not to be had for old hardware', () => {
    const machine = machineOf({ hardwareVersion: 4, changeTracking: false });
    expect([machine.changeTrackingSupported, machine.setChangeTracking(true).error?.fault]).toEqual([false, 'NotSupported']);
  });

  it('begun with snapshots misses changes without a word', () => {
    const machine = machineOf({ changeTracking: false, foreignSnapshots: 1 });
    machine.setChangeTracking(true);
    machine.removeSnapshot(snap(machine).ref);
    const first = snap(machine);
    for (let grain = 0; grain < 64; grain++) machine.disks[0]!.write(grain * 2 * KiB64, Buffer.alloc(1, 3));
    const second = snap(machine);
    const found = allAreas(machine, second.ref, first.changeId, 8 * MiB).areas.length;
    expect(found).toBeGreaterThan(10);
    expect(found).toBeLessThan(64);
    expect(fault(() => machine.queryChangedDiskAreas(second.ref, 2000, 0, '*'))).toBe('FileFault');
  });

  it('loses changes to a snapshot during a consolidation, or refuses it', () => {
    for (const mode of ['corrupts', 'refused'] as const) {
      const clock = manualClock();
      const machine = machineOf({}, { clock, consolidationMs: 1000, snapshotDuringConsolidation: mode });
      const first = snap(machine);
      machine.removeSnapshot(first.ref);
      machine.disks[0]!.write(0, Buffer.alloc(100, 1));
      const task = machine.createSnapshot('too early');
      if (mode === 'refused') {
        expect(task.error?.fault).toBe('InvalidState');
        continue;
      }
      expect(allAreas(machine, task.result, first.changeId, 8 * MiB).areas).toEqual([]);
      clock.advance(1000);
      expect(machine.disks[0]!.readAt(task.result!, 0, 1)[0]).toBe(1);
    }
  });

  it('answers "*" with what is allocated, on VMFS only', () => {
    const machine = machineOf({ disks: [{ size: 8 * MiB }] });
    machine.disks[0]!.write(3 * MiB + 5, Buffer.alloc(10));
    machine.disks[0]!.write(6 * MiB - 1, Buffer.alloc(2, 1));
    expect(allAreas(machine, snap(machine).ref, '*', 8 * MiB).areas).toEqual([
      { start: 3 * MiB, length: MiB },
      { start: 5 * MiB, length: 2 * MiB },
    ]);
    for (const other of [machineOf({ datastore: 'nfs1' }), machineOf({ disks: [{ size: 8 * MiB, thin: false }] })]) {
      expect(allAreas(other, snap(other).ref, '*', 8 * MiB).areas).toEqual([{ start: 0, length: 8 * MiB }]);
    }
  });

  it('does not report the grown part of a disk', () => {
    const machine = machineOf();
    const first = snap(machine);
    machine.removeSnapshot(first.ref);
    machine.disks[0]!.resize(12 * MiB);
    const second = snap(machine);
    expect(allAreas(machine, second.ref, first.changeId, 12 * MiB).areas).toEqual([]);
    expect(machine.disks[0]!.readAt(second.ref, 11 * MiB, MiB).equals(Buffer.alloc(MiB))).toBe(true);
  });

  it('property: pages since a change id cover every byte that differs between two snapshots, and frozen layers stay frozen', () => {
    const capacity = 3 * MiB - 512;
    const write = fc.record({
      kind: fc.constant('write' as const),
      offset: fc.nat(capacity - 1),
      length: fc.integer({ min: 1, max: 300_000 }),
      byte: fc.nat(255),
    });
    const step = fc.oneof(
      { weight: 6, arbitrary: write },
      { weight: 2, arbitrary: fc.constant({ kind: 'snapshot' as const }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'churn' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'cycle' as const }) },
    );
    let emptyPages = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(KiB64, 200_000, MiB, 64 * MiB),
        (steps, pageSize, pageWindow) => {
          const lab = createWorld({
            taskMs: 0,
            pageSize,
            pageWindow,
            machines: [{ name: 'web', disks: [{ size: capacity, fill: 5 }], changeTracking: true }],
          });
          const machine = lab.machineByName('web')!;
          const disk = machine.disks[0]!;
          const truth = disk.read(0, capacity); // what a plain array makes of the same writes
          const baselines: { changeId: string; data: Buffer }[] = [];
          const living: { ref: Ref; data: Buffer }[] = [];
          const take = () => {
            const { ref, changeId } = snap(machine);
            const data = disk.read(0, capacity);
            baselines.push({ changeId, data });
            living.push({ ref, data });
          };
          take();
          for (const action of [...steps, { kind: 'snapshot' as const }]) {
            if (action.kind === 'write') {
              const data = Buffer.alloc(Math.min(action.length, capacity - action.offset), action.byte);
              disk.write(action.offset, data);
              data.copy(truth, action.offset);
            } else if (action.kind === 'churn') {
              lab.churn.tick();
              disk.read(0, capacity).copy(truth);
            } else if (action.kind === 'cycle') {
              machine.powerOff();
              machine.powerOn();
            } else if (action.kind === 'snapshot') {
              take();
            } else if (living.length > 0) {
              machine.removeSnapshot(living.splice(action.which % living.length, 1)[0]!.ref);
            }
            expect(disk.read(0, capacity).equals(truth)).toBe(true);
          }
          for (const { ref, data } of living) expect(disk.readAt(ref, 0, capacity).equals(data)).toBe(true);
          const last = living[living.length - 1]!;
          for (const { changeId, data } of baselines) {
            const { areas, empty } = allAreas(machine, last.ref, changeId, capacity);
            emptyPages += empty;
            const patched = Buffer.from(data);
            for (const area of areas) disk.readAt(last.ref, area.start, area.length).copy(patched, area.start);
            expect(patched.equals(last.data)).toBe(true);
          }
          if (machine.rootSnapshots.length > 0) {
            const root = machine.snapshots.get(machine.rootSnapshots[0]!)!;
            expect(root.disks[0]!.fileName).toBe('[datastore1] web/web.vmdk');
            expect(lab.readDatastoreFile('datastore1', 'web/web-flat.vmdk', 0, capacity).equals(disk.readAt(root.ref, 0, capacity))).toBe(
              true,
            );
          }
          lab.close();
        },
      ),
      { numRuns: 120, seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) },
    );
    expect(emptyPages).toBeGreaterThan(0);
  });
});
