import { type Kysely, type Selectable, sql } from 'kysely';
import { defaultJobSettings, type Job, type JobSettings, type JobState } from '../../domain/job.ts';
import type { Schema } from '../schema.ts';
import {
  countJobs,
  type JobFilter,
  type JobOutlook,
  type JobQuery,
  outlookOf,
  pageOfJobs,
  type ScheduledJob,
  scheduledJobs,
  sharedJobs,
} from './job-page.ts';

export { sharedJobs };

/** With its place in the order: what `after` of the next page says. */
export type ListedJob = Job & { key: string | number };

export interface JobRepository {
  /**
   * Undefined where the machine is replicated to that target already: by a job for it, or for the same machine under another source, whose
   * replica would be the same files.
   */
  add(job: Job): Promise<Job | undefined>;
  /** Adds it, or renews the settings of the job for the same machine and target (its owner stays). Answers what is stored. */
  put(job: Job): Promise<Job>;
  find(id: string): Promise<Job | undefined>;
  list(): Promise<Job[]>;
  /** Oldest first, unless sorted. */
  page(query: JobQuery): Promise<ListedJob[]>;
  /** How many the filter lets through, on all pages. */
  count(filter: JobFilter): Promise<number>;
  /** Those that schedules run now, each as often as it has such schedules. */
  scheduled(): Promise<ScheduledJob[]>;
  /** The job for this machine and target. */
  of(machineId: string, targetEnvironmentId: string): Promise<Job | undefined>;
  /** What the machines are called that these jobs replicate, by the job's id. */
  machinesOf(ids: readonly string[]): Promise<Map<string, { name: string }>>;
  /** What the rows of a page tell beside these jobs, by the job's id. */
  outlookOf(ids: readonly string[]): Promise<Map<string, JobOutlook>>;
  /** How many replicate machines of this source, or to this target. */
  countOf(environment: { sourceEnvironmentId: string } | { targetEnvironmentId: string }): Promise<number>;
  setState(id: string, state: JobState): Promise<void>;
  setPaused(id: string, paused: boolean): Promise<void>;
  /** With its runs, cutovers, recovery points, schedules, tasks and shares; all or nothing. False: there is none. */
  remove(id: string): Promise<boolean>;
}

export function createJobRepository(database: Kysely<Schema>): JobRepository {
  const all = () => database.selectFrom('migration_jobs').selectAll();
  return {
    add: (job) =>
      database.transaction().execute(async (transaction) => {
        const other = await transaction
          .selectFrom('migration_jobs')
          .innerJoin('vms', 'vms.id', 'migration_jobs.vm_id')
          .select('migration_jobs.id')
          .where('target_environment_id', '=', job.targetEnvironmentId)
          .where('instance_uuid', '=', (build) => build.selectFrom('vms').select('instance_uuid').where('id', '=', job.machineId))
          .executeTakeFirst();
        if (other) return undefined;
        return fromRow(await transaction.insertInto('migration_jobs').values(toRow(job)).returningAll().executeTakeFirstOrThrow());
      }),
    async put(job) {
      const row = await database
        .insertInto('migration_jobs')
        .values(toRow(job))
        .onConflict((conflict) =>
          conflict.columns(['vm_id', 'target_environment_id']).doUpdateSet({ settings_json: JSON.stringify(job.settings) }),
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
      return (await all().orderBy('created_at').execute()).map(fromRow);
    },
    page: async (query) => (await pageOfJobs(database, query)).map((row) => ({ ...fromRow(row), key: row.key })),
    count: (filter) => countJobs(database, filter),
    scheduled: () => scheduledJobs(database),
    async of(machineId, targetEnvironmentId) {
      const row = await all().where('vm_id', '=', machineId).where('target_environment_id', '=', targetEnvironmentId).executeTakeFirst();
      return row && fromRow(row);
    },
    async countOf(environment) {
      const counted = database.selectFrom('migration_jobs').select((build) => build.fn.countAll<number>().as('n'));
      const { n } = await ('targetEnvironmentId' in environment
        ? counted.where('target_environment_id', '=', environment.targetEnvironmentId)
        : counted.where('vm_id', 'in', (build) =>
            build.selectFrom('vms').select('id').where('source_environment_id', '=', environment.sourceEnvironmentId),
          )
      ).executeTakeFirstOrThrow();
      return n;
    },
    async setState(id, state) {
      await database.updateTable('migration_jobs').set({ state }).where('id', '=', id).execute();
    },
    async machinesOf(ids) {
      const { rows } = await sql<{ id: string; name: string }>`
        SELECT job.id, vm.name FROM migration_jobs AS job JOIN vms AS vm ON vm.id = job.vm_id
        WHERE job.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`.execute(database);
      return new Map(rows.map(({ id, name }) => [id, { name }]));
    },
    outlookOf: (ids) => outlookOf(database, ids),
    async setPaused(id, paused) {
      await database
        .updateTable('migration_jobs')
        .set({ paused: Number(paused) })
        .where('id', '=', id)
        .execute();
    },
    remove: (id) =>
      database.transaction().execute(async (transaction) => {
        const runs = transaction.selectFrom('sync_history').select('id').where('job_id', '=', id);
        const points = transaction.selectFrom('recovery_points').select('id').where('job_id', '=', id);
        await transaction.deleteFrom('recovery_point_disks').where('recovery_point_id', 'in', points).execute();
        await transaction.deleteFrom('recovery_points').where('job_id', '=', id).execute();
        await transaction.deleteFrom('run_phases').where('run_id', 'in', runs).execute();
        await transaction.deleteFrom('run_disks').where('run_id', 'in', runs).execute();
        await transaction.deleteFrom('sync_history').where('job_id', '=', id).execute();
        await transaction.deleteFrom('cutovers').where('job_id', '=', id).execute();
        await transaction.deleteFrom('shares').where('kind', '=', sharedJobs).where('subject_id', '=', id).execute();
        // Its schedules and tasks go with it: ON DELETE CASCADE.
        const { numDeletedRows } = await transaction.deleteFrom('migration_jobs').where('id', '=', id).executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
  };
}

function toRow(job: Job) {
  return {
    id: job.id,
    vm_id: job.machineId,
    target_environment_id: job.targetEnvironmentId,
    owner_id: job.ownerId ?? null,
    state: job.state,
    settings_json: JSON.stringify(job.settings),
    created_at: job.createdAt,
  };
}

function fromRow(row: Selectable<Schema['migration_jobs']>): Job {
  return {
    id: row.id,
    machineId: row.vm_id,
    targetEnvironmentId: row.target_environment_id,
    ownerId: row.owner_id ?? undefined,
    state: row.state as JobState,
    settings: { ...defaultJobSettings, ...(JSON.parse(row.settings_json) as JobSettings) },
    paused: row.paused === 1,
    createdAt: row.created_at,
  };
}
