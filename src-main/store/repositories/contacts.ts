import { type Kysely, type Selectable, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** What was last heard of a source or a target. Times are ISO 8601. */
export interface Contact {
  askedAt: string;
  answeredAt?: string | undefined;
  /** Absent once it has answered again. `since`: of the first failure after it last answered. */
  failure?: { code: string; message: string; since: string } | undefined;
}

export interface ContactRepository {
  answered(environmentId: string, at: string): Promise<void>;
  failed(environmentId: string, at: string, failure: { code: string; message: string }): Promise<void>;
  find(environmentId: string): Promise<Contact | undefined>;
  /** By the id of the environment; one that was never asked is left out. */
  all(): Promise<ReadonlyMap<string, Contact>>;
}

export function createContactRepository(database: Kysely<Schema>): ContactRepository {
  const all = () => database.selectFrom('contacts').selectAll();
  return {
    async answered(id, at) {
      const heard = { asked_at: at, answered_at: at, failure_code: null, failure_message: null, failing_since: null };
      await database
        .insertInto('contacts')
        .values({ environment_id: id, ...heard })
        .onConflict((conflict) => conflict.column('environment_id').doUpdateSet(heard))
        .execute();
    },
    async failed(id, at, { code, message }) {
      const heard = { asked_at: at, failure_code: code, failure_message: message };
      await database
        .insertInto('contacts')
        .values({ environment_id: id, ...heard, answered_at: null, failing_since: at })
        .onConflict((conflict) =>
          conflict.column('environment_id').doUpdateSet({
            ...heard,
            failing_since: sql<string>`coalesce(contacts.failing_since, excluded.failing_since)`,
          }),
        )
        .execute();
    },
    async find(id) {
      const row = await all().where('environment_id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async all() {
      return new Map((await all().execute()).map((row) => [row.environment_id, fromRow(row)]));
    },
  };
}

function fromRow(row: Selectable<Schema['contacts']>): Contact {
  const contact: Contact = { askedAt: row.asked_at };
  if (row.answered_at !== null) contact.answeredAt = row.answered_at;
  if (row.failure_code !== null)
    contact.failure = { code: row.failure_code, message: row.failure_message ?? '', since: row.failing_since ?? row.asked_at };
  return contact;
}
