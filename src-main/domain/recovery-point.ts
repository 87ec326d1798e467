import type { ChangeId } from './machine.ts';

export type RunKind = 'full' | 'incremental' | 'reconcile' | 'final';

export interface RecoveryPointDisk {
  key: number;
  objectId: string;
  /** Bytes. */
  capacity: number;
  changeId: ChangeId | undefined;
  /** Hex root digest of the disk's manifest. */
  manifestRoot: string;
  /** e.g. `blake3`. */
  algorithm: string;
  /** File name of the manifest, relative to the point. */
  manifest: string;
  /** File name of the image, relative to the point. */
  image: string;
}

export interface RecoveryPoint {
  id: string;
  runId: string;
  kind: RunKind;
  /** Why an incremental became a reconcile; one sentence a disk. */
  doubts: string[];
  /** ISO 8601, UTC: when the snapshot was taken. */
  takenAt: string;
  /** How the target was proven: every block read back, or the written ones. */
  verified: 'all' | 'written';
  disks: RecoveryPointDisk[];
}

/** A point as the store knows it, with what came after it was made. */
export interface KeptPoint extends RecoveryPoint {
  /** When the target had it; its run had read back what `verified` says right before. */
  committedAt: string;
  /** When every block was last read again at the target. */
  rereadAt: string | undefined;
  /** What that reading found to differ; undefined where all agreed. */
  mismatch: string | undefined;
}
