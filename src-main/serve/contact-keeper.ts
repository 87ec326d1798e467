import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { toOctopusError } from '../../workers/octopus-error.ts';
import type { Store } from '../store/store.ts';

export interface ContactKeeper {
  /** Passes on the answer of the source, or its failure, and keeps which of them it was. */
  asking<Answer>(sourceId: string, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer>;
  sourceAnswered(sourceId: string): Promise<void>;
  /** Undefined: it answered. Written only where that is news: targets are looked at every minute. */
  targetHeard(targetId: string, failure: { code: string; message: string } | undefined): Promise<void>;
}

/** Keeps whether sources and targets answer, and tells of it where that changed. */
export function createContactKeeper(parts: {
  contacts: Store['contacts'];
  publish: (event: OctopusEvent) => Promise<unknown>;
  now: () => string;
}): ContactKeeper {
  const { contacts, now } = parts;
  // What was found out counts, also where it cannot be told.
  const tell = (event: OctopusEvent) => parts.publish(event).catch(() => undefined);

  async function sourceAnswered(sourceId: string): Promise<void> {
    const failed = (await contacts.find(sourceId))?.failure !== undefined;
    await contacts.answered(sourceId, now());
    if (failed) await tell({ type: 'source.changed', data: { sourceId, change: 'updated' } });
  }

  return {
    sourceAnswered,
    async asking(sourceId, signal, ask) {
      try {
        const answer = await ask();
        await sourceAnswered(sourceId);
        return answer;
      } catch (caught) {
        const { code, message } = toOctopusError(caught);
        // Nobody waited for it any more: that says nothing about the source.
        if (!signal.aborted) {
          await contacts.failed(sourceId, now(), { code, message });
          await tell({ type: 'source.changed', data: { sourceId, change: 'failed' } });
        }
        throw caught;
      }
    },
    async targetHeard(targetId, failure) {
      const known = await contacts.find(targetId);
      if (known !== undefined && (known.failure === undefined) === (failure === undefined)) return;
      await (failure ? contacts.failed(targetId, now(), failure) : contacts.answered(targetId, now()));
      if (known !== undefined || failure)
        await tell({ type: 'target.changed', data: { targetId, change: failure ? 'failed' : 'updated' } });
    },
  };
}
