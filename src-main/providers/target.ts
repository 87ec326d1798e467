import type { SinkDescriptor, SourceDescriptor } from '../../workers/protocol.ts';
import type { MachineInventory } from '../domain/machine.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';

export interface ReplicaDisk {
  key: number;
  objectId: string;
  /** Bytes. */
  capacity: number;
}

/** The working replica of one disk: what a run writes to. */
export interface ReplicaHandle {
  key: number;
  sink: SinkDescriptor;
  /** Reads the same bytes back for verification; undefined where the target cannot be read. */
  readBack: SourceDescriptor | undefined;
  /** The block journal of this disk: survives runs and crashes. */
  journal: string;
  /** The replica reads as zeros (it was created by this call). */
  blank: boolean;
}

/** A disk of a recovery point, for reading it again. */
export interface PointDisk {
  key: number;
  /** Undefined where the target cannot be read. */
  readBack: SourceDescriptor | undefined;
  /** Path of its manifest (workers/blocks/manifest.ts). */
  manifest: string;
}

export interface BootExpectation {
  /** Passes when the serial console shows this text (or matches /…/). */
  console?: string;
  /** Passes when the screen stops being blank and differs from the firmware's. Used where `console` is not given. */
  screen?: boolean;
  /** Milliseconds. */
  timeoutMs: number;
}

export interface BootObservation {
  passed: boolean;
  /** What was seen, for people: the matching line or why it failed. */
  evidence: string;
  /** Milliseconds until it passed or gave up. */
  tookMs: number;
  /** Files kept as evidence: console log, screenshot. */
  artifacts: string[];
}

export interface StartedMachine {
  handle: string;
  /** How to reach its console, for people. */
  where: string;
}

/** What start() began and stop() has not undone. */
export interface MachineAtTarget {
  machineId: string;
  handle: string;
  /** As it was called when it was started. */
  name: string;
  /** False: it was ended by something else, as a restart of its computer; what it wrote is kept. */
  running: boolean;
  /** When it was first started, ISO 8601. */
  since: string;
  /** How to reach its console, for people. */
  where: string;
}

/**
 * A place that replicas live in. Every call is idempotent and may be repeated after a crash. Errors are OctopusError `target.*`.
 * Between prepareReplica and commit the last recovery point stays whole whatever happens.
 */
export interface TargetProvider extends AsyncDisposable {
  /** Makes or finds the working replica of each disk, grown or shrunk to its capacity. `machineId` is stable across renames. */
  prepareReplica(machineId: string, disks: ReplicaDisk[], signal?: AbortSignal): Promise<ReplicaHandle[]>;
  /** Freezes the replica as this recovery point: images, manifests, machine description. Atomic: visible whole or not at all. */
  commit(machineId: string, machine: MachineInventory, point: RecoveryPoint, signal?: AbortSignal): Promise<void>;
  /** Newest first. */
  recoveryPoints(machineId: string, signal?: AbortSignal): Promise<RecoveryPoint[]>;
  /** Removes all but the newest `keep` points (at least 1). Answers the ids removed. */
  prune(machineId: string, keep: number, signal?: AbortSignal): Promise<string[]>;
  /** The images and manifests of a point. `target.missing` where it is damaged or not there. */
  pointDisks(machineId: string, pointId: string, signal?: AbortSignal): Promise<PointDisk[]>;
  /** Removes all that the target holds of the machine: replicas, points, evidence. `job.state` while it runs there. */
  remove(machineId: string, signal?: AbortSignal): Promise<void>;
  /** Boots a point isolated on a throw-away overlay and observes it; leaves nothing behind. */
  observeBoot(machineId: string, pointId: string, expectation: BootExpectation, signal?: AbortSignal): Promise<BootObservation>;
  /** Starts the machine for good from a point (cutover, failover). Starting what is started answers the same handle. */
  start(machineId: string, pointId: string, signal?: AbortSignal): Promise<StartedMachine>;
  /** The handle of what start() began from this point, whole or not; nothing where nothing of it is there. Starts nothing. */
  startedFrom(machineId: string, pointId: string, signal?: AbortSignal): Promise<string | undefined>;
  /** The handles of all that start() began of the machine and stop() has not undone, whoever asked for it. */
  started(machineId: string, signal?: AbortSignal): Promise<string[]>;
  /** The same of every machine, with what there is to say of each. */
  startedMachines(signal?: AbortSignal): Promise<MachineAtTarget[]>;
  /** Undoes start(): stops it and discards what it wrote. Nothing of this handle: returns at once. */
  stop(machineId: string, handle: string, signal?: AbortSignal): Promise<void>;
}
