import type { Task } from '../domain/task.ts';
import type { Store } from '../store/store.ts';
import type { Attention } from './attention.ts';

/** The sources and targets that do not answer, told once: not again for each reading of them that was given up. */
export async function environmentsOf(
  store: Pick<Store, 'sources' | 'targets' | 'contacts'>,
): Promise<{ attention: Attention[]; settle(task: Task): boolean }> {
  const [sources, targets, contacts] = await Promise.all([store.sources.list(), store.targets.list(), store.contacts.all()]);
  const attention: Attention[] = [];
  for (const { id, name } of sources) {
    const failure = contacts.get(id)?.failure;
    if (!failure) continue;
    const text = `${name} cannot be read: ${failure.message}`;
    attention.push({ kind: 'source-failed', sourceId: id, environmentName: name, text, since: failure.since });
  }
  for (const { id, name } of targets) {
    const failure = contacts.get(id)?.failure;
    if (!failure) continue;
    const text = `Nothing can be replicated to ${name}: ${failure.message}`;
    attention.push({ kind: 'target-failed', targetId: id, environmentName: name, text, since: failure.since });
  }
  return {
    attention,
    /** Each source that it was to read is told of already, or has answered since. */
    settle({ kind, sourceId, endedAt, createdAt }) {
      if (kind !== 'inventory') return false;
      return sources
        .filter(({ id }) => sourceId === undefined || id === sourceId)
        .every(({ id }) => {
          const { failure, answeredAt } = contacts.get(id) ?? {};
          return failure !== undefined || (answeredAt !== undefined && answeredAt > (endedAt ?? createdAt));
        });
    },
  };
}
