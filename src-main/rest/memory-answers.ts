import type { KeptAnswer, KeptAnswers } from './rest-contract.ts';

/** For servers without a database. */
export function createMemoryAnswers(): KeptAnswers {
  /** In the order in which they were made. */
  const kept = new Map<string, KeptAnswer>();
  const name = (userId: string, key: string) => JSON.stringify([userId, key]);
  return {
    find: async (userId, key) => kept.get(name(userId, key)),
    async put(entry) {
      kept.set(name(entry.userId, entry.key), entry);
    },
    async remove(userId, key) {
      kept.delete(name(userId, key));
    },
    async prune(at, userId, { perUser, inAll }) {
      for (const [id, { expiresAt }] of kept) if (expiresAt <= at) kept.delete(id);
      const mine = [...kept].filter(([, entry]) => entry.userId === userId).map(([id]) => id);
      for (const id of mine.slice(0, Math.max(0, mine.length - perUser + 1))) kept.delete(id);
      for (const id of [...kept.keys()].slice(0, Math.max(0, kept.size - inAll + 1))) kept.delete(id);
    },
  };
}
