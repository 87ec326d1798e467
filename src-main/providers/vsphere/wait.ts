import { setTimeout as delay } from 'node:timers/promises';
import { cancelled, checkCancelled } from '../cancelled.ts';

export { cancelled, checkCancelled };

/** Milliseconds; rejects with `operation.cancelled` at once when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw cancelled(error);
  }
}

/** Waits for a shared promise, but no longer than the signal: the promise itself goes on for the others. */
export function unlessCancelled<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelled(signal.reason));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    // Also where nobody waits any more: a failure that nobody takes would end the application.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
