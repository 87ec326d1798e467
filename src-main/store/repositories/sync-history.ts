import { type Kysely, type SqlBool, sql } from 'kysely';
import type { RunKind } from '../../domain/recovery-point.ts';
import type { Run, RunCounts, RunPhase, RunState } from '../../domain/run.ts';
import type { Schema } from '../schema.ts';

export interface RunRepository {
  add(run: Run): Promise<void>;
  /** Stores everything of the run as it is now. */
  save(run: Run): Promise<void>;
  find(id: string): Promise<Run | undefined>;
  /** State `running`, oldest first: after a start of the process these were interrupted. */
  unfinished(): Promise<Run[]>;
  /** Newest first. */
  ofJob(jobId: string): Promise<Run[]>;
  /** A part of ofJob: those after the last one of the page before. */
  pageOfJob(jobId: string, limit: number, after?: { startedAt: string; id: string }): Promise<Run[]>;
  /** The newest of each of these jobs that has one. */
  lastOf(jobIds: readonly string[]): Promise<Map<string, Run>>;
  /** The phase table: closes the open phase at `at` and opens `phase`; undefined only closes. */
  enterPhase(runId: string, phase: RunPhase | undefined, at: string): Promise<void>;
  phases(runId: string): Promise<{ phase: RunPhase; startedAt: string; endedAt: string | undefined }[]>;
}

export function createRunRepository(database: Kysely<Schema>): RunRepository {
  const all = () => database.selectFrom('sync_history').selectAll();
  return {
    async add(run) {
      await database.insertInto('sync_history').values(toRow(run)).execute();
    },
    async save(run) {
      const { id, ...rest } = toRow(run);
      await database.updateTable('sync_history').set(rest).where('id', '=', id).execute();
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async unfinished() {
      return (await all().where('state', '=', 'running').orderBy('started_at').execute()).map(fromRow);
    },
    async ofJob(jobId) {
      return (await all().where('job_id', '=', jobId).orderBy('started_at', 'desc').execute()).map(fromRow);
    },
    async pageOfJob(jobId, limit, after) {
      let rows = all().where('job_id', '=', jobId);
      if (after) rows = rows.where(sql<SqlBool>`(started_at, id) < (${after.startedAt}, ${after.id})`);
      return (await rows.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(limit).execute()).map(fromRow);
    },
    async lastOf(jobIds) {
      const { rows } = await sql<Schema['sync_history']>`
        SELECT run.* FROM json_each(${JSON.stringify(jobIds)}) AS job JOIN sync_history AS run ON run.rowid =
          (SELECT rowid FROM sync_history WHERE job_id = job.value ORDER BY started_at DESC, id DESC LIMIT 1)`.execute(database);
      return new Map(rows.map((row) => [row.job_id, fromRow(row)]));
    },
    async enterPhase(runId, phase, at) {
      await database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('run_phases')
          .set({ ended_at: at })
          .where('run_id', '=', runId)
          .where('ended_at', 'is', null)
          .execute();
        if (phase === undefined) return;
        const { n } = await transaction
          .selectFrom('run_phases')
          .select((build) => build.fn.countAll<number>().as('n'))
          .where('run_id', '=', runId)
          .executeTakeFirstOrThrow();
        await transaction
          .insertInto('run_phases')
          .values({ run_id: runId, position: n + 1, phase, started_at: at })
          .execute();
        await transaction.updateTable('sync_history').set({ phase }).where('id', '=', runId).execute();
      });
    },
    async phases(runId) {
      const rows = await database.selectFrom('run_phases').selectAll().where('run_id', '=', runId).orderBy('position').execute();
      return rows.map((row) => ({ phase: row.phase as RunPhase, startedAt: row.started_at, endedAt: row.ended_at ?? undefined }));
    },
  };
}

function toRow(run: Run): Schema['sync_history'] {
  return {
    id: run.id,
    job_id: run.jobId,
    kind: run.kind,
    state: run.state,
    phase: run.phase,
    resumes: run.resumes,
    snapshot_ref: run.snapshotRef ?? null,
    snapshot_taken_at: run.snapshotTakenAt ?? null,
    tracking_doubt: run.trackingDoubt ?? null,
    notes_json: JSON.stringify(run.notes),
    counts_json: JSON.stringify(run.counts),
    reconnects: run.reconnects,
    recovery_point_id: run.recoveryPointId,
    error_code: run.error?.code ?? null,
    error_message: run.error?.message ?? null,
    started_at: run.startedAt,
    ended_at: run.endedAt ?? null,
  };
}

function fromRow(row: Schema['sync_history']): Run {
  return {
    id: row.id,
    jobId: row.job_id,
    kind: row.kind as RunKind,
    state: row.state as RunState,
    phase: row.phase as RunPhase,
    resumes: row.resumes,
    snapshotRef: row.snapshot_ref ?? undefined,
    snapshotTakenAt: row.snapshot_taken_at ?? undefined,
    trackingDoubt: row.tracking_doubt ?? undefined,
    notes: JSON.parse(row.notes_json) as string[],
    counts: JSON.parse(row.counts_json) as RunCounts,
    reconnects: row.reconnects,
    recoveryPointId: row.recovery_point_id,
    error: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? '' },
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
  };
}
