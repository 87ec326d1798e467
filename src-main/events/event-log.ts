import type { Clock } from '../domain/clock.ts';
import type { StoredEvent } from '../store/repositories/events.ts';
import type { Store } from '../store/store.ts';

/** How many are kept: who has been away for longer asks for the state anew. */
const KEEP = 10_000;
/** Kept beyond that before the oldest are taken away: not with every event. */
const SLACK = 1_000;

export interface EventLog {
  /** Settles with the event's id once it is stored; listeners are told then, in the order of the ids. */
  publish(event: { type: string; data: unknown }): Promise<number>;
  /** Later than `id`, oldest first. */
  since(id: number, limit: number): Promise<StoredEvent[]>;
  /** Whether something between `id` and the oldest event that is kept is gone. */
  hasGap(id: number): Promise<boolean>;
  /** Answers what ends it. A listener must not throw. */
  subscribe(listener: (event: StoredEvent) => void): () => void;
  /** When all that was published is stored. */
  settled(): Promise<void>;
}

interface Waiting {
  event: { at: string; type: string; data: unknown };
  resolve(id: number): void;
  reject(error: unknown): void;
}

/** Events that come while others are being written go together in the next write: a durable one takes milliseconds. */
export function createEventLog(store: Pick<Store, 'events'>, clock: Clock, keep = KEEP, slack = SLACK): EventLog {
  const listeners = new Set<(event: StoredEvent) => void>();
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let unpruned = slack;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const stored = await store.events.add(batch.map(({ event }) => event));
        for (const event of stored) for (const listener of listeners) listener(event);
        batch.forEach(({ resolve }, index) => {
          resolve((stored[index] as StoredEvent).id);
        });
        unpruned += batch.length;
        if (unpruned > slack) {
          unpruned = 0;
          await store.events.prune(keep);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
  }

  return {
    publish({ type, data }) {
      return new Promise((resolve, reject) => {
        waiting.push({ event: { at: clock.now().toISOString(), type, data }, resolve, reject });
        writing ??= write();
      });
    },
    since: (id, limit) => store.events.since(id, limit),
    async hasGap(id) {
      const [next] = await store.events.since(id, 1);
      return next !== undefined && next.id > id + 1;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async settled() {
      await writing;
    },
  };
}
