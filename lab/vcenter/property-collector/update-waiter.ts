import { encodeElement } from '../soap/encode.ts';
import { SoapFault } from '../soap/soap-fault.ts';
import type { World } from '../world/types.ts';
import type { PropertyFilter } from './property-filter.ts';

export interface WaitLimits {
  /** Undefined: as long as it takes. */
  maxWaitSeconds: number | undefined;
  maxObjectUpdates: number | undefined;
}

/** One PropertyCollector of a session: its filters and the version up to which the client was told. */
export class UpdateWaiter {
  readonly filters = new Map<string, PropertyFilter>();
  readonly #world: World;
  /** The last version answered, and the one before: a client may ask with either. */
  #version = 0;
  #acknowledged = 0;
  #wake: ((reason: 'change' | 'cancelled' | 'time') => void) | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** UpdateSet as XML elements, or undefined when the time passed without a change. */
  async wait(version: string, limits: WaitLimits, signal: AbortSignal): Promise<string | undefined> {
    this.#accept(version);
    // A second call on the same collector ends the first, like the real one.
    this.#wake?.('cancelled');
    const deadline =
      limits.maxWaitSeconds === undefined ? Number.POSITIVE_INFINITY : this.#world.clock.now() + limits.maxWaitSeconds * 1000;
    while (true) {
      const updates = this.#collect(limits.maxObjectUpdates ?? Number.POSITIVE_INFINITY);
      if (updates !== undefined) return updates;
      const left = deadline - this.#world.clock.now();
      if (left <= 0) return undefined;
      const reason = await this.#change(left, signal);
      if (reason === 'cancelled') throw new SoapFault('RequestCanceled', 'The request was canceled by a user.');
    }
  }

  /** Whether a call waits at the moment. */
  get waiting(): boolean {
    return this.#wake !== undefined;
  }

  cancel(): void {
    this.#wake?.('cancelled');
  }

  #accept(version: string): void {
    if (version === '') {
      for (const filter of this.filters.values()) filter.reset();
      this.#acknowledged = this.#version;
    } else if (version === String(this.#version)) {
      for (const filter of this.filters.values()) filter.acknowledge();
      this.#acknowledged = this.#version;
    } else if (version === String(this.#acknowledged)) {
      for (const filter of this.filters.values()) filter.takeBack();
    } else {
      throw new SoapFault('InvalidCollectorVersion', `The version ${version} is not one that this collector gave out.`);
    }
  }

  #collect(limit: number): string | undefined {
    let left = limit;
    let truncated = false;
    let sets = '';
    for (const filter of this.filters.values()) {
      if (left <= 0) {
        truncated = true;
        break;
      }
      const { xml, count, more } = filter.updates(left);
      left -= count;
      truncated ||= more;
      if (count > 0) sets += `<filterSet>${encodeElement('filter', 'ref', false, filter.ref)}${xml}</filterSet>`;
    }
    if (sets === '') return undefined;
    this.#version = Math.max(this.#version, this.#acknowledged) + 1;
    return `<version>${this.#version}</version>${sets}${truncated ? '<truncated>true</truncated>' : ''}`;
  }

  #change(milliseconds: number, signal: AbortSignal): Promise<'change' | 'cancelled' | 'time'> {
    return new Promise((resolve) => {
      const done = (reason: 'change' | 'cancelled' | 'time') => {
        this.#wake = undefined;
        unsubscribe();
        stopTimer();
        signal.removeEventListener('abort', onAbort);
        resolve(reason);
      };
      const onAbort = () => done('cancelled');
      let scheduled = false;
      const unsubscribe = this.#world.changes.subscribe(() => {
        // Changes come in groups: answer them together.
        if (!scheduled) setImmediate(() => this.#wake?.('change'));
        scheduled = true;
      });
      const stopTimer = Number.isFinite(milliseconds) ? this.#world.clock.after(milliseconds, () => done('time')) : () => undefined;
      signal.addEventListener('abort', onAbort);
      this.#wake = done;
      if (signal.aborted) onAbort();
    });
  }
}
