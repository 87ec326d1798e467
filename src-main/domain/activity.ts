/** `refused`: the caller was not known or not allowed; `failed`: it was tried and did not work. */
export const activityOutcomes = ['succeeded', 'failed', 'refused'] as const;
export type ActivityOutcome = (typeof activityOutcomes)[number];

/** What is told of an act; the log adds its place in the chain. */
export interface ActivityDraft {
  /** ISO 8601, UTC. */
  at: string;
  /** Who acted; undefined for Octopus itself and for callers that are not known. */
  actor?: { userId: string; name: string } | undefined;
  /** Where the caller came from: an IP address, or `desktop`; undefined for Octopus itself. */
  address?: string | undefined;
  /** Area and act, e.g. `run.succeeded`, `source.create`. */
  action: string;
  /** What was acted on, e.g. `job` and its id. */
  subjectKind?: string | undefined;
  subjectId?: string | undefined;
  /** A sentence for people. */
  message?: string | undefined;
  /** The subject as it was and as it is now; secrets in it are masked before they are stored. */
  before?: unknown;
  after?: unknown;
  outcome: ActivityOutcome;
  /** Of the error that it ended with. */
  errorCode?: string | undefined;
}

export interface ActivityEntry extends ActivityDraft {
  /** From 1, without gaps. */
  id: number;
  /** Hex SHA-256: of the entry before (the genesis hash for the first), and of this one on top of it. */
  previousHash: string;
  hash: string;
}

/** All that is given must hold. */
export interface ActivityFilter {
  /** A user's id or name. */
  actor?: string | undefined;
  /** Exactly this one, or with `.*` at its end all of an area: `run.*`. */
  action?: string | undefined;
  subjectKind?: string | undefined;
  subjectId?: string | undefined;
  outcome?: ActivityOutcome | undefined;
  /** ISO 8601, UTC: not before `from`, and before `to`. */
  from?: string | undefined;
  to?: string | undefined;
  /** Part of any text of the entry; ASCII letters match in either case. */
  text?: string | undefined;
}
