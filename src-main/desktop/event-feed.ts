import type { Gap, StoredEvent } from '../../src-preload/bridge.ts';
import type { Caller } from '../domain/user.ts';

/** Milliseconds: often enough to look alive, seldom enough that thousands of events cost little. */
const EVERY = 100;
/** More than that wait: the client asks anew instead of being flooded. */
const MOST = 2000;

export interface EventFeedParts {
  /** Who is signed in, as far as is known without asking. */
  caller: () => Caller | undefined;
  /** Who is signed in, and what they may now: their role or session may have ended since they last called. */
  ask: () => Promise<Caller | undefined>;
  mayRead: (caller: Caller, event: StoredEvent) => boolean | Promise<boolean>;
  send: (batch: (StoredEvent | Gap)[]) => void;
  /** Calls it once, after that time. */
  later: (act: () => void, milliseconds: number) => void;
}

/** Takes all events, in their order, and sends those that the person at the window may read, in batches. */
export function createEventFeed(parts: EventFeedParts): { take(event: StoredEvent): void; gap(): void } {
  let waiting: (StoredEvent | Gap)[] = [];
  let planned = false;
  let missed = false;
  let sending: Promise<void> = Promise.resolve();

  function plan(): void {
    if (planned) return;
    planned = true;
    parts.later(() => {
      planned = false;
      const batch = waiting;
      waiting = [];
      // One after the other: a slow check must not let a later batch pass.
      sending = sending.then(() => deliver(batch)).catch(() => undefined);
    }, EVERY);
  }

  async function deliver(batch: (StoredEvent | Gap)[]): Promise<void> {
    const caller = await parts.ask();
    if (!caller) {
      // Where it merely could not be found out who it is, the state is asked for anew later.
      missed = true;
      return;
    }
    const readable: (StoredEvent | Gap)[] = missed ? [{ gap: true }] : [];
    for (const event of latest(batch)) if ('gap' in event || (await parts.mayRead(caller, event))) readable.push(event);
    if (readable.length === 0) return;
    // Somebody else may have signed in meanwhile.
    missed = parts.caller()?.userId !== caller.userId;
    if (!missed) parts.send(readable);
  }

  return {
    take(event) {
      if (waiting.length >= MOST) waiting = [{ gap: true }];
      waiting.push(event);
      plan();
    },
    gap() {
      waiting = [{ gap: true }];
      plan();
    },
  };
}

/** Of the progress of a disk only the last counts. */
function latest(batch: (StoredEvent | Gap)[]): (StoredEvent | Gap)[] {
  const seen = new Set<string>();
  const kept: (StoredEvent | Gap)[] = [];
  for (const event of batch.toReversed()) {
    if (!('gap' in event) && event.type === 'run.progress') {
      const key = JSON.stringify([event.data.runId, event.data.key, event.data.activity]);
      if (seen.has(key)) continue;
      seen.add(key);
    }
    kept.push(event);
  }
  return kept.toReversed();
}
