import { OctopusError } from '../../workers/octopus-error.ts';

export function cancelled(cause?: unknown): OctopusError {
  return new OctopusError('operation.cancelled', 'The operation was cancelled.', { cause });
}

export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal.reason);
}

/** Does nothing where the signal has aborted, and says so whatever the work made of it when it does so later. */
export async function cancellable<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
  checkCancelled(signal);
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted ? cancelled(error) : error;
  }
}
