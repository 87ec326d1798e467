import { type OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';

export interface RetryPolicy {
  /** Failures in a row, without any progress between them, after which the error is final. */
  attempts: number;
  /** Milliseconds before the second try; doubles up to `maxMs`. */
  firstMs: number;
  maxMs: number;
}

/** Tells of calls that are repeated: once for an outage, however many calls meet it, and once when it is over. A run would look as if it did nothing. */
export interface Outage {
  failed(failures: number, error: OctopusError): void;
  /** One that had failed came through. */
  passed(error: OctopusError): void;
}

/** About four minutes of an unreachable vCenter: long enough for a restart of its services. */
export const defaultRetryPolicy: RetryPolicy = { attempts: 12, firstMs: 250, maxMs: 30_000 };

/** May it pass by itself later? An ended session does, by a new login. */
export function isWorthRetrying(error: OctopusError): boolean {
  return error.retryable || error.code === 'source.session';
}

/** Milliseconds to wait after `failures` in a row. A lost session is repeated at once the first time: nothing has to recover. */
export function backoff(policy: RetryPolicy, failures: number, error: OctopusError): number {
  if (failures === 1 && error.code === 'source.session') return 0;
  return Math.min(policy.maxMs, policy.firstMs * 2 ** (failures - 1));
}

/** Repeats an idempotent call while its error is worth it. */
export async function retrying<Result>(
  { clock, retry, renew, outage }: { clock: Clock; retry: RetryPolicy; renew?(): Promise<void>; outage?: Outage },
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  let last: OctopusError | undefined;
  for (let failures = 1; ; failures++) {
    try {
      signal.throwIfAborted();
      const result = await call(signal);
      if (last) outage?.passed(last);
      return result;
    } catch (caught) {
      const error = toOctopusError(caught);
      if (signal.aborted || !isWorthRetrying(error) || failures >= retry.attempts) throw error;
      last = error;
      const wait = backoff(retry, failures, error);
      if (wait > 0) outage?.failed(failures, error);
      await clock.sleep(wait, signal);
      await renew?.();
    }
  }
}

/** Runs all at once; the first failure aborts the others, and is thrown when all have ended. */
export async function allOrNone(signal: AbortSignal, works: ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let first: { error: unknown } | undefined;
  await Promise.all(
    works.map((work) =>
      work(either).catch((error: unknown) => {
        first ??= { error };
        stop.abort(error);
      }),
    ),
  );
  if (first) throw first.error;
}
