import type { ExtentTable } from '../../workers/protocol.ts';
import type { ChangeId } from './machine.ts';
import type { RunKind } from './recovery-point.ts';

/** The corridor, in order. A run's stored phase is the one that was begun last. */
export const runPhases = ['tracking', 'snapshot', 'changes', 'replica', 'transfer', 'verify', 'commit', 'cleanup', 'prune'] as const;
export type RunPhase = (typeof runPhases)[number];

/** From here on a run needs neither its snapshot nor the source to end well. */
export function isProven(phase: RunPhase): boolean {
  return runPhases.indexOf(phase) >= runPhases.indexOf('commit');
}

export type RunState = 'running' | 'succeeded' | 'failed' | 'cancelled';

/** `full`: nothing is known of it at the target; `extents`: what changed since the baseline; `reconcile`: all is read, only what differs is sent. */
export type DiskMode = 'full' | 'extents' | 'reconcile';

/** Bytes. read = sent + zero + unchanged; `resumed` is the part that an interrupted try had already made durable. */
export interface RunCounts {
  read: number;
  sent: number;
  zero: number;
  unchanged: number;
  resumed: number;
  /** Read back from the target and compared. */
  verified: number;
}

export const noCounts: RunCounts = { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0, verified: 0 };

export interface Run {
  id: string;
  jobId: string;
  kind: RunKind;
  state: RunState;
  phase: RunPhase;
  /** Times that a later process took it up again. */
  resumes: number;
  snapshotRef: string | undefined;
  /** ISO 8601, UTC. */
  snapshotTakenAt: string | undefined;
  /** Why change tracking could not be trusted for the whole machine. */
  trackingDoubt: string | undefined;
  /** Sentences for people: disks left out, blocks healed, a snapshot that could not be removed. */
  notes: string[];
  counts: RunCounts;
  reconnects: number;
  recoveryPointId: string;
  error: { code: string; message: string } | undefined;
  startedAt: string;
  endedAt: string | undefined;
}

export interface RunDisk {
  runId: string;
  key: number;
  objectId: string;
  datastore: string;
  /** Bytes. */
  capacity: number;
  /** The mark to store as the next baseline; undefined where the disk is not tracked or tracking is doubted. */
  changeId: ChangeId | undefined;
  mode: DiskMode;
  doubt: string | undefined;
  /** Only with mode `extents`. */
  extents: ExtentTable | undefined;
  /** The replica was created by this run. */
  blank: boolean;
  /** Path of the block journal, once the replica is prepared. */
  journal: string | undefined;
  manifestRoot: string | undefined;
  algorithm: string | undefined;
  counts: RunCounts;
}
