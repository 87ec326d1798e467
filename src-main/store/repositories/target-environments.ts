import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

export interface TargetEnvironment {
  id: string;
  kind: 'local';
  name: string;
  /** What makes it the same place: the folder of a local target. */
  location: string;
  settings: Record<string, string | number | boolean>;
  createdAt: string;
}

export interface TargetEnvironmentRepository {
  /** Adds it, or renews the one of the same kind and location. Answers what is stored. */
  put(environment: TargetEnvironment): Promise<TargetEnvironment>;
  find(id: string): Promise<TargetEnvironment | undefined>;
  list(): Promise<TargetEnvironment[]>;
  /** Forgets it; fails where a job replicates to it. */
  remove(id: string): Promise<void>;
}

export function createTargetEnvironmentRepository(database: Kysely<Schema>): TargetEnvironmentRepository {
  const all = () => database.selectFrom('target_environments').selectAll();
  return {
    async put(environment) {
      const settings = JSON.stringify(environment.settings);
      const row = await database
        .insertInto('target_environments')
        .values({
          id: environment.id,
          kind: environment.kind,
          name: environment.name,
          location: environment.location,
          settings_json: settings,
          created_at: environment.createdAt,
        })
        .onConflict((conflict) => conflict.columns(['kind', 'location']).doUpdateSet({ name: environment.name, settings_json: settings }))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list() {
      return (await all().orderBy('name').execute()).map(fromRow);
    },
    async remove(id) {
      await database.deleteFrom('target_environments').where('id', '=', id).execute();
    },
  };
}

function fromRow(row: Schema['target_environments']): TargetEnvironment {
  return {
    id: row.id,
    kind: row.kind as 'local',
    name: row.name,
    location: row.location,
    settings: JSON.parse(row.settings_json) as TargetEnvironment['settings'],
    createdAt: row.created_at,
  };
}
