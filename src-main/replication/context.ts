import type { TransferPool } from '../../workers/pool.ts';
import type { TransferCounts } from '../../workers/protocol.ts';
import type { Clock } from '../domain/clock.ts';
import type { Cutover, CutoverPhase } from '../domain/cutover.ts';
import type { Job } from '../domain/job.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import type { DiskMode, Run, RunDisk, RunPhase } from '../domain/run.ts';
import { snapshotPrefix } from '../domain/snapshot-prefix.ts';
import type { MachineSnapshot, SourceProvider } from '../providers/source.ts';
import type { TargetProvider } from '../providers/target.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';
import type { Store } from '../store/store.ts';
import type { Bandwidth } from './bandwidth.ts';
import type { Limiter } from './limiter.ts';
import type { Outage, RetryPolicy } from './retry.ts';

/** What happens, as it happens. Bytes everywhere. */
export type ReplicationEvent =
  | { type: 'run'; runId: string; jobId: string; machine: string; resumed: boolean }
  | { type: 'phase'; runId: string; phase: RunPhase }
  | { type: 'disk'; runId: string; key: number; mode: DiskMode; doubt: string | undefined; bytes: number; capacity: number }
  | { type: 'progress'; runId: string; key: number; activity: 'transfer' | 'verify'; done: number; total: number; counts: TransferCounts }
  | { type: 'checkpoint'; runId: string; key: number; counts: TransferCounts }
  /** Where the disk's journal was written to: pairs of a first block and a number of blocks. */
  | { type: 'journal'; runId: string; key: number; spans: number[] }
  | { type: 'retry'; runId: string; key: number | undefined; attempt: number; code: string; message: string }
  | { type: 'note'; runId: string; text: string }
  | { type: 'ended'; run: Run }
  | { type: 'point-verified'; jobId: string; pointId: string; mismatch: string | undefined }
  | { type: 'cutover'; cutoverId: string; jobId: string; phase: CutoverPhase | 'roll-back' }
  | { type: 'cutover-ended'; cutover: Cutover };

export interface TransferTuning {
  /** A task is not made smaller than this (bytes) when a disk is split among threads. */
  taskBytes: number;
  /** Most bytes of a disk between two checkpoints: what a kill may cost to send again. */
  checkpointBytes: number;
  /** Bytes per second of all tasks together; undefined is unlimited. */
  limit: number | undefined;
}

/** What the replication is built of; octopus.ts gives it. */
export interface ReplicationParts {
  store: Store;
  pool: TransferPool;
  limiter: Limiter;
  retry: RetryPolicy;
  tuning: TransferTuning;
  clock: Clock;
  /** A new id that no one else has ever used: own snapshots are known by it. */
  newId(): string;
  /** Connected and kept by whoever gives it. */
  source(environmentId: string, signal?: AbortSignal): Promise<SourceProvider>;
  target(environmentId: string, signal?: AbortSignal): Promise<TargetProvider>;
  /** Called between two persisted steps with the name of the first; crash tests die in it. */
  crashpoint(name: string): void | Promise<void>;
  onEvent(event: ReplicationEvent): void;
}

/** One run while it is performed. */
export interface RunContext extends ReplicationParts {
  bandwidth: Bandwidth;
  job: Job;
  run: Run;
  machine: StoredMachine;
  sourceProvider: SourceProvider;
  /** After a failure: the source may have been given another login or address meanwhile, and its old connection be closed. */
  renew(): Promise<void>;
  targetProvider: TargetProvider;
  /** Tells of calls that are repeated. */
  outage: Outage;
  signal: AbortSignal;
  /** Known from phase `snapshot` on. */
  snapshot: MachineSnapshot | undefined;
  /** Known from phase `changes` on. */
  disks: RunDisk[];
}

/** A run that ended proven. */
export interface RunReport {
  run: Run;
  disks: RunDisk[];
  point: RecoveryPoint;
}

export const trackingSuffix = '-tracking';

export function snapshotName(runId: string): string {
  return `${snapshotPrefix}${runId}`;
}

/** The name under which a machine's replica lives at a target: survives renames and moves. */
export function replicaId(machine: StoredMachine): string {
  return machine.inventory.instanceUuid;
}
