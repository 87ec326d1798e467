import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Who was given what by its owner or an administrator. `kind` is the kind of thing, e.g. `migration`. */
export interface ShareRepository {
  give(kind: string, subjectId: string, userId: string): Promise<void>;
  take(kind: string, subjectId: string, userId: string): Promise<void>;
  /** Ids of the users whom this was given to. */
  of(kind: string, subjectId: string): Promise<string[]>;
  /** The same of each of these things that was given to somebody. */
  ofAll(kind: string, subjectIds: readonly string[]): Promise<Map<string, string[]>>;
  /** Ids of the things of this kind that the user was given. */
  givenTo(userId: string, kind: string): Promise<string[]>;
}

export function createShareRepository(database: Kysely<Schema>): ShareRepository {
  return {
    async give(kind, subjectId, userId) {
      await database
        .insertInto('shares')
        .values({ kind, subject_id: subjectId, user_id: userId })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async take(kind, subjectId, userId) {
      await database
        .deleteFrom('shares')
        .where('kind', '=', kind)
        .where('subject_id', '=', subjectId)
        .where('user_id', '=', userId)
        .execute();
    },
    async of(kind, subjectId) {
      const rows = await database
        .selectFrom('shares')
        .select('user_id')
        .where('kind', '=', kind)
        .where('subject_id', '=', subjectId)
        .orderBy('user_id')
        .execute();
      return rows.map((row) => row.user_id);
    },
    async ofAll(kind, subjectIds) {
      const { rows } = await sql<Schema['shares']>`SELECT subject_id, user_id FROM shares
        WHERE kind = ${kind} AND subject_id IN (SELECT value FROM json_each(${JSON.stringify(subjectIds)})) ORDER BY user_id`.execute(
        database,
      );
      const users = new Map<string, string[]>();
      for (const { subject_id, user_id } of rows) users.set(subject_id, [...(users.get(subject_id) ?? []), user_id]);
      return users;
    },
    async givenTo(userId, kind) {
      const rows = await database
        .selectFrom('shares')
        .select('subject_id')
        .where('user_id', '=', userId)
        .where('kind', '=', kind)
        .orderBy('subject_id')
        .execute();
      return rows.map((row) => row.subject_id);
    },
  };
}
