export const taskKinds = ['run', 'cutover', 'cutover-check', 'inventory', 'retention', 'verify'] as const;
/** `cutover-check` is the scheduler's own: it asks go or no-go ahead of a cutover. */
export type TaskKind = (typeof taskKinds)[number];

export const taskStates = ['waiting', 'leased', 'done', 'failed', 'dead', 'cancelled'] as const;
/** `failed`: it cannot pass by repeating it; `dead`: it was repeated as often as its error allows. Both can be revived. */
export type TaskState = (typeof taskStates)[number];

/** One piece of work. It is executed at least once and completed exactly once; executors resume what an earlier try left. */
export interface Task {
  id: string;
  /** Undefined for one that a person asked for. */
  scheduleId: string | undefined;
  /** With the schedule: unique, so that one planned time never runs twice. */
  plannedAt: string | undefined;
  kind: TaskKind;
  jobId: string | undefined;
  sourceId: string | undefined;
  payload: Record<string, string | number | boolean>;
  /** What it takes room of: `machine:…` (one at a time), `host:…`, `datastore:…`, `target:…`. */
  keys: string[];
  /** No two tasks of one lane are leased at once: `job:…`, `source:…`. */
  lane: string | undefined;
  priority: number;
  state: TaskState;
  /** Not started before this, ISO 8601. */
  dueAt: string;
  attempts: number;
  leaseOwner: string | undefined;
  leaseUntil: string | undefined;
  /** The fence: grows with each lease; only the holder of the newest can complete the task. */
  token: number;
  cancelRequested: boolean;
  error: { code: string; message: string } | undefined;
  createdAt: string;
  startedAt: string | undefined;
  endedAt: string | undefined;
}
