export type JobState = 'active' | 'cut-over';

export interface JobSettings {
  /** Recovery points to keep, at least 1. */
  keep: number;
  /** `written`: an incremental run reads back what it wrote; `all`: every run reads back every block. */
  verify: 'written' | 'all';
  /** Ask the guest's tools to quiesce the file systems for the snapshot. */
  quiesce: boolean;
}

export const defaultJobSettings: JobSettings = { keep: 3, verify: 'written', quiesce: false };

/** The standing order for one machine. */
export interface Job {
  id: string;
  machineId: string;
  targetEnvironmentId: string;
  /** The user who made it; undefined where Octopus was used without signing in. */
  ownerId?: string | undefined;
  state: JobState;
  settings: JobSettings;
  createdAt: string;
}
