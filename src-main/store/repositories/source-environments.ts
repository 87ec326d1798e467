import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** Without its password: that is the vault's. */
export interface SourceEnvironment {
  id: string;
  kind: 'vsphere';
  name: string;
  url: string;
  username: string;
  thumbprint: string;
  /** vCenter's own id: survives another address. */
  instanceUuid: string;
  createdAt: string;
}

export interface SourceEnvironmentRepository {
  /** Adds it, or renews address, user and thumbprint of the one with the same instanceUuid. Answers what is stored. */
  put(environment: SourceEnvironment): Promise<SourceEnvironment>;
  find(id: string): Promise<SourceEnvironment | undefined>;
  list(): Promise<SourceEnvironment[]>;
  /** Forgets it and its machines; fails where a job is about one of them. */
  remove(id: string): Promise<void>;
}

export function createSourceEnvironmentRepository(database: Kysely<Schema>): SourceEnvironmentRepository {
  const all = () => database.selectFrom('source_environments').selectAll();
  return {
    async put(environment) {
      const row = await database
        .insertInto('source_environments')
        .values({
          id: environment.id,
          kind: environment.kind,
          name: environment.name,
          url: environment.url,
          username: environment.username,
          thumbprint: environment.thumbprint,
          instance_uuid: environment.instanceUuid,
          created_at: environment.createdAt,
        })
        .onConflict((conflict) =>
          conflict.column('instance_uuid').doUpdateSet({
            name: environment.name,
            url: environment.url,
            username: environment.username,
            thumbprint: environment.thumbprint,
          }),
        )
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
      await database.transaction().execute(async (transaction) => {
        const machines = transaction.selectFrom('vms').select('id').where('source_environment_id', '=', id);
        await transaction.deleteFrom('size_estimations').where('vm_id', 'in', machines).execute();
        await transaction.deleteFrom('vms').where('source_environment_id', '=', id).execute();
        await transaction.deleteFrom('source_environments').where('id', '=', id).execute();
      });
    },
  };
}

function fromRow(row: Schema['source_environments']): SourceEnvironment {
  return {
    id: row.id,
    kind: row.kind as 'vsphere',
    name: row.name,
    url: row.url,
    username: row.username,
    thumbprint: row.thumbprint,
    instanceUuid: row.instance_uuid,
    createdAt: row.created_at,
  };
}
