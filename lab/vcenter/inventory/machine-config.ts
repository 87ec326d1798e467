import type { DataObject } from '../soap/value.ts';
import type { LabDiskView, LabMachine } from '../world/types.ts';
import { machineDevices } from './machine-devices.ts';

/** Folder part of `[datastore] folder/name.vmx`. */
export function machineFolder(machine: LabMachine): string {
  return machine.vmxPath.slice(0, machine.vmxPath.lastIndexOf('/') + 1);
}

/** VirtualMachineConfigInfo: the machine's own, or that of a snapshot by the disks it shows. */
export function machineConfig(machine: LabMachine, disks: readonly LabDiskView[] = machine.disks): DataObject {
  const folder = machineFolder(machine);
  return {
    changeVersion: machine.changeVersion,
    modified: new Date(0),
    name: machine.name,
    guestFullName: machine.guestName,
    version: `vmx-${String(machine.hardwareVersion).padStart(2, '0')}`,
    uuid: machine.biosUuid,
    instanceUuid: machine.instanceUuid,
    template: machine.template,
    guestId: machine.guestId,
    alternateGuestName: '',
    annotation: '',
    files: { vmPathName: machine.vmxPath, snapshotDirectory: folder, suspendDirectory: folder, logDirectory: folder },
    flags: { enableLogging: true, diskUuidEnabled: true, snapshotDisabled: false, snapshotLocked: false },
    defaultPowerOps: { powerOffType: 'soft', suspendType: 'hard', resetType: 'soft', standbyAction: 'checkpoint' },
    hardware: {
      numCPU: machine.cpus,
      numCoresPerSocket: 1,
      memoryMB: Math.floor(machine.memory / 2 ** 20),
      virtualICH7MPresent: false,
      virtualSMCPresent: false,
      device: machineDevices(machine, disks),
    },
    memoryHotAddEnabled: false,
    cpuHotAddEnabled: false,
    extraConfig: [{ key: 'nvram', value: `${machine.name}.nvram` }],
    bootOptions: { enterBIOSSetup: false, efiSecureBootEnabled: machine.secureBoot },
    changeTrackingEnabled: machine.changeTrackingEnabled,
    firmware: machine.firmware,
  };
}
