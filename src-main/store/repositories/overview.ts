import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { damagedPoint } from './damage.ts';
import { lastEndedTask, type TaskFailure, toFailure } from './scheduled-tasks.ts';

/** How one migration is, in a row. Times are ISO 8601. */
export interface MigrationState {
  id: string;
  machineName: string;
  state: string;
  paused: boolean;
  createdAt: string;
  lastRun: { state: string; error: string | undefined; at: string } | undefined;
  lastCutover: { state: string; error: string | undefined; at: string } | undefined;
  /** What its last work failed of, also where no run or cutover of it came to be. */
  lastFailure: TaskFailure | undefined;
  /** When the newest recovery point was taken. */
  newestPoint: string | undefined;
  /** The newest point that was found to differ from its manifest, unless a later one is proven whole. */
  mismatch: { text: string; at: string; newest: boolean } | undefined;
}

export interface DayOfRuns {
  /** YYYY-MM-DD, UTC. */
  day: string;
  runs: number;
  failed: number;
  read: number;
  sent: number;
  zero: number;
  unchanged: number;
}

export interface OverviewRepository {
  /** Undefined is all of them. */
  migrations(ids: ReadonlySet<string> | undefined): Promise<MigrationState[]>;
  /** Days on which runs ended since then, oldest first. */
  days(ids: ReadonlySet<string> | undefined, since: string): Promise<DayOfRuns[]>;
  /** Machines that are no templates, and those of them without a migration. */
  machines(): Promise<{ all: number; unprotected: number }>;
}

export function createOverviewRepository(database: Kysely<Schema>): OverviewRepository {
  const among = (column: string, ids: ReadonlySet<string> | undefined) =>
    ids === undefined ? sql`1` : sql`${sql.ref(column)} IN (SELECT value FROM json_each(${JSON.stringify([...ids])}))`;
  return {
    async migrations(ids) {
      const { rows } = await sql<Record<string, string | null> & { paused: number }>`
        SELECT job.id, vm.name, job.state, job.paused, job.created_at,
          run.state AS run_state, run.error_message AS run_error, coalesce(run.ended_at, run.started_at) AS run_at,
          cutover.state AS cutover_state, cutover.error_message AS cutover_error, coalesce(cutover.ended_at, cutover.started_at) AS cutover_at,
          (SELECT max(taken_at) FROM recovery_points WHERE job_id = job.id AND removed_at IS NULL) AS newest,
          wrong.mismatch, wrong.reread_at, wrong.taken_at AS wrong_taken,
          task.id AS task_id, task.kind AS task_kind, task.error_code AS task_code, task.error_message AS task_error, task.ended_at AS task_at
        FROM migration_jobs AS job JOIN vms AS vm ON vm.id = job.vm_id
        LEFT JOIN sync_history AS run ON run.rowid =
          (SELECT rowid FROM sync_history WHERE job_id = job.id ORDER BY started_at DESC, id DESC LIMIT 1)
        LEFT JOIN cutovers AS cutover ON cutover.rowid = (SELECT rowid FROM cutovers WHERE job_id = job.id ORDER BY started_at DESC LIMIT 1)
        LEFT JOIN scheduled_tasks AS task ON task.state <> 'done' AND task.rowid = ${lastEndedTask('job.id')}
        LEFT JOIN recovery_points AS wrong ON wrong.rowid = ${damagedPoint('job.id')}
        WHERE ${among('job.id', ids)} ORDER BY job.created_at, job.id`.execute(database);
      return rows.map((row) => ({
        id: row.id as string,
        machineName: row.name as string,
        state: row.state as string,
        paused: row.paused === 1,
        createdAt: row.created_at as string,
        lastRun: row.run_at ? { state: row.run_state as string, error: row.run_error ?? undefined, at: row.run_at } : undefined,
        lastCutover: row.cutover_at
          ? { state: row.cutover_state as string, error: row.cutover_error ?? undefined, at: row.cutover_at }
          : undefined,
        lastFailure: toFailure({
          id: row.task_id ?? null,
          kind: row.task_kind ?? null,
          error_code: row.task_code ?? null,
          error_message: row.task_error ?? null,
          ended_at: row.task_at ?? null,
        }),
        newestPoint: row.newest ?? undefined,
        mismatch: row.mismatch ? { text: row.mismatch, at: row.reread_at as string, newest: row.wrong_taken === row.newest } : undefined,
      }));
    },
    async days(ids, since) {
      // '' is the row of all together.
      const whose = ids === undefined ? sql`job_id = ''` : among('job_id', ids);
      const { rows } = await sql<DayOfRuns>`
        SELECT day, sum(runs) AS runs, sum(failed) AS failed, sum(read) AS read, sum(sent) AS sent, sum(zero) AS zero,
          sum(unchanged) AS unchanged
        FROM run_days WHERE ${whose} AND day >= ${since.slice(0, 10)} AND runs > 0 GROUP BY day ORDER BY day`.execute(database);
      return rows;
    },
    async machines() {
      const { rows } = await sql<{ all: number; unprotected: number }>`
        SELECT count(*) AS "all", coalesce(sum(NOT EXISTS (SELECT 1 FROM migration_jobs WHERE vm_id = vms.id)), 0) AS unprotected
        FROM vms INDEXED BY vms_no_templates WHERE NOT coalesce(json_extract(inventory_json, '$.template'), 0)`.execute(database);
      return rows[0] as { all: number; unprotected: number };
    },
  };
}
