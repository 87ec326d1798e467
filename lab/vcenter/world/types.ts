/**
 * The lab's world: what a vCenter knows and does, without any network. Offsets, lengths and sizes are bytes; times are milliseconds.
 * Operations that a real vCenter answers with a Task return a LabTask and may throw LabFault at once, like the real call. With
 * `taskMs: 0` a task has ended when the call returns.
 */
import type { LabFault } from './lab-fault.ts';

export { LabFault } from './lab-fault.ts';

/** Value of a ManagedObjectReference: `vm-101`, `snapshot-7`, `task-3`… */
export type Ref = string;

/** Time is given in: the real clock, or one that a test advances by hand. */
export interface LabClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

// ---------------------------------------------------------------- specs

export type LabDiskSpec = (
  | {
      /** A raw image; only ever opened for reading. Its size, rounded up to 512, is the capacity. */
      file: string;
    }
  | {
      size: number;
      /** Seed of half-filled, half-empty content; without it the disk reads as zeros. */
      fill?: number;
    }
) & {
  mode?: 'persistent' | 'independent_persistent' | 'independent_nonpersistent';
  /** Default `flat` (VirtualDiskFlatVer2BackingInfo). */
  backing?: 'flat' | 'physicalRdm' | 'virtualRdm';
  /** SCSI bus sharing of this disk's controller; another than `none` makes the disk's machine refuse snapshots. */
  sharing?: 'none' | 'virtual' | 'physical';
  /** Default true. `"*"` reports a thick disk as a whole. */
  thin?: boolean;
  /** Name of the datastore; default the machine's. */
  datastore?: string;
};

export interface LabMachineSpec {
  name: string;
  disks: LabDiskSpec[];
  /** Default `bios`. */
  firmware?: 'bios' | 'efi';
  secureBoot?: boolean;
  /** Default true. */
  poweredOn?: boolean;
  /** Tracking is on and in effect from the start, begun without snapshots. Default false. */
  changeTracking?: boolean;
  /** Snapshots that exist before anything happens: how many, or their names. */
  foreignSnapshots?: number | string[];
  /** Hardware version; default 19. Below 7 there is no tracking. */
  hardwareVersion?: number;
  guestId?: string;
  guestName?: string;
  cpus?: number;
  /** Bytes; default 2 GiB. */
  memory?: number;
  /** Default `running`. */
  tools?: 'running' | 'notRunning' | 'notInstalled';
  /** What the guest makes of a shutdown request; default `obeys`. */
  guestShutdown?: 'obeys' | 'ignores';
  /** Quiesced snapshots fail with ApplicationQuiesceFault. */
  quiesceFails?: boolean;
  template?: boolean;
  /** Folder path below the data centre's vm folder, e.g. `Production/Web`. */
  folder?: string;
  /** Names; defaults are the world's first. One that does not exist is made; a datastore named `nfs…` or `vsan…` is of that kind. */
  cluster?: string;
  datastore?: string;
  networks?: string[];
  tags?: string[];
  /**
   * Seed of this guest's writes, over the world's; false: it never writes by itself. Guests of generated machines never do.
   * On an image with a partition table the guest changes only what no partition covers, and elsewhere writes again what is there.
   */
  churn?: number | false;
}

export interface WorldOptions {
  /** Decides uuids, generated machines, workloads. Default 1. */
  seed?: number;
  /** Two worlds of one seed that differ in this are two vCenters: no uuid of one is in the other. */
  identity?: number;
  machines?: LabMachineSpec[];
  /** Further machines, made up from the seed; up to 5000. */
  generate?: number;
  /** Seed of the guests' writes. Undefined: guests write only by tick() or disk.write(). */
  churn?: number;
  /** Time between two rounds of guest writes. Default 250. */
  churnMs?: number;
  /** A seed for a mild mix of everything, or a plan. */
  faults?: number | FaultPlanSpec | FaultPlan;
  /** Most areas in one page of changed areas. Default 2000. */
  pageSize?: number;
  /** Most bytes that one page covers: pages may be empty. Default: unlimited, or `pageSize` MiB where pageSize is given. */
  pageWindow?: number;
  /** Duration of a task. Default 100; 0 ends it inside the call. */
  taskMs?: number;
  /** Duration of a consolidation. Default 3 × taskMs. */
  consolidationMs?: number;
  /**
   * `background` (default): the removal's task ends first and consolidationNeeded stays true meanwhile, as when vCenter gives up
   * waiting for a host. `task`: the removal's task ends with the consolidation.
   */
  consolidation?: 'background' | 'task';
  /** A snapshot taken while a consolidation runs: loses tracked changes without a word (`corrupts`, default), or faults. */
  snapshotDuringConsolidation?: 'corrupts' | 'refused';
  /** A change id with another uuid: answered from the wrong baseline without a word (6.5 and later, default), or FileFault. */
  foreignChangeId?: 'silent' | 'fault';
  /** PowerOff of a running machine resets tracking like a power loss. Default false. */
  hardPowerOffResetsTracking?: boolean;
  /** Time a guest takes to shut down. Default 5 × taskMs. */
  guestShutdownMs?: number;
  /** Default: the real clock. */
  clock?: LabClock;
  /** A file that holds the world over the end of this process. Undefined: the world is made anew each time. */
  keep?: { path: string; onTrouble?: (trouble: KeepTrouble, reason: string) => void };
}

/** What was found in the file: nothing, a world, or what could not be read. */
export type Kept = 'new' | 'restored' | 'lost';

/** What was kept could not be read; what happens from now on is not kept. */
export type KeepTrouble = 'lost' | 'notKept';

// ---------------------------------------------------------------- inventory

export interface LabEntity {
  ref: Ref;
  /** Managed object type: `Folder`, `Datacenter`, `ClusterComputeResource`, `ComputeResource`, `ResourcePool`, `HostSystem`, `Datastore`, `Network`… */
  type: string;
  name: string;
  parent: Ref | undefined;
}
export interface LabFolder extends LabEntity {
  type: 'Folder';
  /** What it may hold, e.g. `['Folder', 'VirtualMachine']`. */
  childType: string[];
  children: Ref[];
}
export interface LabDatacenter extends LabEntity {
  type: 'Datacenter';
  vmFolder: Ref;
  hostFolder: Ref;
  datastoreFolder: Ref;
  networkFolder: Ref;
}
export interface LabCluster extends LabEntity {
  type: 'ClusterComputeResource' | 'ComputeResource';
  hosts: Ref[];
  datastores: Ref[];
  networks: Ref[];
  resourcePool: Ref;
}
export interface LabResourcePool extends LabEntity {
  type: 'ResourcePool';
  /** The compute resource it belongs to. */
  owner: Ref;
}
export interface LabHost extends LabEntity {
  type: 'HostSystem';
  cluster: Ref;
  cpuCores: number;
  /** Bytes. */
  memory: number;
}
export interface LabDatastore extends LabEntity {
  type: 'Datastore';
  /** `summary.type`. `"*"` is answered on VMFS only; `/folder` does not read disks on vsan. */
  kind: 'VMFS' | 'NFS' | 'vsan';
  capacity: number;
  free: number;
  hosts: Ref[];
}
export interface LabNetwork extends LabEntity {
  type: 'Network' | 'DistributedVirtualPortgroup';
}
export type LabInventoryEntity = LabFolder | LabDatacenter | LabCluster | LabResourcePool | LabHost | LabDatastore | LabNetwork;

// ---------------------------------------------------------------- machines

export type LabPowerState = 'poweredOn' | 'poweredOff' | 'suspended';

export interface LabController {
  /** 1000 + bus. */
  key: number;
  bus: number;
  label: string;
  sharing: 'noSharing' | 'virtualSharing' | 'physicalSharing';
}

export interface LabAdapter {
  /** 4000 + number. */
  key: number;
  label: string;
  mac: string;
  /** Reference and name of the network. */
  network: Ref;
  networkName: string;
  model: 'VirtualVmxnet3' | 'VirtualE1000';
}

/** A disk as one configuration shows it: the machine's current one, or the one that a snapshot keeps. */
export interface LabDiskView {
  /** Device key: 2000 + number. */
  readonly key: number;
  readonly label: string;
  readonly controllerKey: number;
  readonly unitNumber: number;
  /** Backing uuid, e.g. `6000C29a-…`. */
  readonly uuid: string;
  /** `diskObjectId`, e.g. `101-2000`. */
  readonly objectId: string;
  readonly capacity: number;
  readonly thin: boolean;
  readonly mode: NonNullable<LabDiskSpec['mode']>;
  readonly backing: NonNullable<LabDiskSpec['backing']>;
  /** Name and reference of the datastore. */
  readonly datastore: string;
  readonly datastoreRef: Ref;
  /** `[datastore] folder/disk-000001.vmdk`: the descriptor of the topmost layer of this view. */
  readonly fileName: string;
  /** The chain below, nearest first. */
  readonly parentFileNames: readonly string[];
  /** `uuid/sequence`; undefined where not tracked. Baselines come from a snapshot's view, never from the machine's. */
  readonly changeId: string | undefined;
}

/** Noise made up from a number, zeros, or what is there already (which is reported as changed all the same). */
export type MadeWrite = number | 'zeros' | 'same';

export interface LabDisk extends LabDiskView {
  /** A write of the guest: the machine must be powered on. */
  write(offset: number, data: Buffer): void;
  /** As write, of something that needs no memory; a number makes up to 128 KiB. */
  writeMade(offset: number, length: number, made: MadeWrite): void;
  /** The current content. */
  read(offset: number, length: number): Buffer;
  /** The content as a snapshot froze it; for tests and for serving a snapshot by other ways. */
  readAt(snapshot: Ref, offset: number, length: number): Buffer;
  /** Grows the disk. Refused while the machine has snapshots; never shrinks. The grown part is not reported as changed. */
  resize(capacity: number): void;
  /** Removes this disk and adds a new one with the same key: other uuid, other content, tracking reset. Refused with snapshots. */
  recreate(spec: { size: number; fill?: number }): void;
}

export interface LabSnapshot {
  readonly ref: Ref;
  /** Number within the machine, from 1. */
  readonly id: number;
  readonly machine: Ref;
  readonly name: string;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createTime: number;
  /** Power state at the time without memory: what a revert leads to is poweredOff unless `memory`. */
  readonly state: LabPowerState;
  readonly quiesced: boolean;
  readonly parent: Ref | undefined;
  readonly children: readonly Ref[];
  /** Disks that the snapshot froze; independent ones and physical RDMs are shown but not frozen. */
  readonly disks: readonly LabDiskView[];
}

export interface CreateSnapshotOptions {
  quiesce?: boolean;
  memory?: boolean;
}

/** Half-open [start, start+length). */
export interface ChangedArea {
  start: number;
  length: number;
}

export interface ChangedAreasPage {
  startOffset: number;
  /** What this page covers; > 0. Go on at startOffset + length. */
  length: number;
  /** May be empty. */
  changedArea: ChangedArea[];
}

export interface LabMachine {
  readonly ref: Ref;
  readonly name: string;
  readonly instanceUuid: string;
  readonly biosUuid: string;
  readonly folder: Ref;
  readonly host: Ref;
  readonly cluster: Ref;
  readonly resourcePool: Ref;
  readonly datastores: readonly Ref[];
  /** `[datastore] folder/name.vmx` */
  readonly vmxPath: string;
  readonly firmware: 'bios' | 'efi';
  readonly secureBoot: boolean;
  readonly guestId: string;
  readonly guestName: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly hardwareVersion: number;
  readonly template: boolean;
  readonly tags: readonly string[];
  readonly powerState: LabPowerState;
  /** `toolsOk`, `toolsNotRunning`, `toolsNotInstalled`: guest.toolsStatus as it is now. */
  readonly toolsStatus: 'toolsOk' | 'toolsNotRunning' | 'toolsNotInstalled';
  readonly controllers: readonly LabController[];
  readonly adapters: readonly LabAdapter[];
  readonly disks: readonly LabDisk[];
  readonly snapshots: ReadonlyMap<Ref, LabSnapshot>;
  readonly rootSnapshots: readonly Ref[];
  readonly currentSnapshot: Ref | undefined;
  readonly consolidationNeeded: boolean;
  /** capability.changeTrackingSupported */
  readonly changeTrackingSupported: boolean;
  /** config.changeTrackingEnabled: what was asked for; in effect only after a stun cycle. */
  readonly changeTrackingEnabled: boolean;
  /** Raised at each change of the configuration; for config.changeVersion. */
  readonly changeVersion: string;
  readonly bootTime: number | undefined;

  /** ReconfigVM_Task with changeTrackingEnabled. */
  setChangeTracking(enabled: boolean): LabTask;
  /** ReconfigVM_Task with other parts. */
  reconfigure(change: { name?: string; extendDisk?: { key: number; capacity: number } }): LabTask;
  /** Result: the snapshot's reference. */
  createSnapshot(name: string, description?: string, options?: CreateSnapshotOptions): LabTask;
  removeSnapshot(snapshot: Ref, options?: { removeChildren?: boolean }): LabTask;
  removeAllSnapshots(): LabTask;
  revertToSnapshot(snapshot: Ref): LabTask;
  /** ConsolidateVMDisks_Task. */
  consolidateDisks(): LabTask;
  powerOn(): LabTask;
  powerOff(): LabTask;
  reset(): LabTask;
  suspend(): LabTask;
  /** ShutdownGuest: no task; ToolsUnavailable where tools do not run. */
  shutdownGuest(): void;
  /** The host lost power: off at once, tracking reset. Not an API of vCenter; for tests. */
  losePower(): void;
  /** `snapshot` undefined: the current state, of a powered off machine only. */
  queryChangedDiskAreas(snapshot: Ref | undefined, deviceKey: number, startOffset: number, changeId: string): ChangedAreasPage;
}

// ---------------------------------------------------------------- tasks and changes

export interface LabTask {
  readonly ref: Ref;
  /** Method, e.g. `CreateSnapshot_Task`. */
  readonly name: string;
  /** e.g. `VirtualMachine.createSnapshot`. */
  readonly descriptionId: string;
  readonly entity: Ref;
  readonly entityName: string;
  readonly state: 'queued' | 'running' | 'success' | 'error';
  /** Percent while running. */
  readonly progress: number;
  /** Reference made by the task, e.g. a snapshot. */
  readonly result: Ref | undefined;
  readonly error: LabFault | undefined;
  readonly queueTime: number;
  readonly startTime: number | undefined;
  readonly completeTime: number | undefined;
  /** Resolves with the result, rejects with the fault. Never an unhandled rejection. */
  readonly done: Promise<Ref | undefined>;
}

export interface LabChange {
  version: number;
  kind: 'enter' | 'modify' | 'leave';
  /** Managed object type and reference. */
  type: string;
  ref: Ref;
  /** vim property paths touched, e.g. `runtime.powerState`, `snapshot`, `info`; empty for enter and leave. */
  properties: string[];
}

export interface ChangeFeed {
  /** Number of the newest change; 0 before any. */
  readonly version: number;
  /** Changes after `version`, oldest first; undefined when they are no longer kept (start over). */
  since(version: number): LabChange[] | undefined;
  /** Called after each change; the answer unsubscribes. */
  subscribe(listener: (change: LabChange) => void): () => void;
}

// ---------------------------------------------------------------- faults

export type FaultAction =
  /** The answer comes `ms` later. */
  | { kind: 'latency'; ms: number }
  /** The connection is destroyed, `when` it arrives or in the middle of the answer. */
  | { kind: 'reset'; when: 'before' | 'during' }
  | { kind: 'status'; status: number }
  /** The body ends after this part (0 to 1) of what was announced. */
  | { kind: 'shortRead'; fraction: number }
  /** The session is forgotten before the call is handled. */
  | { kind: 'sessionLoss' }
  /** The task ends in this fault and has done nothing. */
  | { kind: 'taskFault'; fault: string }
  /** CreateSnapshot_Task only: ends in Timedout, and the snapshot appears `ms` later. */
  | { kind: 'landsLater'; ms: number }
  /** RemoveSnapshot_Task only: the snapshot is gone, the files are not merged, consolidationNeeded stays until ConsolidateVMDisks_Task. */
  | { kind: 'consolidationFails' };

export interface FaultRule {
  /**
   * `soap:<Operation>`, `folder:GET`, `folder:HEAD` (asked by the server), `task:<Name>` such as `task:CreateSnapshot_Task` (asked by the
   * world); a trailing `*` matches any rest.
   */
  operation: string;
  action: FaultAction;
  /** On these calls of the operation, counted from 1. */
  nth?: number | number[];
  /** Otherwise on each call with this probability (0 to 1), from the plan's seed. Neither: each call. */
  probability?: number;
  /** At most so often. */
  times?: number;
}

export interface FaultPlanSpec {
  seed?: number;
  rules: FaultRule[];
}

export interface FaultPlan {
  /** Counts the call and answers what shall go wrong. Deterministic by the order of calls of each operation. */
  decide(operation: string): FaultAction | undefined;
  /** No more faults until resume(). */
  pause(): void;
  resume(): void;
  /** What was injected, oldest first. */
  readonly injected: readonly { operation: string; call: number; action: FaultAction }[];
}

// ---------------------------------------------------------------- guests

export interface Churn {
  /** Not paused; guests without a seed write only when ticked all the same. */
  readonly running: boolean;
  pause(): void;
  resume(): void;
  /** One or more rounds of writes now, on one running machine or all. Answers the number of writes. */
  tick(options?: { machine?: Ref; rounds?: number }): number;
}

// ---------------------------------------------------------------- the world

export interface World {
  readonly seed: number;
  readonly clock: LabClock;
  /** vCenter's own id. */
  readonly instanceUuid: string;
  readonly rootFolder: Ref;
  readonly datacenter: LabDatacenter;
  readonly machines: ReadonlyMap<Ref, LabMachine>;
  /** Everything that is no machine, task or snapshot, by reference. */
  readonly entities: ReadonlyMap<Ref, LabInventoryEntity>;
  readonly datastores: ReadonlyMap<Ref, LabDatastore>;
  /** The last 1000 tasks that ended, and all that have not. */
  readonly tasks: ReadonlyMap<Ref, LabTask>;
  readonly changes: ChangeFeed;
  readonly faults: FaultPlan;
  readonly churn: Churn;
  /** Undefined where it is not kept. */
  readonly kept: Kept | undefined;
  /** By exact name; undefined where there is none. */
  machineByName(name: string): LabMachine | undefined;
  /** The machine and the snapshot of a snapshot's reference. */
  snapshot(ref: Ref): { machine: LabMachine; snapshot: LabSnapshot } | undefined;
  /** Not where the world is kept. */
  addMachine(spec: LabMachineSpec): LabMachine;
  /** Destroy_Task without the task: machine and files are gone. The machine must be off. Not where the world is kept. */
  removeMachine(ref: Ref): void;
  /** Size of a file on a datastore (by name), path relative to it. LabFault `FileNotFound`, `InvalidDatastorePath`. */
  statDatastoreFile(datastore: string, path: string): { size: number; locked: boolean; modified: number };
  /** As stat; `FileLocked` while a running machine writes to the file. Cut at the end of the file. */
  readDatastoreFile(datastore: string, path: string, offset: number, length: number): Buffer;
  /** Names in a folder of the datastore ('' is the top), folders with a trailing '/'. */
  listDatastoreFolder(datastore: string, path: string): string[];
  /** Stops timers, closes files. */
  close(): void;
}
