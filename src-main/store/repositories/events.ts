import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

export interface StoredEvent {
  /** Grows with each event. */
  id: number;
  /** ISO 8601, UTC. */
  at: string;
  type: string;
  data: unknown;
}

export interface EventRepository {
  /** All or nothing, in this order. */
  add(events: { at: string; type: string; data: unknown }[]): Promise<StoredEvent[]>;
  /** Later than `id`, oldest first. */
  since(id: number, limit: number): Promise<StoredEvent[]>;
  /** Of the newest event; 0 where there was none. */
  newestId(): Promise<number>;
  /** Takes all away but the newest `keep`. */
  prune(keep: number): Promise<void>;
}

export function createEventRepository(database: Kysely<Schema>): EventRepository {
  const newestId = async () => {
    const row = await database
      .selectFrom('events')
      .select((build) => build.fn.max('id').as('id'))
      .executeTakeFirst();
    return row?.id ?? 0;
  };
  return {
    newestId,
    async add(events) {
      return database.transaction().execute(async (transaction) => {
        const stored: StoredEvent[] = [];
        for (const { at, type, data } of events) {
          const row = await transaction
            .insertInto('events')
            .values({ at, type, data_json: JSON.stringify(data) })
            .returning('id')
            .executeTakeFirstOrThrow();
          stored.push({ id: row.id, at, type, data });
        }
        return stored;
      });
    },
    async since(id, limit) {
      const rows = await database.selectFrom('events').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute();
      return rows.map((row) => ({ id: row.id, at: row.at, type: row.type, data: JSON.parse(row.data_json) as unknown }));
    },
    async prune(keep) {
      await database
        .deleteFrom('events')
        .where('id', '<=', (await newestId()) - keep)
        .execute();
    },
  };
}
