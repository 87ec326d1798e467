import type { Kysely } from 'kysely';
import type { Job, JobSettings, JobState } from '../../domain/job.ts';
import type { Schema } from '../schema.ts';

export interface JobRepository {
  /** Adds it, or renews the settings of the job for the same machine and target. Answers what is stored. */
  put(job: Job): Promise<Job>;
  find(id: string): Promise<Job | undefined>;
  list(): Promise<Job[]>;
  setState(id: string, state: JobState): Promise<void>;
}

export function createJobRepository(database: Kysely<Schema>): JobRepository {
  const all = () => database.selectFrom('migration_jobs').selectAll();
  return {
    async put(job) {
      const settings = JSON.stringify(job.settings);
      const row = await database
        .insertInto('migration_jobs')
        .values({
          id: job.id,
          vm_id: job.machineId,
          target_environment_id: job.targetEnvironmentId,
          state: job.state,
          settings_json: settings,
          created_at: job.createdAt,
        })
        .onConflict((conflict) => conflict.columns(['vm_id', 'target_environment_id']).doUpdateSet({ settings_json: settings }))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list() {
      return (await all().orderBy('created_at').execute()).map(fromRow);
    },
    async setState(id, state) {
      await database.updateTable('migration_jobs').set({ state }).where('id', '=', id).execute();
    },
  };
}

function fromRow(row: Schema['migration_jobs']): Job {
  return {
    id: row.id,
    machineId: row.vm_id,
    targetEnvironmentId: row.target_environment_id,
    state: row.state as JobState,
    settings: JSON.parse(row.settings_json) as JobSettings,
    createdAt: row.created_at,
  };
}
