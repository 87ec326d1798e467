import { describe, expect, it } from 'vitest';
import { manualClock } from './clock.ts';
import { createWorld } from './create-world.ts';
import type { LabMachine, LabTask, WorldOptions } from './types.ts';

const MiB = 1024 * 1024;

function world(options: WorldOptions = {}) {
  return createWorld({ taskMs: 0, machines: [{ name: 'web', disks: [{ size: 4 * MiB, fill: 1 }] }], ...options });
}
function web(options: WorldOptions = {}): LabMachine {
  return world(options).machineByName('web')!;
}
function faultOf(task: LabTask): string | undefined {
  return task.error?.fault;
}
function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { fault?: string }).fault ?? String(error);
  }
  return 'nothing';
}

describe('power', () => {
  it('goes on and off, and refuses what it is already', () => {
    const machine = web();
    expect(faultOf(machine.powerOn())).toBe('InvalidPowerState');
    expect(machine.powerOff().state).toBe('success');
    expect([machine.powerState, machine.toolsStatus, machine.bootTime]).toEqual(['poweredOff', 'toolsNotRunning', undefined]);
    expect(faultOf(machine.powerOff())).toBe('InvalidPowerState');
    machine.powerOn();
    machine.suspend();
    expect(machine.powerState).toBe('suspended');
    machine.powerOn();
    expect(machine.powerState).toBe('poweredOn');
  });

  it('shuts a guest down by its tools, in its time, or not at all', () => {
    const clock = manualClock();
    const disks = [{ size: MiB }];
    const lab = createWorld({
      clock,
      taskMs: 0,
      guestShutdownMs: 1000,
      machines: [
        { name: 'obeys', disks },
        { name: 'ignores', disks, guestShutdown: 'ignores' },
        { name: 'toolless', disks, tools: 'notRunning' },
      ],
    });
    const [obeys, ignores, toolless] = [...lab.machines.values()];
    obeys!.shutdownGuest();
    ignores!.shutdownGuest();
    expect(thrown(() => toolless!.shutdownGuest())).toBe('ToolsUnavailable');
    clock.advance(999);
    expect(obeys!.powerState).toBe('poweredOn');
    clock.advance(1);
    expect(obeys!.powerState).toBe('poweredOff');
    clock.advance(100_000);
    expect(ignores!.powerState).toBe('poweredOn');
    expect(thrown(() => obeys!.shutdownGuest())).toBe('InvalidPowerState');
  });
});

describe('tasks', () => {
  it('take their time, hold the machine, and tell the feed', async () => {
    const clock = manualClock();
    const lab = world({ clock, taskMs: 100 });
    const machine = lab.machineByName('web')!;
    const before = lab.changes.version;
    const task = machine.createSnapshot('a');
    expect([task.state, machine.snapshots.size]).toEqual(['running', 0]);
    expect(thrown(() => machine.powerOff())).toBe('TaskInProgress');
    expect(thrown(() => machine.shutdownGuest())).toBe('TaskInProgress');
    clock.advance(50);
    expect(task.progress).toBe(50);
    clock.advance(50);
    expect([task.state, machine.snapshots.size]).toEqual(['success', 1]);
    expect(await task.done).toBe(machine.currentSnapshot);
    const changes = lab.changes.since(before)!;
    expect(changes.filter((change) => change.type === 'Task').map((change) => change.kind)).toEqual(['enter', 'modify', 'modify']);
    expect(changes.some((change) => change.ref === machine.ref && change.properties.includes('snapshot'))).toBe(true);
  });

  it('end in the faults of the plan, having done nothing', async () => {
    const machine = web({
      faults: { rules: [{ operation: 'task:PowerOffVM_Task', nth: 1, action: { kind: 'taskFault', fault: 'HostCommunication' } }] },
    });
    await expect(machine.powerOff().done).rejects.toMatchObject({ fault: 'HostCommunication' });
    expect(machine.powerState).toBe('poweredOn');
    expect(machine.powerOff().state).toBe('success');
  });

  it('a snapshot that timed out lands later', () => {
    const clock = manualClock();
    const lab = world({
      clock,
      faults: { rules: [{ operation: 'task:CreateSnapshot_Task', nth: 1, action: { kind: 'landsLater', ms: 500 } }] },
    });
    const machine = lab.machineByName('web')!;
    const task = machine.createSnapshot('octopus-1');
    expect([faultOf(task), machine.snapshots.size]).toEqual(['Timedout', 0]);
    machine.disks[0]!.write(0, Buffer.from('written before it lands'));
    clock.advance(500);
    const landed = [...machine.snapshots.values()][0]!;
    expect(landed.name).toBe('octopus-1');
    expect(machine.disks[0]!.readAt(landed.ref, 0, 7).toString()).toBe('written');
  });
});

describe('snapshots', () => {
  it('freeze the base and name the files as VMware does', () => {
    const lab = world();
    const machine = lab.machineByName('web')!;
    const disk = machine.disks[0]!;
    const before = disk.read(0, 4 * MiB);
    expect(thrown(() => lab.readDatastoreFile('datastore1', 'web/web-flat.vmdk', 0, 1))).toBe('FileLocked');
    const first = machine.createSnapshot('first').result!;
    disk.write(70_000, Buffer.alloc(100_000, 7));
    const second = machine.createSnapshot('second').result!;
    disk.write(70_000, Buffer.alloc(10, 8));
    expect(disk.readAt(first, 0, 4 * MiB).equals(before)).toBe(true);
    expect(disk.readAt(second, 70_000, 100_000).equals(Buffer.alloc(100_000, 7))).toBe(true);
    expect(lab.readDatastoreFile('datastore1', 'web/web-flat.vmdk', 0, 8 * MiB).equals(before)).toBe(true);
    expect(machine.snapshots.get(first)!.disks[0]!.fileName).toBe('[datastore1] web/web.vmdk');
    expect(machine.snapshots.get(second)!.disks[0]!.fileName).toBe('[datastore1] web/web-000001.vmdk');
    expect([disk.fileName, disk.parentFileNames]).toEqual([
      '[datastore1] web/web-000002.vmdk',
      ['[datastore1] web/web-000001.vmdk', '[datastore1] web/web.vmdk'],
    ]);
    expect(lab.readDatastoreFile('datastore1', 'web/web-000001-delta.vmdk', 0, 4).toString()).toBe('COWD');
    expect(thrown(() => lab.readDatastoreFile('datastore1', 'web/web-000002-delta.vmdk', 0, 4))).toBe('FileLocked');
    expect(lab.listDatastoreFolder('datastore1', 'web')).toContain('web-000002-delta.vmdk');
    expect(lab.listDatastoreFolder('datastore1', '')).toEqual(['web/']);
    expect(lab.readDatastoreFile('datastore1', 'web/web.vmdk', 0, 10_000).toString()).toContain('RW 8192 VMFS "web-flat.vmdk"');
    expect(thrown(() => lab.statDatastoreFile('datastore1', 'web/none.vmdk'))).toBe('FileNotFound');
    expect(thrown(() => lab.statDatastoreFile('nowhere', 'web/web.vmdk'))).toBe('InvalidDatastorePath');
    expect(lab.statDatastoreFile('datastore1', 'web/web-flat.vmdk')).toMatchObject({ size: 4 * MiB, locked: false });
  });

  it.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]], [[1, 2, 0]]])(
    'removed in the order %j leave the current content and one file',
    (order) => {
      const lab = world();
      const machine = lab.machineByName('web')!;
      const disk = machine.disks[0]!;
      const snapshots = [0, 1, 2].map((number) => {
        const ref = machine.createSnapshot(`s${number}`).result!;
        disk.write(number * 200_000, Buffer.alloc(150_000, number + 1));
        return { ref, truth: disk.readAt(ref, 0, 4 * MiB) };
      });
      const now = disk.read(0, 4 * MiB);
      for (const index of order) {
        machine.removeSnapshot(snapshots[index]!.ref);
        for (const { ref, truth } of snapshots)
          if (machine.snapshots.has(ref)) expect(disk.readAt(ref, 0, 4 * MiB).equals(truth)).toBe(true);
        expect(disk.read(0, 4 * MiB).equals(now)).toBe(true);
      }
      expect([disk.fileName, disk.parentFileNames, machine.rootSnapshots, machine.currentSnapshot]).toEqual([
        '[datastore1] web/web.vmdk',
        [],
        [],
        undefined,
      ]);
      expect(machine.consolidationNeeded).toBe(false);
      expect(faultOf(machine.removeSnapshot(snapshots[0]!.ref))).toBe('ManagedObjectNotFound');
    },
  );

  it('revert brings the content back, branches, and keeps a shared base while both branches live', () => {
    const machine = web();
    const disk = machine.disks[0]!;
    const before = disk.read(0, MiB);
    const root = machine.createSnapshot('root').result!;
    disk.write(0, Buffer.alloc(1000, 1));
    const left = machine.createSnapshot('left').result!;
    machine.revertToSnapshot(root);
    expect(machine.powerState).toBe('poweredOff');
    expect(disk.read(0, MiB).equals(before)).toBe(true);
    machine.powerOn();
    disk.write(0, Buffer.alloc(1000, 2));
    const right = machine.createSnapshot('right').result!;
    expect([...machine.snapshots.get(root)!.children].sort()).toEqual([left, right].sort());
    machine.removeSnapshot(root);
    expect([...machine.rootSnapshots].sort()).toEqual([left, right].sort());
    expect(disk.readAt(left, 0, 1)[0]).toBe(1);
    expect(disk.readAt(right, 0, 1)[0]).toBe(2);
    machine.removeSnapshot(left);
    expect(disk.fileName).toContain('-0000'); // the right snapshot still has its own delta
    expect(machine.snapshots.get(right)!.disks[0]!.fileName).toBe('[datastore1] web/web.vmdk');
    machine.removeAllSnapshots();
    expect([disk.read(0, 1)[0], disk.fileName]).toEqual([2, '[datastore1] web/web.vmdk']);
  });

  it('consolidate in their time, with the base locked meanwhile', () => {
    const clock = manualClock();
    const lab = world({ clock, taskMs: 10, consolidationMs: 1000 });
    const machine = lab.machineByName('web')!;
    const make = machine.createSnapshot('a');
    clock.advance(10);
    const remove = machine.removeSnapshot(make.result!);
    clock.advance(10);
    expect([remove.state, machine.snapshots.size, machine.consolidationNeeded]).toEqual(['success', 0, true]);
    expect(machine.disks[0]!.fileName).toBe('[datastore1] web/web-000001.vmdk');
    expect(thrown(() => lab.readDatastoreFile('datastore1', 'web/web-flat.vmdk', 0, 1))).toBe('FileLocked');
    expect(thrown(() => machine.disks[0]!.resize(8 * MiB))).toBe('InvalidDeviceOperation');
    clock.advance(1000);
    expect([machine.consolidationNeeded, machine.disks[0]!.fileName]).toEqual([false, '[datastore1] web/web.vmdk']);
  });

  it('can be told to consolidate within the task', () => {
    const clock = manualClock();
    const machine = web({ clock, taskMs: 10, consolidationMs: 1000, consolidation: 'task' });
    const make = machine.createSnapshot('a');
    clock.advance(10);
    const remove = machine.removeSnapshot(make.result!);
    clock.advance(1000);
    expect(remove.state).toBe('running');
    clock.advance(10);
    expect([remove.state, machine.consolidationNeeded]).toEqual(['success', false]);
  });

  it('a failed consolidation waits for ConsolidateVMDisks_Task', () => {
    const machine = web({ faults: { rules: [{ operation: 'task:RemoveSnapshot_Task', action: { kind: 'consolidationFails' } }] } });
    machine.removeSnapshot(machine.createSnapshot('a').result!);
    expect([machine.snapshots.size, machine.consolidationNeeded, machine.disks[0]!.parentFileNames.length]).toEqual([0, true, 1]);
    machine.consolidateDisks();
    expect([machine.consolidationNeeded, machine.disks[0]!.parentFileNames.length]).toEqual([false, 0]);
  });

  it('are refused with bus sharing, and leave independent disks and physical RDMs alone', () => {
    const lab = createWorld({
      taskMs: 0,
      machines: [
        { name: 'shared', disks: [{ size: MiB, sharing: 'physical' }] },
        {
          name: 'mixed',
          disks: [{ size: MiB }, { size: MiB, mode: 'independent_persistent' }, { size: MiB, backing: 'physicalRdm' }],
          changeTracking: true,
        },
      ],
    });
    expect(faultOf(lab.machineByName('shared')!.createSnapshot('a'))).toBe('SnapshotIncompatibleDeviceInVm');
    const mixed = lab.machineByName('mixed')!;
    expect(faultOf(mixed.createSnapshot('a', '', { memory: true }))).toBe('SnapshotIncompatibleDeviceInVm');
    const snapshot = mixed.snapshots.get(mixed.createSnapshot('a').result!)!;
    expect(mixed.disks.map((disk) => disk.parentFileNames.length)).toEqual([1, 0, 0]);
    expect(snapshot.disks.map((disk) => disk.changeId !== undefined)).toEqual([true, false, false]);
    expect(thrown(() => lab.readDatastoreFile('datastore1', 'mixed/mixed_1-flat.vmdk', 0, 1))).toBe('FileLocked');
    expect(thrown(() => lab.readDatastoreFile('datastore1', 'mixed/mixed_2-flat.vmdk', 0, 1))).toBe('FileNotFound');
  });

  it('keep a disk from being resized', () => {
    const machine = web({ machines: [{ name: 'web', disks: [{ size: MiB }], foreignSnapshots: ['by hand'] }] });
    expect([...machine.snapshots.values()].map((snapshot) => snapshot.name)).toEqual(['by hand']);
    const extend = { extendDisk: { key: 2000, capacity: 2 * MiB } };
    expect(faultOf(machine.reconfigure(extend))).toBe('InvalidDeviceOperation');
    machine.removeAllSnapshots();
    expect(machine.reconfigure(extend).state).toBe('success');
    expect(machine.disks[0]!.capacity).toBe(2 * MiB);
    expect(thrown(() => machine.disks[0]!.resize(MiB))).toBe('InvalidDeviceSpec');
    const { uuid } = machine.disks[0]!;
    machine.disks[0]!.recreate({ size: 512 * 1024, fill: 3 });
    expect([machine.disks[0]!.capacity, machine.disks[0]!.uuid === uuid]).toEqual([512 * 1024, false]);
  });

  it('fail to quiesce where the guest cannot', () => {
    const machine = web({ machines: [{ name: 'web', disks: [{ size: MiB }], quiesceFails: true }] });
    expect(faultOf(machine.createSnapshot('a', '', { quiesce: true }))).toBe('ApplicationQuiesceFault');
    expect(machine.createSnapshot('a').state).toBe('success');
  });
});

describe('inventory', () => {
  it('holds 5000 generated machines, always the same', () => {
    const lab = createWorld({ seed: 7, generate: 5000 });
    expect(lab.machines.size).toBe(5000);
    expect([...lab.entities.values()].filter((entity) => entity.type === 'HostSystem').length).toBeGreaterThanOrEqual(20);
    for (const machine of lab.machines.values()) {
      for (const ref of [machine.host, machine.cluster, machine.folder, machine.resourcePool, ...machine.datastores])
        expect(lab.entities.has(ref)).toBe(true);
    }
    const again = createWorld({ seed: 7, generate: 50 });
    const names = [...createWorld({ seed: 7, generate: 50 }).machines.values()].map((machine) => [
      machine.name,
      machine.instanceUuid,
      machine.disks[0]!.uuid,
    ]);
    expect([...again.machines.values()].map((machine) => [machine.name, machine.instanceUuid, machine.disks[0]!.uuid])).toEqual(names);
    lab.close();
  });

  it('keeps machines of one name, or with odd names, apart on the datastore', () => {
    const disks = [{ size: MiB }];
    const lab = createWorld({
      taskMs: 0,
      machines: [
        { name: 'a/b', disks, poweredOn: false },
        { name: 'a/b', disks, poweredOn: false, folder: 'X/Y' },
      ],
    });
    const [one, two] = [...lab.machines.values()];
    expect([one!.vmxPath, two!.vmxPath]).toEqual(['[datastore1] a%2fb/a%2fb.vmx', '[datastore1] a%2fb_1/a%2fb_1.vmx']);
    lab.removeMachine(one!.ref);
    expect(lab.listDatastoreFolder('datastore1', '')).toEqual(['a%2fb_1/']);
    expect(lab.changes.since(lab.changes.version - 1)).toMatchObject([{ kind: 'leave', ref: one!.ref }]);
    expect(thrown(() => one!.powerOn())).toBe('ManagedObjectNotFound');
  });

  it('spreads many disks over controllers and ways of sharing', () => {
    const disks = [...Array.from({ length: 17 }, () => ({ size: 512 })), { size: 512, sharing: 'virtual' as const }];
    const machine = createWorld({ machines: [{ name: 'many', disks }] }).machineByName('many')!;
    expect(machine.controllers.map((each) => each.sharing)).toEqual(['noSharing', 'noSharing', 'virtualSharing']);
    expect(new Set(machine.disks.map((disk) => `${disk.controllerKey}:${disk.unitNumber}`)).size).toBe(18);
    expect(machine.disks.some((disk) => disk.unitNumber === 7)).toBe(false);
  });
});
