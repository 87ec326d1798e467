import type { WritableChangeFeed } from './change-feed.ts';
import { type Content, seededContent, zeroContent } from './content.ts';
import type { DiskOwner, FrozenDisk, SimulatedDisk } from './disk.ts';
import { LabFault } from './lab-fault.ts';
import { baseLayer, chainOf, type Layer } from './layer.ts';
import type { Made } from './pieces.ts';
import type { Random } from './random.ts';
import type { TaskRunner } from './tasks.ts';
import { beginTracking } from './tracking.ts';
import type { FaultPlan, LabClock, LabPowerState, LabSnapshot, LabTask, Ref } from './types.ts';

export interface WorldSettings {
  pageSize: number;
  pageWindow: number;
  taskMs: number;
  consolidationMs: number;
  consolidation: 'background' | 'task';
  snapshotDuringConsolidation: 'corrupts' | 'refused';
  foreignChangeId: 'silent' | 'fault';
  hardPowerOffResetsTracking: boolean;
  guestShutdownMs: number;
}

/** What all machines of a world share. */
export interface WorldContext {
  settings: WorldSettings;
  clock: LabClock;
  random: Random;
  changes: WritableChangeFeed;
  faults: FaultPlan;
  tasks: TaskRunner;
  nextSnapshot(): Ref;
  /** Undefined where the world is not kept. */
  keeper:
    | { changed(machine: MachineState): void; written(machine: MachineState, ...write: Parameters<DiskOwner['written']>): void }
    | undefined;
  /** `VMFS`, `NFS`, `vsan` of a datastore's name. */
  datastoreKind(name: string): string;
}

export class SnapshotNode implements LabSnapshot {
  readonly ref: Ref;
  readonly id: number;
  readonly machine: Ref;
  readonly name: string;
  readonly description: string;
  readonly createTime: number;
  readonly state: LabPowerState;
  readonly quiesced: boolean;
  parent: Ref | undefined;
  children: Ref[] = [];
  readonly disks: FrozenDisk[];

  constructor(fields: Omit<LabSnapshot, 'children' | 'disks'>, disks: FrozenDisk[]) {
    this.ref = fields.ref;
    this.id = fields.id;
    this.machine = fields.machine;
    this.name = fields.name;
    this.description = fields.description;
    this.createTime = fields.createTime;
    this.state = fields.state;
    this.quiesced = fields.quiesced;
    this.parent = fields.parent;
    this.disks = disks;
  }
}

/** A machine's changing parts: what snapshots, power and tracking act on. */
export class MachineState implements DiskOwner {
  readonly context: WorldContext;
  readonly ref: Ref;
  name: string;
  powerState: LabPowerState = 'poweredOff';
  bootTime: number | undefined;
  removed = false;
  readonly disks: SimulatedDisk[] = [];
  readonly snapshots = new Map<Ref, SnapshotNode>();
  rootSnapshots: Ref[] = [];
  currentSnapshot: Ref | undefined;
  snapshotCount = 0;
  consolidationNeeded = false;
  /** Consolidations on their way. */
  consolidating = 0;
  changeTrackingEnabled = false;
  enabledWithSnapshots = false;
  changeCount = 1;
  changedAt: number;
  /** The task that holds the machine. */
  busy: LabTask | 'starting' | undefined;

  constructor(context: WorldContext, ref: Ref, name: string) {
    this.context = context;
    this.ref = ref;
    this.name = name;
    this.changedAt = context.clock.now();
  }

  now(): number {
    return this.context.clock.now();
  }

  hasSnapshots(): boolean {
    return this.snapshots.size > 0;
  }

  frozen(snapshot: Ref, key: number): FrozenDisk {
    const node = this.snapshots.get(snapshot);
    if (node === undefined) throw managedObjectNotFound(snapshot);
    const disk = node.disks.find((each) => each.key === key);
    if (disk === undefined) throw invalidArgument('deviceKey', `The snapshot has no disk with the key ${key}.`);
    return disk;
  }

  frozenLayer(snapshot: Ref, key: number): Layer {
    return this.frozen(snapshot, key).layer;
  }

  replace(disk: SimulatedDisk, spec: { size: number; fill?: number }): void {
    const content: Content = spec.fill === undefined ? zeroContent(spec.size) : seededContent(spec.size, spec.fill);
    disk.content.close();
    disk.content = content;
    disk.capacity = Math.ceil(spec.size / 512) * 512;
    disk.madeAgain = spec;
    disk.uuid = diskUuid(this.context.random);
    disk.top = baseLayer(disk.top.file, content, this.now());
    disk.tracking = disk.tracking === undefined ? undefined : beginTracking(this.context.random, false);
  }

  changed(...properties: string[]): void {
    this.context.keeper?.changed(this);
    this.context.changes.emit('modify', 'VirtualMachine', this.ref, properties);
  }

  written(disk: SimulatedDisk, offset: number, length: number, made: Made | 'same'): void {
    this.context.keeper?.written(this, disk, offset, length, made);
  }

  configurationChanged(): void {
    this.changeCount++;
    this.changedAt = this.now();
    this.changed('config', 'config.hardware.device', 'config.changeTrackingEnabled', 'config.changeVersion', 'summary.config', 'layoutEx');
  }

  /** The machine stands still for a moment: what was asked of tracking comes into effect. */
  stun(hadSnapshots: boolean): void {
    if (!this.changeTrackingEnabled) return;
    for (const disk of this.disks) {
      if (disk.trackable && disk.tracking === undefined) {
        disk.tracking = beginTracking(this.context.random, hadSnapshots || this.enabledWithSnapshots);
      }
    }
  }

  /** Tracking is lost and starts anew, under another uuid. */
  resetTracking(): void {
    for (const disk of this.disks) {
      if (disk.tracking !== undefined) disk.tracking = beginTracking(this.context.random, disk.tracking.begunWithSnapshots);
    }
  }

  /** Its host went down in the middle of a write, and the machine started again elsewhere. */
  hostLostPower(): void {
    this.resetTracking();
    if (this.powerState === 'poweredOn') this.bootTime = this.now();
    this.changed('runtime', 'runtime.bootTime', 'config.hardware.device');
  }

  setPower(state: LabPowerState): void {
    this.powerState = state;
    this.bootTime = state === 'poweredOn' ? (this.bootTime ?? this.now()) : state === 'suspended' ? this.bootTime : undefined;
    this.changed(
      'runtime',
      'runtime.powerState',
      'runtime.bootTime',
      'summary.runtime',
      'guest',
      'guest.toolsStatus',
      'guest.toolsRunningStatus',
    );
  }

  /** All layers of a disk that are still of use. */
  layersOf(disk: SimulatedDisk): Set<Layer> {
    const layers = new Set(chainOf(disk.top));
    for (const node of this.snapshots.values()) {
      for (const frozen of node.disks) if (frozen.key === disk.key) for (const layer of chainOf(frozen.layer)) layers.add(layer);
    }
    return layers;
  }

  /** Layers of a disk that a snapshot or the machine itself needs as they are. */
  ownedLayers(disk: SimulatedDisk): Set<Layer> {
    const owned = new Set([disk.top]);
    for (const node of this.snapshots.values()) for (const frozen of node.disks) if (frozen.key === disk.key) owned.add(frozen.layer);
    return owned;
  }

  /** Does a running machine or a consolidation write to this layer's file? */
  isLocked(disk: SimulatedDisk, layer: Layer): boolean {
    if (this.powerState === 'poweredOn' && layer === disk.top) return true;
    return this.consolidating > 0 && !this.ownedLayers(disk).has(layer);
  }

  /** Starts a task on this machine; one at a time. */
  operate(name: string, verb: string, run: Parameters<TaskRunner['start']>[0]['run'], options: { ms?: number } = {}): LabTask {
    if (this.removed) throw managedObjectNotFound(this.ref);
    if (this.busy !== undefined) {
      throw new LabFault('TaskInProgress', 'Another task is in progress on this machine.', {
        task: this.busy === 'starting' ? '' : this.busy.ref,
      });
    }
    this.busy = 'starting';
    const task = this.context.tasks.start({
      name,
      descriptionId: `VirtualMachine.${verb}`,
      entity: this.ref,
      entityName: this.name,
      ...(options.ms === undefined ? {} : { ms: options.ms }),
      run: (injected) => {
        if (this.removed) throw managedObjectNotFound(this.ref);
        return run(injected);
      },
      ended: () => {
        this.busy = undefined;
      },
    });
    if (task.state === 'running') this.busy = task;
    return task;
  }
}

/** VMware's form: `6000C29a-9d6f-…`. */
export function diskUuid(random: Random): string {
  return `6000C29${random.uuid().slice(7)}`;
}

export function managedObjectNotFound(ref: Ref): LabFault {
  return new LabFault('ManagedObjectNotFound', `The object ${ref} has already been deleted or has not been completely created.`, {
    obj: ref,
  });
}

export function invalidArgument(property: string, message: string): LabFault {
  return new LabFault('InvalidArgument', message, { invalidProperty: property });
}

export function invalidPowerState(machine: { powerState: LabPowerState }, requested: LabPowerState): LabFault {
  return new LabFault('InvalidPowerState', `The attempted operation cannot be performed in the current state (${machine.powerState}).`, {
    requestedState: requested,
    existingState: machine.powerState,
  });
}
