import { type Kysely, sql } from 'kysely';
import type { Cutover, CutoverPhase, CutoverSettings, CutoverState, CutoverTimes } from '../../domain/cutover.ts';
import type { Schema } from '../schema.ts';

export interface CutoverRepository {
  add(cutover: Cutover): Promise<void>;
  /** Stores everything of the cutover as it is now. */
  save(cutover: Cutover): Promise<void>;
  find(id: string): Promise<Cutover | undefined>;
  /** Running or rolling back, oldest first: after a start of the process these were interrupted. */
  unfinished(): Promise<Cutover[]>;
  /** Newest first. */
  ofJob(jobId: string): Promise<Cutover[]>;
  /** The newest of each of these jobs that has one. */
  lastOf(jobIds: readonly string[]): Promise<Map<string, Cutover>>;
}

export function createCutoverRepository(database: Kysely<Schema>): CutoverRepository {
  const all = () => database.selectFrom('cutovers').selectAll();
  return {
    async add(cutover) {
      await database.insertInto('cutovers').values(toRow(cutover)).execute();
    },
    async save(cutover) {
      const { id, ...rest } = toRow(cutover);
      await database.updateTable('cutovers').set(rest).where('id', '=', id).execute();
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async unfinished() {
      return (await all().where('state', 'in', ['running', 'rolling-back']).orderBy('started_at').orderBy(sql`rowid`).execute()).map(
        fromRow,
      );
    },
    async ofJob(jobId) {
      return (await all().where('job_id', '=', jobId).orderBy('started_at', 'desc').orderBy(sql`rowid`, 'desc').execute()).map(fromRow);
    },
    async lastOf(jobIds) {
      const { rows } = await sql<Schema['cutovers']>`
        SELECT cutover.* FROM json_each(${JSON.stringify(jobIds)}) AS job JOIN cutovers AS cutover ON cutover.rowid =
          (SELECT rowid FROM cutovers WHERE job_id = job.value ORDER BY started_at DESC, rowid DESC LIMIT 1)`.execute(database);
      return new Map(rows.map((row) => [row.job_id, fromRow(row)]));
    },
  };
}

const noTimes: CutoverTimes = { phases: [] };

function toRow(cutover: Cutover): Schema['cutovers'] {
  return {
    id: cutover.id,
    job_id: cutover.jobId,
    state: cutover.state,
    phase: cutover.phase,
    settings_json: JSON.stringify(cutover.settings),
    source_was_on: cutover.sourceWasOn === undefined ? null : Number(cutover.sourceWasOn),
    powered_off: cutover.poweredOff ?? null,
    final_run_id: cutover.finalRunId ?? null,
    start_attempted: Number(cutover.startAttempted),
    handle: cutover.handle ?? null,
    location: cutover.where ?? null,
    undone_json: JSON.stringify(cutover.undone),
    error_code: cutover.error?.code ?? null,
    error_message: cutover.error?.message ?? null,
    started_at: cutover.startedAt,
    ended_at: cutover.endedAt ?? null,
    times_json: JSON.stringify(cutover.times ?? noTimes),
  };
}

function fromRow(row: Schema['cutovers']): Cutover {
  return {
    id: row.id,
    jobId: row.job_id,
    state: row.state as CutoverState,
    phase: row.phase as CutoverPhase,
    settings: JSON.parse(row.settings_json) as CutoverSettings,
    sourceWasOn: row.source_was_on === null ? undefined : row.source_was_on === 1,
    poweredOff: (row.powered_off ?? undefined) as Cutover['poweredOff'],
    finalRunId: row.final_run_id ?? undefined,
    startAttempted: row.start_attempted === 1,
    handle: row.handle ?? undefined,
    where: row.location ?? undefined,
    undone: JSON.parse(row.undone_json) as string[],
    error: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? '' },
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    times: JSON.parse(row.times_json) as CutoverTimes,
  };
}
