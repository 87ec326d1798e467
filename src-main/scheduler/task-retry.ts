import type { ErrorCode, OctopusError } from '../../workers/octopus-error.ts';

export interface TaskRetry {
  /** Starts in all, after which the task is dead. */
  attempts: number;
  /** Milliseconds before the second start; doubles up to `maxMs`. */
  firstMs: number;
  maxMs: number;
}

const MINUTE = 60_000;
const usual: TaskRetry = { attempts: 8, firstMs: MINUTE, maxMs: 60 * MINUTE };

/** By what has to happen meanwhile. The run itself has repeated short faults for minutes before it gives up. */
const byCode: Partial<Record<ErrorCode, TaskRetry>> = {
  'source.session': { attempts: 12, firstMs: 5_000, maxMs: 15 * MINUTE },
  'source.busy': { attempts: 30, firstMs: 30_000, maxMs: 10 * MINUTE },
  'target.busy': { attempts: 30, firstMs: 30_000, maxMs: 10 * MINUTE },
  // Only where it is retryable: somebody's work on the migration has to end.
  'job.state': { attempts: 30, firstMs: 30_000, maxMs: 10 * MINUTE },
  'source.unreachable': { attempts: 20, firstMs: MINUTE, maxMs: 30 * MINUTE },
  'target.unreachable': { attempts: 20, firstMs: MINUTE, maxMs: 30 * MINUTE },
  // Somebody has to make room.
  'target.full': { attempts: 12, firstMs: 15 * MINUTE, maxMs: 4 * 60 * MINUTE },
};

/** Processes that a task may take down with it before it is dead. */
export const MOST_LOST_LEASES = 5;
/** No wait of a retry is longer: twice what the table holds, for the spread. */
export const LONGEST_WAIT = 2 * Math.max(usual.maxMs, ...Object.values(byCode).map(({ maxMs }) => maxMs));

export function isRetryable(error: OctopusError): boolean {
  return error.retryable || error.code === 'source.session';
}

/** Milliseconds before the next start, or undefined when there have been enough. Spread by ±20 %, so that tasks that failed together part. */
export function retryWait(error: OctopusError, attempts: number, random: () => number): number | undefined {
  const policy = byCode[error.code] ?? usual;
  if (attempts >= policy.attempts) return undefined;
  return Math.round(Math.min(policy.maxMs, policy.firstMs * 2 ** (attempts - 1)) * (0.8 + 0.4 * random()));
}
