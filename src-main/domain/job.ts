export type JobState = 'active' | 'cut-over';

export interface JobSettings {
  /** Recovery points to keep, at least 1. */
  keep: number;
  /** `written`: an incremental run reads back what it wrote; `all`: every run reads back every block. */
  verify: 'written' | 'all';
  /** Ask the guest's tools to quiesce the file systems for the snapshot. */
  quiesce: boolean;
  /** Bytes a second that its runs read together at most; 0 or undefined: no limit of its own. */
  bandwidthLimit?: number;
}

export const defaultJobSettings: JobSettings = { keep: 3, verify: 'written', quiesce: false, bandwidthLimit: 0 };

/** The standing order for one machine. */
export interface Job {
  id: string;
  machineId: string;
  targetEnvironmentId: string;
  /** The user who made it; undefined where Octopus was used without signing in. */
  ownerId?: string | undefined;
  state: JobState;
  settings: JobSettings;
  /** Its schedules do nothing. */
  paused?: boolean;
  createdAt: string;
}

/** What becomes of what the target holds of a machine when its job goes. A machine that is stopped loses what it wrote there. */
export interface Removal {
  replicas: 'keep' | 'remove';
  /** The machine that was started at the target. */
  running: 'leave' | 'stop';
}
