import type { Kysely, Selectable } from 'kysely';
import type { ImagesPlace } from '../../domain/images-place.ts';
import type { Schema } from '../schema.ts';

interface Common {
  id: string;
  name: string;
  /** vCenter's own id: survives another address. Images have one that Octopus gave them. */
  instanceUuid: string;
  createdAt: string;
}

/** Without its password: that is the vault's. */
export interface VsphereEnvironment extends Common {
  kind: 'vsphere';
  url: string;
  username: string;
  thumbprint: string;
}

/** Disk images on this computer. */
export interface ImagesEnvironment extends Common {
  kind: 'images';
  place: ImagesPlace;
}

export type SourceEnvironment = VsphereEnvironment | ImagesEnvironment;

export interface SourceEnvironmentRepository {
  /** Adds it, or renews all but id, kind and age of the one with the same instanceUuid. Answers what is stored. */
  put<Environment extends SourceEnvironment>(environment: Environment): Promise<Environment>;
  find(id: string): Promise<SourceEnvironment | undefined>;
  list(): Promise<SourceEnvironment[]>;
  /** Forgets it and its machines; fails where a job is about one of them. */
  remove(id: string): Promise<void>;
}

export function createSourceEnvironmentRepository(database: Kysely<Schema>): SourceEnvironmentRepository {
  const all = () => database.selectFrom('source_environments').selectAll();
  return {
    async put<Environment extends SourceEnvironment>(environment: Environment) {
      const { id, kind, name, instanceUuid, createdAt } = environment;
      const told = { name, ...columnsOf(environment) };
      const row = await database
        .insertInto('source_environments')
        .values({ id, kind, instance_uuid: instanceUuid, created_at: createdAt, ...told })
        .onConflict((conflict) => conflict.column('instance_uuid').doUpdateSet(told))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row) as Environment;
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

function columnsOf(environment: SourceEnvironment) {
  if (environment.kind === 'images') return { url: '', username: '', thumbprint: '', settings_json: JSON.stringify(environment.place) };
  const { url, username, thumbprint } = environment;
  return { url, username, thumbprint, settings_json: '{}' };
}

function fromRow(row: Selectable<Schema['source_environments']>): SourceEnvironment {
  const common = { id: row.id, name: row.name, instanceUuid: row.instance_uuid, createdAt: row.created_at };
  if (row.kind === 'images') return { ...common, kind: 'images', place: JSON.parse(row.settings_json) as ImagesPlace };
  return { ...common, kind: 'vsphere', url: row.url, username: row.username, thumbprint: row.thumbprint };
}
