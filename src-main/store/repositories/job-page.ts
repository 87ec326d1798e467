import { type Kysely, type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { JobState } from '../../domain/job.ts';
import type { Schedule } from '../../domain/schedule.ts';
import { nameKey } from '../../domain/user.ts';
import type { Schema } from '../schema.ts';
import { isDamaged } from './damage.ts';
import { lastEndedTask } from './scheduled-tasks.ts';

export interface JobFilter {
  state?: JobState | undefined;
  machineId?: string | undefined;
  /** Part of the machine's name. */
  text?: string | undefined;
  /** A run or a cutover goes on; the last run failed, or its points are damaged; its schedules do nothing. */
  only?: 'running' | 'failed' | 'paused' | undefined;
  /** Only these. */
  ids?: readonly string[] | undefined;
  /** Only those that this user owns or was given. */
  visibleTo?: string | undefined;
}

export const jobSortKeys = ['created', 'machine', 'state', 'lastRun', 'newestPoint', 'nextRun', 'target'] as const;
export type JobSortKey = (typeof jobSortKeys)[number];

export interface JobQuery extends JobFilter {
  /** By creation unless given. */
  sort?: JobSortKey | undefined;
  descending?: boolean | undefined;
  limit: number;
  /** The last one of the page before. */
  after?: { key: string | number; id: string } | undefined;
  /** As many of the order are passed over. */
  position?: number | undefined;
}

/** The kind under which jobs stand in `shares`. */
export const sharedJobs = 'migration';

const runs = sql`(SELECT job_id FROM sync_history WHERE state = 'running' UNION ALL
  SELECT job_id FROM cutovers WHERE state IN ('running', 'rolling-back'))`;
const failed = sql`((SELECT state FROM sync_history WHERE job_id = migration_jobs.id ORDER BY started_at DESC, id DESC LIMIT 1) = 'failed'
  OR EXISTS (SELECT 1 FROM scheduled_tasks WHERE state <> 'done' AND rowid = ${lastEndedTask('migration_jobs.id')}))`;
const damaged = sql.raw(isDamaged('migration_jobs.id'));
const points = (more: string) => sql.raw(`FROM recovery_points WHERE job_id = migration_jobs.id AND removed_at IS NULL${more}`);

/** When a schedule begins it next: after the quiet window that its time falls into. */
const nextRun = sql`CASE WHEN paused = 0 AND state <> 'cut-over' THEN (
  SELECT min(CASE windows_json WHEN '[]' THEN next_at ELSE begins_at(next_at, windows_json) END) FROM schedules
  WHERE job_id = migration_jobs.id AND kind = 'run' AND enabled = 1) END`;

/** Never NULL: a page goes on behind the key of the one before. What is about times is '' where it never was. */
const keys: Record<JobSortKey, RawBuilder<unknown>> = {
  created: sql`created_at`,
  machine: sql`coalesce((SELECT name_key FROM vms WHERE id = migration_jobs.vm_id), '')`,
  target: sql`coalesce((SELECT lower(name) FROM target_environments WHERE id = migration_jobs.target_environment_id), '')`,
  lastRun: sql`coalesce((SELECT coalesce(ended_at, started_at) FROM sync_history
    WHERE job_id = migration_jobs.id ORDER BY started_at DESC, id DESC LIMIT 1), '')`,
  newestPoint: sql`coalesce((SELECT max(taken_at) ${points('')}), '')`,
  // Behind every time.
  nextRun: sql`coalesce(${nextRun}, '~')`,
  // What needs somebody first, then what goes on, what waits for its first run, what is paused, what is well, what is over.
  state: sql`CASE
    WHEN id IN ${runs} THEN 1
    WHEN state = 'cut-over' THEN 5
    WHEN ${failed} OR ${damaged} THEN 0
    WHEN NOT EXISTS (SELECT 1 ${points('')}) THEN 2
    WHEN paused THEN 3 ELSE 4 END`,
};

type Row = Selectable<Schema['migration_jobs']> & { key: string | number };

export async function pageOfJobs(database: Kysely<Schema>, query: JobQuery): Promise<Row[]> {
  const { sort = 'created', descending = false, limit, after, position = 0 } = query;
  const key = keys[sort];
  const direction = sql.raw(descending ? 'DESC' : 'ASC');
  if (after && typeof after.key !== (sort === 'state' ? 'number' : 'string'))
    throw new OctopusError('argument.invalid', 'The cursor belongs to another sort.', { field: 'cursor' });
  const behind = after ? sql`(${key}, id) ${sql.raw(descending ? '<' : '>')} (${after.key}, ${after.id})` : sql`1`;
  const { rows } = await sql<Row>`SELECT migration_jobs.*, ${key} AS key FROM migration_jobs WHERE ${matches(query)} AND ${behind}
    ORDER BY key ${direction}, id ${direction} LIMIT ${limit} OFFSET ${position}`.execute(database);
  return rows;
}

export async function countJobs(database: Kysely<Schema>, filter: JobFilter): Promise<number> {
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM migration_jobs WHERE ${matches(filter)}`.execute(database);
  return rows[0]?.n ?? 0;
}

/** What is told of a job beside itself. It is asked of the rows of a page alone: sorting passes all jobs. */
export interface JobOutlook {
  machineName: string;
  sourceEnvironmentId: string;
  /** ISO 8601. */
  nextRun: string | undefined;
  /** The task that works with the machine that one of this job waits for. */
  waitsFor: string | undefined;
}

export async function outlookOf(database: Kysely<Schema>, ids: readonly string[]): Promise<Map<string, JobOutlook>> {
  type Found = Pick<JobOutlook, 'machineName' | 'sourceEnvironmentId'> & { id: string; nextRun: string | null; waitsFor: string | null };
  const { rows } = await sql<Found>`
    WITH working AS MATERIALIZED (SELECT task.id, held.value AS machine FROM scheduled_tasks AS task, json_each(task.keys_json) AS held
      WHERE task.state = 'leased' AND held.value LIKE 'machine:%')
    SELECT migration_jobs.id, vms.name AS machineName, vms.source_environment_id AS sourceEnvironmentId, ${nextRun} AS nextRun,
      CASE WHEN working.id IS NOT NULL AND EXISTS (SELECT 1 FROM scheduled_tasks AS task, json_each(task.keys_json) AS wanted
        WHERE task.job_id = migration_jobs.id AND task.state = 'waiting' AND wanted.value = working.machine) THEN working.id END AS waitsFor
    FROM migration_jobs JOIN vms ON vms.id = vm_id LEFT JOIN working ON working.machine = 'machine:' || vm_id
    WHERE migration_jobs.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`.execute(database);
  return new Map(
    rows.map(({ id, nextRun, waitsFor, ...machine }) => [
      id,
      { ...machine, nextRun: nextRun ?? undefined, waitsFor: waitsFor ?? undefined },
    ]),
  );
}

/** A job, with one of the schedules that run it. */
export interface ScheduledJob {
  id: string;
  createdAt: string;
  /** When its newest recovery point was taken. */
  newestPoint: string | undefined;
  schedule: Pick<Schedule, 'timing' | 'windows' | 'jitterMs' | 'createdAt'>;
}

/** Each as often as it has schedules that run it. */
export async function scheduledJobs(database: Kysely<Schema>): Promise<ScheduledJob[]> {
  type Found = Pick<Schema['schedules'], 'timing_json' | 'windows_json' | 'jitter_ms'> & Record<'id' | 'createdAt' | 'made', string>;
  const { rows } = await sql<Found & { newest: string | null }>`
    SELECT migration_jobs.id, migration_jobs.created_at AS createdAt, (SELECT max(taken_at) ${points('')}) AS newest,
      schedule.timing_json, schedule.windows_json, schedule.jitter_ms, schedule.created_at AS made
    FROM schedules AS schedule JOIN migration_jobs ON migration_jobs.id = schedule.job_id
    WHERE schedule.kind = 'run' AND schedule.enabled = 1 AND paused = 0 AND state <> 'cut-over'`.execute(database);
  const timingOf = jsonReader<Schedule['timing']>();
  const windowsOf = jsonReader<Schedule['windows']>();
  return rows.map(({ id, createdAt, newest, timing_json, windows_json, jitter_ms, made }) => ({
    ...{ id, createdAt, newestPoint: newest ?? undefined },
    schedule: { timing: timingOf(timing_json), windows: windowsOf(windows_json), jitterMs: jitter_ms, createdAt: made },
  }));
}

/** Thousands of schedules share few texts: each is read once. */
function jsonReader<Value extends object>(): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const value = known.get(text) ?? (JSON.parse(text) as Value);
    known.set(text, value);
    return value;
  };
}

function matches({ state, machineId, text, only, ids, visibleTo }: JobFilter): RawBuilder<SqlBool> {
  const wanted = [sql`1`];
  if (state !== undefined) wanted.push(sql`state = ${state}`);
  if (machineId !== undefined) wanted.push(sql`vm_id = ${machineId}`);
  if (text) wanted.push(sql`vm_id IN (SELECT id FROM vms WHERE instr(name_key, ${nameKey(text)}) > 0)`);
  if (only === 'paused') wanted.push(sql`paused = 1`);
  if (only === 'running') wanted.push(sql`id IN ${runs}`);
  if (only === 'failed') wanted.push(sql`(${failed} OR ${damaged} AND state <> 'cut-over')`);
  if (ids !== undefined) wanted.push(sql`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
  if (visibleTo !== undefined)
    wanted.push(
      sql`(owner_id = ${visibleTo} OR id IN (SELECT subject_id FROM shares WHERE user_id = ${visibleTo} AND kind = ${sharedJobs}))`,
    );
  return sql.join(wanted, sql` AND `) as RawBuilder<SqlBool>;
}
