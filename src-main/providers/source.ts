import type { Extent, SourceDescriptor } from '../../workers/protocol.ts';
import type { ChangeId, MachineInventory, PowerState } from '../domain/machine.ts';

/** A vSphere reference: opaque outside the provider. */
export type MachineRef = string;
export type SnapshotRef = string;

/** One disk as frozen in a snapshot. */
export interface SnapshotDisk {
  /** vSphere device key: the disk's identity within its machine. */
  key: number;
  /** vSphere diskObjectId or another id that survives renames. */
  objectId: string;
  /** Bytes, at the snapshot. */
  capacity: number;
  /** Undefined where the disk is not tracked. */
  changeId: ChangeId | undefined;
  /** Why an incremental cannot be trusted for this disk, in a sentence; undefined where it can. */
  doubt: string | undefined;
}

export interface MachineSnapshot {
  ref: SnapshotRef;
  /** Equals what was asked for. */
  name: string;
  disks: SnapshotDisk[];
  /** Snapshots in the tree that Octopus did not make, at the time of asking. */
  foreignSnapshots: number;
  /** Whether tracking had begun on a machine without snapshots. */
  powerState: PowerState;
}

/** `extents` when the answer can be trusted; `doubt` (a sentence) turns the disk's run into a reconcile. */
export type ChangedExtents = { extents: Extent[]; doubt?: undefined } | { doubt: string; extents?: undefined };

export interface SourceChange {
  kind: 'added' | 'changed' | 'removed';
  machine: MachineRef;
  /** Absent on removal. */
  inventory?: MachineInventory;
}

export interface MissingPrivilege {
  privilege: string;
  /** Name of the object on which it is missing. */
  on: string;
}

/**
 * A place that machines are read from. One instance is one logged-in connection, shared by runs; it keeps its session alive and
 * logs in again by itself. Every call may be repeated. Errors are OctopusError `source.*`; `source.missing` where the machine is not there.
 * A call whose signal has aborted begins nothing and is `operation.cancelled`. Whoever opens it closes it; closing twice is closing once.
 * Snapshots outlive the connection. `conformance/` holds every source to all of this.
 */
export interface SourceProvider extends AsyncDisposable {
  /** Name and version of what answered, for people. */
  about(signal?: AbortSignal): Promise<{ name: string; version: string; instanceUuid: string }>;
  /** The whole inventory. */
  inventory(signal?: AbortSignal): Promise<MachineInventory[]>;
  /** One machine by its reference or its exact name; `source.missing` where there is none or more than one. */
  machine(refOrName: string, signal?: AbortSignal): Promise<MachineInventory>;
  /** Live changes until the signal aborts, which ends it without an error; the first batch is the current state. */
  watch(signal: AbortSignal): AsyncIterable<SourceChange[]>;
  missingPrivileges(machine: MachineRef, signal?: AbortSignal): Promise<MissingPrivilege[]>;
  /** A sentence for each disk that runs are to read and could not read now: where it lies, or what is installed here, does not allow it. */
  unreadable(machine: MachineRef, signal?: AbortSignal): Promise<string[]>;
  /**
   * Switches change tracking on where it is off, through a stun cycle (temporary snapshot) so that it is in effect. Idempotent.
   * Answers whether tracking can be trusted and, if not, why. Never touches a machine that has foreign snapshots.
   */
  prepareTracking(machine: MachineRef, snapshotName: string, signal?: AbortSignal): Promise<{ tracked: boolean; doubt?: string }>;
  /**
   * One snapshot of the machine for all its disks, quiesced where the tools allow and `quiesce` asks, without memory. Idempotent by
   * name: where a snapshot of exactly this name exists already (a create that timed out and landed), it is the answer.
   * Waits for a running consolidation first.
   */
  createSnapshot(machine: MachineRef, name: string, options: { quiesce: boolean }, signal?: AbortSignal): Promise<MachineSnapshot>;
  /**
   * The snapshot of exactly this name, or undefined. `source.missing`, and why, where what it froze is no longer to be had: a run that was
   * interrupted cannot go on from it.
   */
  findSnapshot(machine: MachineRef, name: string, signal?: AbortSignal): Promise<MachineSnapshot | undefined>;
  /** All snapshots of a machine whose name begins with `prefix`. */
  listSnapshots(machine: MachineRef, prefix: string, signal?: AbortSignal): Promise<{ ref: SnapshotRef; name: string }[]>;
  /** Removes this snapshot only (never its children) and waits for the consolidation. No such snapshot: returns at once. */
  removeSnapshot(machine: MachineRef, snapshot: SnapshotRef, signal?: AbortSignal): Promise<void>;
  /** What changed on the disk between the baseline and the snapshot. Never guesses: see ChangedExtents. */
  changedExtents(
    machine: MachineRef,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    baseline: { changeId: ChangeId; capacity: number },
    signal?: AbortSignal,
  ): Promise<ChangedExtents>;
  /**
   * A descriptor with which a worker opens the disk as of the snapshot; holds the session's cookie. `refresh` forces a new login. Each is
   * closed by whoever asked for it, and does not close another's. `source.missing` where there is no such snapshot or disk. Where nothing
   * holds the disk still, a write since the snapshot makes opening or closing `source.busy`: what was read proves nothing then.
   */
  openDescriptor(
    machine: MachineRef,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    options: { refresh: boolean },
    signal?: AbortSignal,
  ): Promise<{ source: SourceDescriptor; close(): Promise<void> }>;
  powerState(machine: MachineRef, signal?: AbortSignal): Promise<PowerState>;
  /** Idempotent. `source.unsupported` where there is no power to switch. */
  powerOn(machine: MachineRef, signal?: AbortSignal): Promise<void>;
  /** Guest shutdown where tools run, hard power-off after `deadlineMs`. Answers how it went down; `no-power` where there is none to switch. Idempotent. */
  powerOff(
    machine: MachineRef,
    options: { deadlineMs: number },
    signal?: AbortSignal,
  ): Promise<'guest' | 'hard' | 'already-off' | 'no-power'>;
}
