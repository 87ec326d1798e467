import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** What a call with an Idempotency-Key was answered, so that the same call again gets the same answer, also from the next process. */
export interface KeptAnswer {
  userId: string;
  key: string;
  /** Of the request: tells another one with the same key. */
  fingerprint: string;
  /** Undefined: it was begun, and nobody has noted how it ended. */
  answer: { status: number; body: unknown; etag?: string | undefined } | undefined;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

export interface KeptAnswerRepository {
  find(userId: string, key: string): Promise<KeptAnswer | undefined>;
  /** In place of what was there. */
  put(kept: KeptAnswer): Promise<void>;
  remove(userId: string, key: string): Promise<void>;
  /** Removes what has expired, then the user's and all users' oldest so that one more fits. */
  prune(at: string, userId: string, limits: { perUser: number; inAll: number }): Promise<void>;
}

export function createKeptAnswerRepository(database: Kysely<Schema>): KeptAnswerRepository {
  const table = 'kept_answers';
  return {
    async find(userId, key) {
      const row = await database.selectFrom(table).selectAll().where('user_id', '=', userId).where('key', '=', key).executeTakeFirst();
      if (!row) return undefined;
      const answer = row.answer_json === null ? undefined : (JSON.parse(row.answer_json) as NonNullable<KeptAnswer['answer']>);
      return { userId, key, fingerprint: row.fingerprint, answer, expiresAt: row.expires_at };
    },
    async put({ userId, key, fingerprint, answer, expiresAt }) {
      const changing = { fingerprint, answer_json: answer === undefined ? null : JSON.stringify(answer), expires_at: expiresAt };
      await database
        .insertInto(table)
        .values({ user_id: userId, key, ...changing })
        .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet(changing))
        .execute();
    },
    async remove(userId, key) {
      await database.deleteFrom(table).where('user_id', '=', userId).where('key', '=', key).execute();
    },
    async prune(at, userId, { perUser, inAll }) {
      await database.deleteFrom(table).where('expires_at', '<=', at).execute();
      for (const [whose, most] of [[userId, perUser] as const, [undefined, inAll] as const]) {
        let newest = database
          .selectFrom(table)
          .select('expires_at')
          .orderBy('expires_at', 'desc')
          .offset(most - 1)
          .limit(1);
        if (whose !== undefined) newest = newest.where('user_id', '=', whose);
        const last = await newest.executeTakeFirst();
        if (last === undefined) continue;
        let old = database.deleteFrom(table).where('expires_at', '<=', last.expires_at);
        if (whose !== undefined) old = old.where('user_id', '=', whose);
        await old.execute();
      }
    },
  };
}
