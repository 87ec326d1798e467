import { LabFault } from './lab-fault.ts';
import { invalidPowerState, MachineState, type WorldContext } from './machine-state.ts';
import { queryChangedDiskAreas } from './query.ts';
import { beginConsolidation, dropSnapshot, endConsolidation, revert, takeSnapshot } from './snapshots.ts';
import type {
  ChangedAreasPage,
  CreateSnapshotOptions,
  FaultAction,
  LabAdapter,
  LabController,
  LabMachine,
  LabMachineSpec,
  LabTask,
  Ref,
} from './types.ts';

/** Where a machine is, and what does not change in its life. */
export interface MachinePlace {
  instanceUuid: string;
  biosUuid: string;
  folder: Ref;
  host: Ref;
  cluster: Ref;
  resourcePool: Ref;
  datastores: Ref[];
  vmxPath: string;
  /** Folder on the datastores. */
  directory: string;
  controllers: LabController[];
  adapters: LabAdapter[];
}

/** How long a snapshot that landed late waits for a machine that another task holds. */
const landingRetryMs = 20;

export class SimulatedMachine extends MachineState implements LabMachine {
  readonly spec: LabMachineSpec;
  readonly place: MachinePlace;

  constructor(context: WorldContext, ref: Ref, spec: LabMachineSpec, place: MachinePlace) {
    super(context, ref, spec.name);
    this.spec = spec;
    this.place = place;
  }

  get instanceUuid() {
    return this.place.instanceUuid;
  }
  get biosUuid() {
    return this.place.biosUuid;
  }
  get folder() {
    return this.place.folder;
  }
  get host() {
    return this.place.host;
  }
  get cluster() {
    return this.place.cluster;
  }
  get resourcePool() {
    return this.place.resourcePool;
  }
  get datastores() {
    return this.place.datastores;
  }
  get vmxPath() {
    return this.place.vmxPath;
  }
  get controllers() {
    return this.place.controllers;
  }
  get adapters() {
    return this.place.adapters;
  }
  get firmware() {
    return this.spec.firmware ?? 'bios';
  }
  get secureBoot() {
    return this.spec.secureBoot ?? false;
  }
  get guestId() {
    return this.spec.guestId ?? 'debian12_64Guest';
  }
  get guestName() {
    return this.spec.guestName ?? 'Debian GNU/Linux 12 (64-bit)';
  }
  get cpus() {
    return this.spec.cpus ?? 2;
  }
  get memory() {
    return this.spec.memory ?? 2 * 1024 ** 3;
  }
  get hardwareVersion() {
    return this.spec.hardwareVersion ?? 19;
  }
  get template() {
    return this.spec.template ?? false;
  }
  get tags() {
    return this.spec.tags ?? [];
  }
  get changeVersion() {
    return `${new Date(this.changedAt).toISOString().slice(0, 19)}.${String(this.changeCount).padStart(6, '0')}Z`;
  }
  get changeTrackingSupported() {
    return this.hardwareVersion >= 7;
  }
  get toolsStatus() {
    if (this.spec.tools === 'notInstalled') return 'toolsNotInstalled';
    return this.spec.tools === 'notRunning' || this.powerState !== 'poweredOn' ? 'toolsNotRunning' : 'toolsOk';
  }

  setChangeTracking(enabled: boolean): LabTask {
    return this.operate('ReconfigVM_Task', 'reconfigure', () => {
      if (enabled && !this.changeTrackingSupported) {
        throw new LabFault('NotSupported', `Change tracking needs hardware version 7; this machine has ${this.hardwareVersion}.`);
      }
      if (enabled !== this.changeTrackingEnabled) {
        this.changeTrackingEnabled = enabled;
        this.enabledWithSnapshots = enabled && (this.hasSnapshots() || this.consolidationNeeded);
        if (!enabled) for (const disk of this.disks) disk.tracking = undefined;
      }
      this.configurationChanged();
      return undefined;
    });
  }

  reconfigure(change: { name?: string; extendDisk?: { key: number; capacity: number } }): LabTask {
    return this.operate('ReconfigVM_Task', 'reconfigure', () => {
      if (change.extendDisk !== undefined) {
        const { key, capacity } = change.extendDisk;
        const disk = this.disks.find((each) => each.key === key);
        if (disk === undefined) throw new LabFault('InvalidDeviceSpec', `There is no disk with the key ${key}.`, { deviceIndex: '0' });
        disk.resize(capacity);
      }
      if (change.name !== undefined) this.name = change.name;
      this.changed('name');
      this.configurationChanged();
      return undefined;
    });
  }

  createSnapshot(name: string, description = '', options: CreateSnapshotOptions = {}): LabTask {
    return this.operate('CreateSnapshot_Task', 'createSnapshot', (injected) => {
      if (injected?.kind === 'landsLater') {
        this.#landLater(injected.ms, name, description, options);
        throw new LabFault('Timedout', 'The operation timed out.');
      }
      if (options.quiesce === true && this.powerState === 'poweredOn' && this.spec.quiesceFails === true) {
        throw new LabFault('ApplicationQuiesceFault', 'The guest could not be quiesced.');
      }
      return takeSnapshot(this, name, description, options);
    });
  }

  #landLater(ms: number, name: string, description: string, options: CreateSnapshotOptions): void {
    this.context.clock.after(ms, () => {
      if (this.removed) return;
      if (this.busy !== undefined) return this.#landLater(landingRetryMs, name, description, options);
      try {
        takeSnapshot(this, name, description, options);
      } catch (fault) {
        if (!(fault instanceof LabFault)) throw fault; // refused late: nobody is listening any more
      }
    });
  }

  removeSnapshot(snapshot: Ref, options: { removeChildren?: boolean } = {}): LabTask {
    return this.#remove('RemoveSnapshot_Task', 'removeSnapshot', () => dropSnapshot(this, snapshot, options.removeChildren ?? false));
  }

  removeAllSnapshots(): LabTask {
    return this.#remove('RemoveAllSnapshots_Task', 'removeAllSnapshots', () => {
      for (const root of [...this.rootSnapshots]) dropSnapshot(this, root, true);
    });
  }

  #remove(name: string, verb: string, drop: () => void): LabTask {
    const { settings } = this.context;
    const ownTime = settings.consolidation === 'task' ? { ms: settings.taskMs + settings.consolidationMs } : {};
    return this.operate(
      name,
      verb,
      (injected) => {
        drop();
        this.#consolidate(injected, settings.consolidation === 'task' ? 0 : settings.consolidationMs);
        return undefined;
      },
      ownTime,
    );
  }

  #consolidate(injected: FaultAction | undefined, ms: number): void {
    const failed = injected?.kind === 'consolidationFails';
    beginConsolidation(this);
    if (ms === 0) endConsolidation(this, failed);
    else this.context.clock.after(ms, () => endConsolidation(this, failed));
  }

  revertToSnapshot(snapshot: Ref): LabTask {
    return this.operate('RevertToSnapshot_Task', 'revertToSnapshot', () => {
      revert(this, snapshot);
      return undefined;
    });
  }

  consolidateDisks(): LabTask {
    const { taskMs, consolidationMs } = this.context.settings;
    return this.operate(
      'ConsolidateVMDisks_Task',
      'consolidateDisks',
      () => {
        this.#consolidate(undefined, 0);
        return undefined;
      },
      { ms: taskMs + consolidationMs },
    );
  }

  powerOn(): LabTask {
    return this.operate('PowerOnVM_Task', 'powerOn', () => {
      if (this.template) throw new LabFault('NotSupported', 'A template cannot be powered on.');
      if (this.powerState === 'poweredOn') throw invalidPowerState(this, 'poweredOff');
      this.stun(this.hasSnapshots());
      this.setPower('poweredOn');
      return undefined;
    });
  }

  powerOff(): LabTask {
    return this.operate('PowerOffVM_Task', 'powerOff', () => {
      if (this.powerState === 'poweredOff') throw invalidPowerState(this, 'poweredOn');
      if (this.context.settings.hardPowerOffResetsTracking) this.resetTracking();
      this.setPower('poweredOff');
      return undefined;
    });
  }

  reset(): LabTask {
    return this.operate('ResetVM_Task', 'reset', () => {
      if (this.powerState !== 'poweredOn') throw invalidPowerState(this, 'poweredOn');
      this.bootTime = undefined;
      this.setPower('poweredOn');
      return undefined;
    });
  }

  suspend(): LabTask {
    return this.operate('SuspendVM_Task', 'suspend', () => {
      if (this.powerState !== 'poweredOn') throw invalidPowerState(this, 'poweredOn');
      this.setPower('suspended');
      return undefined;
    });
  }

  shutdownGuest(): void {
    if (this.busy !== undefined) throw new LabFault('TaskInProgress', 'Another task is in progress on this machine.');
    if (this.powerState !== 'poweredOn') throw invalidPowerState(this, 'poweredOn');
    if (this.toolsStatus !== 'toolsOk') throw new LabFault('ToolsUnavailable', 'VMware Tools are not running in the guest.');
    if (this.spec.guestShutdown === 'ignores') return;
    const boot = this.bootTime;
    const off = () => {
      // Another boot since then is another guest: the request is forgotten.
      if (!this.removed && this.powerState === 'poweredOn' && this.bootTime === boot) this.setPower('poweredOff');
    };
    if (this.context.settings.guestShutdownMs === 0) off();
    else this.context.clock.after(this.context.settings.guestShutdownMs, off);
  }

  losePower(): void {
    if (this.powerState !== 'poweredOn') throw invalidPowerState(this, 'poweredOn');
    this.resetTracking();
    this.setPower('poweredOff');
  }

  queryChangedDiskAreas(snapshot: Ref | undefined, deviceKey: number, startOffset: number, changeId: string): ChangedAreasPage {
    return queryChangedDiskAreas(this, snapshot, deviceKey, startOffset, changeId);
  }
}
