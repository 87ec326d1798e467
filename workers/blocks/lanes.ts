import { setMaxListeners } from 'node:events';
import { OctopusError, toOctopusError } from '../octopus-error.ts';
import { keepWindow, takeWindow } from './aligned-memory.ts';
import type { Piece } from './pieces.ts';

/** After a failure or a cancel, how long the calls in flight may take to end before they are left to the closing of source and sink. Milliseconds. */
const GRACE = 500;
/** A lane that never has to wait lets others in after this long: control messages, timers. Milliseconds. */
const TURN = 20;

export interface LaneWork {
  /** `buffer` is the lane's own, a block long. */
  (piece: Piece, buffer: Buffer, signal: AbortSignal): Promise<void>;
}

/**
 * Works on the pieces in `lanes` lanes, each with one buffer: that bounds the memory and keeps as many requests in flight.
 * Ends with the first failure; within a second of the signal.
 */
export async function inLanes(
  pieces: (signal: AbortSignal) => AsyncGenerator<Piece, void, undefined>,
  options: { lanes: number; blockSize: number; signal: AbortSignal },
  work: LaneWork,
): Promise<void> {
  const stop = new AbortController();
  // Each lane listens while it waits; Node 20, in older Electrons, takes more than ten for a leak.
  setMaxListeners(0, stop.signal);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const fail = (error: unknown): void => {
    failed.reject(error);
    stop.abort(error);
  };
  const onAbort = (): void => fail(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener('abort', onAbort, { once: true });

  const queue = pieces(stop.signal);
  const count = Math.max(1, options.lanes);
  // Of one piece; a lane that never works never touches its part, which then costs nothing.
  const memory = takeWindow(count * options.blockSize);
  let turn = performance.now();
  const lane = async (index: number): Promise<void> => {
    const buffer = memory.subarray(index * options.blockSize, (index + 1) * options.blockSize);
    for (;;) {
      stop.signal.throwIfAborted();
      const next = await queue.next();
      if (next.done === true) return;
      await work(next.value, buffer, stop.signal);
      if (performance.now() - turn > TURN) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
  };
  const lanes = Array.from({ length: count }, (_, index) => lane(index).catch(fail));
  const all = Promise.all(lanes);
  try {
    await Promise.race([all, failed.promise]);
    if (stop.signal.aborted) await failed.promise;
    // After a failure something may still be under way into it.
    keepWindow(memory);
  } catch (error) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([all, new Promise((resolve) => (timer = setTimeout(resolve, GRACE)))]);
    clearTimeout(timer);
    throw toOctopusError(error);
  } finally {
    options.signal.removeEventListener('abort', onAbort);
  }
}
