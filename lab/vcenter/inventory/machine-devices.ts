import { type DataObject, ManagedRef } from '../soap/value.ts';
import type { LabAdapter, LabDiskView, LabMachine } from '../world/types.ts';

const description = (label: string, summary = label): DataObject => ({ label, summary });

/** config.hardware.device with these disks: the machine's current ones or those a snapshot shows. */
export function machineDevices(machine: LabMachine, disks: readonly LabDiskView[]): DataObject[] {
  const devices: DataObject[] = [
    { $type: 'VirtualIDEController', key: 200, deviceInfo: description('IDE 0'), busNumber: 0 },
    { $type: 'VirtualPCIController', key: 100, deviceInfo: description('PCI controller 0'), busNumber: 0 },
  ];
  for (const { key, bus, label, sharing } of machine.controllers) {
    devices.push({
      $type: 'ParaVirtualSCSIController',
      key,
      deviceInfo: description(label, 'VMware paravirtual SCSI'),
      controllerKey: 100,
      unitNumber: 3 + bus,
      busNumber: bus,
      device: disks.filter((disk) => disk.controllerKey === key).map((disk) => disk.key),
      hotAddRemove: true,
      sharedBus: sharing,
      scsiCtlrUnitNumber: 7,
    });
  }
  for (const disk of disks) devices.push(diskDevice(disk));
  for (const adapter of machine.adapters) {
    devices.push({
      $type: adapter.model,
      key: adapter.key,
      deviceInfo: description(adapter.label, adapter.networkName),
      backing: adapterBacking(adapter),
      connectable: { startConnected: true, allowGuestControl: true, connected: machine.powerState === 'poweredOn', status: 'ok' },
      controllerKey: 100,
      unitNumber: adapter.key - 4000 + 7,
      addressType: 'assigned',
      macAddress: adapter.mac,
      wakeOnLanEnabled: true,
    });
  }
  return devices;
}

function adapterBacking({ network, networkName }: LabAdapter): DataObject {
  if (network.startsWith('dvportgroup')) {
    const port = { switchUuid: '50 00 00 00 00 00 00 00-00 00 00 00 00 00 00 01', portgroupKey: network };
    return { $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo', port };
  }
  return { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: networkName, network: new ManagedRef('Network', network) };
}

function diskDevice(disk: LabDiskView): DataObject {
  return {
    $type: 'VirtualDisk',
    key: disk.key,
    deviceInfo: description(disk.label, `${(disk.capacity / 1024).toLocaleString('en')} KB`),
    backing: diskBacking(disk),
    controllerKey: disk.controllerKey,
    unitNumber: disk.unitNumber,
    capacityInKB: Math.floor(disk.capacity / 1024),
    capacityInBytes: disk.capacity,
    shares: { shares: 1000, level: 'normal' },
    diskObjectId: disk.objectId,
    nativeUnmanagedLinkedClone: false,
  };
}

function diskBacking(disk: LabDiskView): DataObject {
  const file = { fileName: disk.fileName, datastore: new ManagedRef('Datastore', disk.datastoreRef) };
  const tracking = disk.changeId === undefined ? {} : { changeId: disk.changeId };
  if (disk.backing !== 'flat') {
    return {
      $type: 'VirtualDiskRawDiskMappingVer1BackingInfo',
      ...file,
      lunUuid: disk.uuid.replaceAll('-', '').toLowerCase(),
      deviceName: 'vml.0200000000',
      compatibilityMode: disk.backing === 'physicalRdm' ? 'physicalMode' : 'virtualMode',
      diskMode: disk.mode,
      uuid: disk.uuid,
      ...tracking,
    };
  }
  return {
    $type: 'VirtualDiskFlatVer2BackingInfo',
    ...file,
    diskMode: disk.mode,
    split: false,
    writeThrough: false,
    thinProvisioned: disk.thin,
    uuid: disk.uuid,
    ...tracking,
    ...(disk.parentFileNames.length === 0 ? {} : { parent: parentBacking(disk, 0) }),
    digestEnabled: false,
    sharing: 'sharingNone',
  };
}

function parentBacking(disk: LabDiskView, depth: number): DataObject {
  return {
    fileName: disk.parentFileNames[depth]!,
    datastore: new ManagedRef('Datastore', disk.datastoreRef),
    diskMode: disk.mode,
    thinProvisioned: disk.thin,
    uuid: disk.uuid,
    ...(depth + 1 < disk.parentFileNames.length ? { parent: parentBacking(disk, depth + 1) } : {}),
  };
}
