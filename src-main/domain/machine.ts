/** vSphere's CBT mark `uuid/sequence`; opaque. Compare only by changeIdEpoch. */
export type ChangeId = string & { readonly __brand: 'ChangeId' };

export function changeId(text: string): ChangeId {
  return text as ChangeId;
}

/** The part before '/': another epoch than the stored one means that tracking was reset. */
export function changeIdEpoch(id: ChangeId): string {
  const slash = id.lastIndexOf('/');
  return slash < 0 ? id : id.slice(0, slash);
}

export type PowerState = 'on' | 'off' | 'suspended';
export type Firmware = 'bios' | 'efi';

export interface Disk {
  /** vSphere device key. */
  key: number;
  objectId: string;
  label: string;
  /** Bytes. */
  capacity: number;
  datastore: string;
  /** `[datastore] folder/disk.vmdk` */
  path: string;
  thin: boolean;
  /** Why it cannot be snapshotted or tracked (independent, physical RDM, shared bus); undefined where it can. */
  excluded: string | undefined;
}

/** What people call a disk of this machine; one that is gone by its number. */
export const diskName = (disks: readonly Pick<Disk, 'key' | 'label'>[], key: number): string =>
  disks.find((disk) => disk.key === key)?.label ?? `Disk ${key}`;

export interface NetworkAdapter {
  key: number;
  label: string;
  mac: string;
  network: string;
  model: string;
}

export interface MachineInventory {
  /** Managed object reference, e.g. `vm-57`. */
  ref: string;
  /** Stable across renames and moves: vCenter's instanceUuid. */
  instanceUuid: string;
  name: string;
  folder: string;
  host: string;
  cluster: string | undefined;
  powerState: PowerState;
  firmware: Firmware;
  secureBoot: boolean;
  guestId: string;
  guestName: string;
  /** VMware Tools state as reported, e.g. `toolsOk`, `toolsNotRunning`. */
  tools: string;
  cpus: number;
  /** Bytes. */
  memory: number;
  hardwareVersion: number;
  changeTracking: boolean;
  template: boolean;
  tags: string[];
  disks: Disk[];
  adapters: NetworkAdapter[];
  snapshotCount: number;
  /** Parents before children; absent where an older version read it. */
  snapshots?: { name: string; takenAt?: string }[];
  /** Why changed blocks can never be tracked, in a sentence; absent where they can. */
  untrackable?: string;
  consolidationNeeded: boolean;
}
