import { OctopusError } from '../octopus-error.ts';
import type { BlockSource } from './block-source.ts';

/** A clock that can be waited on; given in, so that tests need no real time. Milliseconds. */
export interface WaitingClock {
  now(): number;
  /** Calls back once after `ms`; answers how to call it off. */
  after(ms: number, callback: () => void): () => void;
}

const realClock: WaitingClock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Bytes that may pass at once after a pause, as seconds of the rate. */
const BURST_SECONDS = 0.25;

/** A token bucket: callers pass in order, each as soon as the rate allows. The rate may change at any time, also for those who wait. */
export class Throttle {
  #rate: number | undefined;
  #available = 0;
  #refilled: number;
  #waiting: { bytes: number; pass: () => void }[] = [];
  #callOff: (() => void) | undefined;
  readonly #clock: WaitingClock;

  /** Bytes a second; undefined is unlimited. */
  constructor(rate: number | undefined, clock: WaitingClock = realClock) {
    this.#clock = clock;
    this.#refilled = clock.now();
    this.#rate = rate;
  }

  setRate(rate: number | undefined): void {
    this.#refill();
    this.#rate = rate;
    if (rate !== undefined) this.#available = Math.min(this.#available, rate * BURST_SECONDS);
    this.#serve();
  }

  /** Returns undefined where there is nothing to wait for. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    if (this.#rate === undefined && this.#waiting.length === 0) return undefined;
    return new Promise((resolve, reject) => {
      const entry = { bytes, pass: () => {} };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      };
      if (signal?.aborted) {
        reject(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
        return;
      }
      entry.pass = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(entry);
      this.#serve();
    });
  }

  #refill(): void {
    const now = this.#clock.now();
    if (this.#rate !== undefined) {
      this.#available = Math.min(this.#available + ((now - this.#refilled) / 1000) * this.#rate, this.#rate * BURST_SECONDS);
    }
    this.#refilled = now;
  }

  /** A taker passes while the bucket is not in debt and may leave it in debt: requests larger than the bucket pass too. */
  #serve(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#refill();
    while (this.#waiting.length > 0 && (this.#rate === undefined || this.#available >= 0)) {
      const { bytes, pass } = this.#waiting.shift() as { bytes: number; pass: () => void };
      if (this.#rate !== undefined) this.#available -= bytes;
      pass();
    }
    if (this.#rate === undefined) this.#available = 0;
    // Rounded up, at least 1 ms: a timer that is early would find the debt not quite paid and spin.
    else if (this.#waiting.length > 0) {
      const wait = Math.min(Math.max(1, Math.ceil((-this.#available / this.#rate) * 1000)), 60_000);
      this.#callOff = this.#clock.after(wait, () => this.#serve());
    }
  }
}

/** The source, with its reads held to the throttle's rate. Closing it closes the source. */
export function throttledSource(source: BlockSource, throttle: Throttle): BlockSource {
  return {
    get size() {
      return source.size;
    },
    get parallelism() {
      return source.parallelism;
    },
    get reconnects() {
      return source.reconnects;
    },
    extents: (range, signal) => source.extents(range, signal),
    async read(offset, buffer, signal) {
      const wait = throttle.take(buffer.length, signal);
      if (wait !== undefined) await wait;
      return source.read(offset, buffer, signal);
    },
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
