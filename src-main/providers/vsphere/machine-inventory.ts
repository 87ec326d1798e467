import type { Disk, MachineInventory, NetworkAdapter, PowerState } from '../../domain/machine.ts';
import { displayName, type Infrastructure } from './infrastructure.ts';
import type { XmlNode } from './xml-node.ts';

export const machinePaths = [
  'name',
  'parent',
  'config.instanceUuid',
  'config.firmware',
  'config.bootOptions.efiSecureBootEnabled',
  'config.guestId',
  'config.guestFullName',
  'config.version',
  'config.template',
  'config.changeTrackingEnabled',
  'config.hardware.numCPU',
  'config.hardware.memoryMB',
  'config.hardware.device',
  'guest.toolsStatus',
  'runtime.powerState',
  'runtime.host',
  'runtime.consolidationNeeded',
  'snapshot',
  'tag',
] as const;

/** A virtual disk as a configuration shows it: the machine's current one or a snapshot's. */
export interface DiskDevice extends Disk {
  changeId: string | undefined;
  datastoreRef: string;
  /** Why its changes cannot be tracked although it can be snapshotted; undefined where they can. */
  untrackable: string | undefined;
  /** The backing is a delta on top of older files. */
  hasParent: boolean;
  encrypted: boolean;
}

export interface SnapshotNode {
  ref: string;
  name: string;
  /** As the server writes it. */
  createTime?: string;
}

type Properties = Map<string, XmlNode>;

export function powerState(text: string | undefined): PowerState {
  return text === 'poweredOn' ? 'on' : text === 'suspended' ? 'suspended' : 'off';
}

/** `vmx-19` → 19. */
export function hardwareVersion(properties: Properties): number {
  return Number(/\d+/.exec(properties.get('config.version')?.text ?? '')?.[0] ?? 0);
}

/** Every snapshot of the tree, parents before children. */
export function snapshotTree(info: XmlNode | undefined): SnapshotNode[] {
  const found: SnapshotNode[] = [];
  const walk = (nodes: XmlNode[]) => {
    for (const node of nodes) {
      const createTime = node.value('createTime');
      found.push({
        ref: node.value('snapshot') ?? '',
        name: displayName(node.value('name') ?? ''),
        ...(createTime === undefined ? {} : { createTime }),
      });
      walk(node.all('childSnapshotList'));
    }
  };
  walk(info?.all('rootSnapshotList') ?? []);
  return found;
}

export function diskDevices(devices: XmlNode | undefined, infrastructure?: Infrastructure): DiskDevice[] {
  const list = devices?.children ?? [];
  const sharing = new Map(list.map((device) => [device.value('key'), device.value('sharedBus')]));
  return list
    .filter((device) => device.xsiType === 'VirtualDisk')
    .map((device): DiskDevice => {
      const backing = device.child('backing');
      const path = backing?.value('fileName') ?? '';
      const datastoreRef = backing?.value('datastore') ?? '';
      const key = device.number('key') ?? 0;
      return {
        key,
        objectId: device.value('diskObjectId') ?? backing?.value('uuid') ?? String(key),
        label: device.value('deviceInfo', 'label') ?? `Disk ${key}`,
        capacity: device.number('capacityInBytes') ?? (device.number('capacityInKB') ?? 0) * 1024,
        datastore: infrastructure?.name(datastoreRef) ?? /^\[([^\]]*)\]/.exec(path)?.[1] ?? '',
        path,
        thin: backing?.flag('thinProvisioned') ?? false,
        excluded: exclusion(backing, sharing.get(device.value('controllerKey'))),
        changeId: backing?.value('changeId') || undefined,
        datastoreRef,
        untrackable: trackable.has(backing?.xsiType ?? '')
          ? undefined
          : `its backing ${backing?.xsiType ?? 'is unknown and'} carries no change ids`,
        hasParent: backing?.child('parent') !== undefined,
        encrypted: backing?.child('keyId') !== undefined,
      };
    });
}

const trackable = new Set([
  'VirtualDiskFlatVer2BackingInfo',
  'VirtualDiskSparseVer2BackingInfo',
  'VirtualDiskRawDiskMappingVer1BackingInfo',
  'VirtualDiskRawDiskVer2BackingInfo',
]);

function exclusion(backing: XmlNode | undefined, sharedBus: string | undefined): string | undefined {
  const mode = backing?.value('diskMode') ?? '';
  if (mode.startsWith('independent')) return 'It is an independent disk: snapshots leave it out. Make it dependent to replicate it.';
  if (backing?.value('compatibilityMode') === 'physicalMode') return 'It is a raw device in physical mode: snapshots leave it out.';
  if (backing?.xsiType === 'VirtualDiskRawDiskVer2BackingInfo') return 'It is a raw device of the host: snapshots leave it out.';
  if (sharedBus !== undefined && sharedBus !== 'noSharing')
    return 'Its controller shares the bus with other machines: it cannot be snapshotted.';
  if (backing?.value('sharing') === 'sharingMultiWriter') return 'It is written by several machines: it cannot be snapshotted.';
  return undefined;
}

function adapters(devices: XmlNode | undefined, infrastructure: Infrastructure): NetworkAdapter[] {
  return (devices?.children ?? [])
    .filter((device) => device.child('macAddress') !== undefined)
    .map((device): NetworkAdapter => {
      const backing = device.child('backing');
      // A distributed port group's key is its reference.
      const network = backing?.value('network') ?? backing?.value('port', 'portgroupKey');
      return {
        key: device.number('key') ?? 0,
        label: device.value('deviceInfo', 'label') ?? '',
        mac: device.value('macAddress') ?? '',
        network: infrastructure.name(network) ?? backing?.value('deviceName') ?? backing?.value('opaqueNetworkId') ?? network ?? '',
        model: device.xsiType ?? '',
      };
    });
}

export function machineInventory(ref: string, properties: Properties, infrastructure: Infrastructure, tags: string[]): MachineInventory {
  const text = (path: (typeof machinePaths)[number]) => properties.get(path)?.text ?? '';
  const devices = properties.get('config.hardware.device');
  const host = properties.get('runtime.host')?.text;
  const snapshots = snapshotTree(properties.get('snapshot')).map(({ name, createTime }) => {
    const at = Date.parse(createTime ?? '');
    return Number.isNaN(at) ? { name } : { name, takenAt: new Date(at).toISOString() };
  });
  return {
    ref,
    instanceUuid: text('config.instanceUuid'),
    name: displayName(text('name')),
    folder: infrastructure.path(properties.get('parent')?.text),
    host: infrastructure.name(host) ?? '',
    cluster: infrastructure.cluster(host),
    powerState: powerState(text('runtime.powerState')),
    firmware: text('config.firmware') === 'efi' ? 'efi' : 'bios',
    secureBoot: text('config.bootOptions.efiSecureBootEnabled') === 'true',
    guestId: text('config.guestId'),
    guestName: text('config.guestFullName'),
    tools: text('guest.toolsStatus'),
    cpus: Number(text('config.hardware.numCPU') || 0),
    memory: Number(text('config.hardware.memoryMB') || 0) * 1024 * 1024,
    hardwareVersion: hardwareVersion(properties),
    changeTracking: text('config.changeTrackingEnabled') === 'true',
    template: text('config.template') === 'true',
    // What SOAP knows of tags is usually nothing: vCenter keeps them in another service (see tags.ts).
    tags: [...new Set([...tags, ...(properties.get('tag')?.children ?? []).map((tag) => tag.value('key') ?? '')])].sort(),
    disks: diskDevices(devices, infrastructure).map(plainDisk),
    adapters: adapters(devices, infrastructure),
    snapshotCount: snapshots.length,
    ...(snapshots.length === 0 ? {} : { snapshots }),
    consolidationNeeded: text('runtime.consolidationNeeded') === 'true',
  };
}

function plainDisk({ key, objectId, label, capacity, datastore, path, thin, excluded }: DiskDevice): Disk {
  return { key, objectId, label, capacity, datastore, path, thin, excluded };
}
