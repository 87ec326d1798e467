import { type Kysely, sql } from 'kysely';
import type { QuietWindow, Schedule, Timing } from '../../domain/schedule.ts';
import type { TaskKind } from '../../domain/task.ts';
import type { Schema } from '../schema.ts';

/** A person asked for it; or a backup was restored, whose plans may be done already. */
export type PausedBy = 'person' | 'restore';
/** As it is stored: 0 is not paused. */
export const PAUSED_BY_RESTORE = 2;
const pausedByNumber: readonly (PausedBy | undefined)[] = [undefined, 'person', 'restore'];

export interface ScheduleRepository {
  /** Adds it, or replaces the one with its id (createdAt stays). Answers what is stored. */
  put(schedule: Schedule): Promise<Schedule>;
  find(id: string): Promise<Schedule | undefined>;
  list(filter?: { jobId?: string }): Promise<Schedule[]>;
  /** Enabled ones whose next planned time is not after `now`. */
  due(now: string): Promise<Schedule[]>;
  /** The earliest planned time of all enabled ones. */
  nextAt(): Promise<string | undefined>;
  setNext(id: string, nextAt: string | undefined): Promise<void>;
  /** Its waiting tasks are cancelled, what is leased goes on; false when there is none. */
  remove(id: string, now: string): Promise<boolean>;
  paused(): Promise<boolean>;
  /** Why nothing is begun; undefined while it is. */
  pausedBy(): Promise<PausedBy | undefined>;
  /** By a person. */
  setPaused(paused: boolean): Promise<void>;
}

export function createScheduleRepository(database: Kysely<Schema>): ScheduleRepository {
  const all = () => database.selectFrom('schedules').selectAll();
  async function pausedBy(): Promise<PausedBy | undefined> {
    const state = await database.selectFrom('scheduler_state').select('paused').executeTakeFirst();
    return pausedByNumber[state?.paused ?? 0];
  }
  return {
    async put(schedule) {
      const { id, created_at, ...changes } = toRow(schedule);
      const row = await database
        .insertInto('schedules')
        .values({ id, created_at, ...changes })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ jobId } = {}) {
      const query = all().orderBy('created_at').orderBy('id');
      return (await (jobId === undefined ? query : query.where('job_id', '=', jobId)).execute()).map(fromRow);
    },
    async due(now) {
      const rows = await all()
        .where('enabled', '=', sql.lit(1))
        .where('next_at', 'is not', null)
        .where('next_at', '<=', now)
        .orderBy('next_at')
        .execute();
      return rows.map(fromRow);
    },
    async nextAt() {
      const row = await database
        .selectFrom('schedules')
        .select('next_at')
        .where('enabled', '=', sql.lit(1))
        .where('next_at', 'is not', null)
        .orderBy('next_at')
        .limit(1)
        .executeTakeFirst();
      return row?.next_at ?? undefined;
    },
    async setNext(id, nextAt) {
      await database
        .updateTable('schedules')
        .set({ next_at: nextAt ?? null })
        .where('id', '=', id)
        .execute();
    },
    remove: (id, now) =>
      database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('scheduled_tasks')
          .set({ state: 'cancelled', ended_at: now })
          .where('schedule_id', '=', id)
          .where('state', '=', sql.lit('waiting'))
          .execute();
        const { numDeletedRows } = await transaction.deleteFrom('schedules').where('id', '=', id).executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
    paused: async () => (await pausedBy()) !== undefined,
    pausedBy,
    async setPaused(paused) {
      await database
        .updateTable('scheduler_state')
        // That a backup was restored is not forgotten by pausing once more.
        .set({ paused: paused ? sql`max(paused, 1)` : 0 })
        .execute();
    },
  };
}

function toRow(schedule: Schedule): Schema['schedules'] {
  return {
    id: schedule.id,
    kind: schedule.kind,
    job_id: schedule.jobId ?? null,
    source_environment_id: schedule.sourceId ?? null,
    timing_json: JSON.stringify(schedule.timing),
    windows_json: JSON.stringify(schedule.windows),
    jitter_ms: schedule.jitterMs,
    priority: schedule.priority,
    payload_json: JSON.stringify(schedule.payload),
    enabled: schedule.enabled ? 1 : 0,
    next_at: schedule.nextAt ?? null,
    created_at: schedule.createdAt,
    ended_by_cutover: schedule.endedByCutover && !schedule.enabled ? 1 : 0,
  };
}

function fromRow(row: Schema['schedules']): Schedule {
  return {
    id: row.id,
    kind: row.kind as TaskKind,
    jobId: row.job_id ?? undefined,
    sourceId: row.source_environment_id ?? undefined,
    timing: JSON.parse(row.timing_json) as Timing,
    windows: JSON.parse(row.windows_json) as QuietWindow[],
    jitterMs: row.jitter_ms,
    priority: row.priority,
    payload: JSON.parse(row.payload_json) as Schedule['payload'],
    enabled: row.enabled === 1,
    nextAt: row.next_at ?? undefined,
    createdAt: row.created_at,
    ...(row.ended_by_cutover === 1 ? { endedByCutover: true } : {}),
  };
}
