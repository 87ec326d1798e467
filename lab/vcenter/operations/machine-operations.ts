import { managedObjectNotFound } from '../property-collector/filter-spec.ts';
import { invalidArgument, SoapFault } from '../soap/soap-fault.ts';
import { type DataObject, ManagedRef } from '../soap/value.ts';
import type { LabMachine, LabSnapshot, LabTask } from '../world/types.ts';
import { type Call, type Handler, requirePrivilege } from './call.ts';

function machineOf(call: Call): LabMachine {
  const machine = call.world.machines.get(call.self.value);
  if (machine === undefined) throw managedObjectNotFound(call.self);
  return machine;
}

function snapshotOf(call: Call): { machine: LabMachine; snapshot: LabSnapshot } {
  const found = call.world.snapshot(call.self.value);
  if (found === undefined) throw managedObjectNotFound(call.self);
  return found;
}

/** An operation of a machine that answers a task. */
function machineTask(privilege: string, run: (machine: LabMachine, call: Call) => LabTask): Handler {
  return (call) => {
    const machine = machineOf(call);
    requirePrivilege(call, privilege);
    return new ManagedRef('Task', run(machine, call).ref);
  };
}

/** An operation of a snapshot that answers a task; privileges are those on the machine. */
function snapshotTask(privilege: string, run: (machine: LabMachine, snapshot: LabSnapshot, call: Call) => LabTask): Handler {
  return (call) => {
    const { machine, snapshot } = snapshotOf(call);
    requirePrivilege(call, privilege, new ManagedRef('VirtualMachine', machine.ref));
    return new ManagedRef('Task', run(machine, snapshot, call).ref);
  };
}

/** The parts of VirtualMachineConfigSpec that the lab acts on; anything else is refused rather than ignored. */
const acted = new Set(['$type', 'changeVersion', 'changeTrackingEnabled', 'name', 'deviceChange']);

function reconfigure(machine: LabMachine, call: Call): LabTask {
  const spec = call.arguments.spec as DataObject;
  const { changeVersion, changeTrackingEnabled, name, deviceChange } = spec;
  const other = Object.keys(spec).find((key) => !acted.has(key) && !(Array.isArray(spec[key]) && (spec[key] as unknown[]).length === 0));
  if (other !== undefined) throw new SoapFault('NotSupported', `The lab does not model a change of ${other}.`);
  if (changeVersion !== undefined && changeVersion !== machine.changeVersion) {
    throw new SoapFault('ConcurrentAccess', 'The configuration was changed by another caller.');
  }
  const devices = (deviceChange as DataObject[] | undefined) ?? [];
  if (changeTrackingEnabled !== undefined) {
    requirePrivilege(call, 'VirtualMachine.Config.ChangeTracking');
    if (name !== undefined || devices.length > 0) {
      throw new SoapFault('NotSupported', 'The lab changes tracking by a call of its own, not together with other changes.');
    }
    return machine.setChangeTracking(changeTrackingEnabled as boolean);
  }
  if (name !== undefined) requirePrivilege(call, 'VirtualMachine.Config.Rename');
  if (devices.length > 1) throw new SoapFault('NotSupported', 'The lab changes one device a call.');
  const extendDisk = devices[0] === undefined ? undefined : diskExtension(machine, devices[0], call);
  return machine.reconfigure({
    ...(name === undefined ? {} : { name: name as string }),
    ...(extendDisk === undefined ? {} : { extendDisk }),
  });
}

function diskExtension(machine: LabMachine, change: DataObject, call: Call): { key: number; capacity: number } {
  const device = change.device as DataObject;
  if (change.operation !== 'edit' || change.fileOperation !== undefined || device.$type !== 'VirtualDisk') {
    throw new SoapFault('NotSupported', 'The lab edits the size of disks only.');
  }
  requirePrivilege(call, 'VirtualMachine.Config.DiskExtend');
  const disk = machine.disks.find((one) => one.key === device.key);
  if (disk === undefined)
    throw new SoapFault('InvalidDeviceSpec', "Invalid configuration for device '0'.", {
      property: 'deviceChange[0].device.key',
      deviceIndex: 0,
    });
  const inBytes = device.capacityInBytes as number | undefined;
  const inKb = (device.capacityInKB as number) * 1024;
  // Where both are given and disagree, bytes win if they are what changed.
  const capacity = inBytes !== undefined && (inBytes !== disk.capacity || inKb === 0) ? inBytes : inKb;
  if (capacity <= 0) throw invalidArgument('spec.deviceChange[0].device.capacityInBytes');
  return { key: disk.key, capacity };
}

const queryChangedDiskAreas: Handler = (call) => {
  const machine = machineOf(call);
  requirePrivilege(call, 'VirtualMachine.Provisioning.DiskRandomRead');
  const { snapshot, deviceKey, startOffset, changeId } = call.arguments as {
    snapshot?: ManagedRef;
    deviceKey: number;
    startOffset: number;
    changeId: string;
  };
  if (snapshot !== undefined && call.world.snapshot(snapshot.value)?.machine.ref !== machine.ref) throw managedObjectNotFound(snapshot);
  const page = machine.queryChangedDiskAreas(snapshot?.value, deviceKey, startOffset, changeId);
  return {
    startOffset: page.startOffset,
    length: page.length,
    changedArea: page.changedArea.map(({ start, length }) => ({ start, length })),
  };
};

const shutdownGuest: Handler = (call) => {
  const machine = machineOf(call);
  requirePrivilege(call, 'VirtualMachine.Interact.PowerOff');
  machine.shutdownGuest();
  return undefined;
};

const refuse =
  (why: string): Handler =>
  () => {
    throw new SoapFault('NotSupported', why);
  };

const cancelTask: Handler = (call) => {
  const task = call.world.tasks.get(call.self.value);
  if (task === undefined) throw managedObjectNotFound(call.self);
  // TaskInfo.cancelable is false for everything that the lab runs.
  if (task.state === 'success' || task.state === 'error') throw new SoapFault('InvalidState', 'The task has ended.');
  throw new SoapFault('NotSupported', 'The task is not cancelable.');
};

export const machineOperations: Record<string, Handler> = {
  ReconfigVM_Task: machineTask('System.Read', reconfigure),
  CreateSnapshot_Task: machineTask(
    'VirtualMachine.State.CreateSnapshot',
    (machine, { arguments: { name, description, memory, quiesce } }) => {
      if (name === '') throw new SoapFault('InvalidName', 'The name is empty.', { name: '' });
      return machine.createSnapshot(name as string, (description as string | undefined) ?? '', {
        memory: memory as boolean,
        quiesce: quiesce as boolean,
      });
    },
  ),
  RemoveSnapshot_Task: snapshotTask('VirtualMachine.State.RemoveSnapshot', (machine, snapshot, call) =>
    machine.removeSnapshot(snapshot.ref, { removeChildren: call.arguments.removeChildren as boolean }),
  ),
  RemoveAllSnapshots_Task: machineTask('VirtualMachine.State.RemoveSnapshot', (machine) => machine.removeAllSnapshots()),
  RevertToSnapshot_Task: snapshotTask('VirtualMachine.State.RevertToSnapshot', (machine, snapshot) =>
    machine.revertToSnapshot(snapshot.ref),
  ),
  RevertToCurrentSnapshot_Task: machineTask('VirtualMachine.State.RevertToSnapshot', (machine) => {
    if (machine.currentSnapshot === undefined) throw new SoapFault('NotFound', 'The machine has no current snapshot.');
    return machine.revertToSnapshot(machine.currentSnapshot);
  }),
  RenameSnapshot: refuse('The lab does not rename snapshots.'),
  ConsolidateVMDisks_Task: machineTask('VirtualMachine.State.RemoveSnapshot', (machine) => machine.consolidateDisks()),
  PowerOnVM_Task: machineTask('VirtualMachine.Interact.PowerOn', (machine) => machine.powerOn()),
  PowerOffVM_Task: machineTask('VirtualMachine.Interact.PowerOff', (machine) => machine.powerOff()),
  ResetVM_Task: machineTask('VirtualMachine.Interact.Reset', (machine) => machine.reset()),
  SuspendVM_Task: machineTask('VirtualMachine.Interact.Suspend', (machine) => machine.suspend()),
  ShutdownGuest: shutdownGuest,
  RebootGuest: refuse('The lab does not reboot guests.'),
  QueryChangedDiskAreas: queryChangedDiskAreas,
  CancelTask: cancelTask,
};
