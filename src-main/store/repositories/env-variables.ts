import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** One setting that was changed from its default. Never a secret. */
export interface StoredVariable {
  name: string;
  /** JSON. */
  value: string;
  updatedAt: string;
}

export interface VariableRepository {
  list(): Promise<StoredVariable[]>;
  /** All or nothing; undefined removes. */
  put(changes: ReadonlyMap<string, string | undefined>, updatedAt: string): Promise<void>;
}

export function createVariableRepository(database: Kysely<Schema>): VariableRepository {
  return {
    async list() {
      const rows = await database.selectFrom('env_variables').selectAll().orderBy('name').execute();
      return rows.map(({ name, value, updated_at }) => ({ name, value, updatedAt: updated_at }));
    },
    async put(changes, updatedAt) {
      await database.transaction().execute(async (transaction) => {
        for (const [name, value] of changes) {
          if (value === undefined) {
            await transaction.deleteFrom('env_variables').where('name', '=', name).execute();
            continue;
          }
          const fresh = { value, updated_at: updatedAt };
          await transaction
            .insertInto('env_variables')
            .values({ name, ...fresh })
            .onConflict((conflict) => conflict.column('name').doUpdateSet(fresh))
            .execute();
        }
      });
    },
  };
}
