import { type Kysely, sql } from 'kysely';
import type { MachineInventory } from '../../domain/machine.ts';
import type { QuietWindow } from '../../domain/schedule.ts';
import type { Task, TaskKind, TaskState } from '../../domain/task.ts';
import type { Schema } from '../schema.ts';

/** Where a lease ended. `waiting` gives the task back, to be started at dueAt. */
export interface Settlement {
  state: Exclude<TaskState, 'leased'>;
  now: string;
  dueAt?: string;
  error?: Task['error'];
  /** The attempt is not counted: it was stopped, it did not fail. */
  refund?: boolean;
}

export interface TaskFilter {
  state?: TaskState;
  kind?: TaskKind;
  jobId?: string;
  scheduleId?: string;
  /** At most this many, newest first; 100 unless given. */
  limit?: number;
  /** Only those older than this one: the last of the page before. */
  before?: { createdAt: string; id: string };
}

/** What claim() asks about each candidate, in order. `stop`: there is no room left at all. */
export type Verdict = 'take' | 'skip' | 'stop' | { deferTo: string };

/** Work on a migration that failed, also before a run or a cutover of it came to be. */
export interface TaskFailure {
  taskId: string;
  kind: TaskKind;
  code: string;
  message: string;
  /** ISO 8601. */
  at: string;
}

/**
 * The row of the newest task of a migration that tells how its work ended: a run or a cutover, whichever way; and a check or a verification
 * that failed. `job`: the column that holds the migration's id.
 */
export const lastEndedTask = (
  job: string,
) => sql`(SELECT ended.rowid FROM scheduled_tasks AS ended WHERE ended.job_id = ${sql.ref(job)} AND (
  ended.state IN ('failed', 'dead') AND NOT (ended.kind = 'verify' AND EXISTS (SELECT 1 FROM scheduled_tasks AS later
    WHERE later.job_id = ended.job_id AND later.kind = 'verify' AND later.state = 'done' AND later.created_at > ended.created_at))
  OR ended.state = 'done' AND ended.kind IN ('run', 'cutover')) ORDER BY ended.created_at DESC, ended.id DESC LIMIT 1)`;

export interface ScheduledTaskRepository {
  /** What the last work of each of these migrations failed of; none where it ended well. */
  lastFailures(jobIds: readonly string[]): Promise<Map<string, TaskFailure>>;
  /** One that has the schedule and planned time of a stored one is left out. Answers those that were added. */
  add(tasks: Task[]): Promise<Task[]>;
  /**
   * Adds the tasks and moves their schedules on, both or neither. A schedule of which a task still waits gets no other: that one, when it is
   * started, does what both would. Answers those that were added.
   */
  plan(planned: { task: Task; nextAt: string | undefined }[]): Promise<Task[]>;
  /** Leases the waiting, due tasks that `judge` takes; it is made from all that are leased now. Highest priority first, then longest due. */
  claim(
    lease: { now: string; owner: string; until: string },
    judge: (leased: Task[]) => (candidate: Task, windows: QuietWindow[]) => Verdict,
  ): Promise<Task[]>;
  /** Answers the leases that still are the owner's, now lasting until `until`. */
  renew(ids: string[], owner: string, until: string): Promise<Pick<Task, 'id' | 'token' | 'cancelRequested'>[]>;
  /** False, and nothing changed, when another lease was given since: the fence. */
  settle(id: string, token: number, settlement: Settlement): Promise<boolean>;
  /** Leased ones whose lease has ended, or all whose owner is not `allBut`. */
  expired(now: string, allBut?: string): Promise<Task[]>;
  /** After the clock went back: no lease lasts longer than `until`, no retry waits longer than `retryBy`, no planned run of the future holds up its schedule. */
  clampTimes(now: string, until: string, retryBy: string): Promise<void>;
  requestCancel(id: string, now: string): Promise<Task | undefined>;
  /** Ends one that waits, because it must not begin any more; `heldBy`: the task that kept it waiting. Undefined when it waits no more. */
  refuse(id: string, now: string, error: NonNullable<Task['error']>, heldBy: string | undefined): Promise<Task | undefined>;
  /** One that has not ended is due now, and goes before those of a lower priority. */
  hasten(id: string, priority: number, now: string): Promise<void>;
  /** A failed or dead task waits again, as if it had never been tried; undefined when there is none such. */
  revive(id: string, now: string): Promise<Task | undefined>;
  find(id: string): Promise<Task | undefined>;
  list(filter?: TaskFilter): Promise<Task[]>;
  countByState(): Promise<Record<TaskState, number>>;
  /** When the next waiting task that is not due yet will be. */
  nextDue(now: string): Promise<string | undefined>;
  /** Forgets what ended, and was planned, before then; dead ones stay until somebody deals with them. Answers how many. */
  prune(before: string): Promise<number>;
  /** What each job's task takes room of. */
  keysOfJobs(jobIds: string[]): Promise<Map<string, string[]>>;
}

/** Not bound as a parameter: SQLite uses a partial index only where it sees the value. */
const WAITING = sql.lit('waiting');
const LEASED = sql.lit('leased');

type Row = Schema['scheduled_tasks'];
const PAGE = 200;
/** SQLite takes 32,766 parameters a statement; a task has 22. */
const ROWS_A_STATEMENT = 500;

export function createScheduledTaskRepository(database: Kysely<Schema>): ScheduledTaskRepository {
  const all = () => database.selectFrom('scheduled_tasks').selectAll();

  async function insert(on: Kysely<Schema>, tasks: Task[]): Promise<Task[]> {
    const added: Task[] = [];
    for (const part of chunks(tasks)) {
      const rows = await on
        .insertInto('scheduled_tasks')
        .values(part.map(toRow))
        .onConflict((conflict) => conflict.columns(['schedule_id', 'planned_at']).doNothing())
        .returningAll()
        .execute();
      added.push(...rows.map(fromRow));
    }
    return added;
  }

  return {
    add: (tasks) => insert(database, tasks),
    plan: (planned) =>
      database.transaction().execute(async (transaction) => {
        const added: Task[] = [];
        for (const part of chunks(planned)) {
          const ids = part.map(({ task }) => task.scheduleId!);
          const waiting = await transaction
            .selectFrom('scheduled_tasks')
            .select('schedule_id')
            .where('state', '=', WAITING)
            .where('schedule_id', 'in', ids)
            // A cutover does not wait in its check's stead.
            .where('kind', '!=', 'cutover-check')
            .execute();
          const held = new Set(waiting.map((row) => row.schedule_id));
          added.push(
            ...(await insert(
              transaction,
              part.map(({ task }) => task).filter((task) => !held.has(task.scheduleId!)),
            )),
          );
          const values = sql.join(part.map(({ task, nextAt }) => sql`(${task.scheduleId}, ${nextAt ?? null})`));
          await sql`WITH moved (id, next_at) AS (VALUES ${values})
            UPDATE schedules SET next_at = (SELECT moved.next_at FROM moved WHERE moved.id = schedules.id)
            WHERE id IN (SELECT id FROM moved)`.execute(transaction);
        }
        return added;
      }),
    claim: ({ now, owner, until }, judge) =>
      database.transaction().execute(async (transaction) => {
        const leased = await transaction.selectFrom('scheduled_tasks').selectAll().where('state', '=', LEASED).execute();
        const decide = judge(leased.map(fromRow));
        const taken: string[] = [];
        let last: Row | undefined;
        for (let full = false; !full; ) {
          let query = transaction
            .selectFrom('scheduled_tasks as task')
            .leftJoin('schedules', 'schedules.id', 'task.schedule_id')
            .selectAll('task')
            .select('schedules.windows_json')
            .where('task.state', '=', WAITING)
            .where('task.due_at', '<=', now);
          if (last !== undefined) {
            const { priority, due_at, id } = last;
            query = query.where(sql<boolean>`(-task.priority, task.due_at, task.id) > (${-priority}, ${due_at}, ${id})`);
          }
          const page = await query.orderBy('task.priority', 'desc').orderBy('task.due_at').orderBy('task.id').limit(PAGE).execute();
          for (const row of page) {
            const verdict = decide(fromRow(row), row.windows_json === null ? [] : (JSON.parse(row.windows_json) as QuietWindow[]));
            if (verdict === 'stop') {
              full = true;
              break;
            }
            if (verdict === 'take') taken.push(row.id);
            else if (verdict !== 'skip') {
              await transaction.updateTable('scheduled_tasks').set({ due_at: verdict.deferTo }).where('id', '=', row.id).execute();
            }
          }
          last = page.at(-1);
          if (page.length < PAGE) full = true;
        }
        if (taken.length === 0) return [];
        const rows = await transaction
          .updateTable('scheduled_tasks')
          .set((build) => ({
            state: 'leased',
            lease_owner: owner,
            lease_until: until,
            started_at: now,
            token: build('token', '+', 1),
            attempts: build('attempts', '+', 1),
          }))
          .where('id', 'in', taken)
          .where('state', '=', WAITING)
          .returningAll()
          .execute();
        const order = new Map(taken.map((id, index) => [id, index]));
        return rows.map(fromRow).sort((a, b) => order.get(a.id)! - order.get(b.id)!);
      }),
    async renew(ids, owner, until) {
      if (ids.length === 0) return [];
      const rows = await database
        .updateTable('scheduled_tasks')
        .set({ lease_until: until })
        .where('id', 'in', ids)
        .where('state', '=', LEASED)
        .where('lease_owner', '=', owner)
        .returning(['id', 'token', 'cancel_requested'])
        .execute();
      return rows.map(({ id, token, cancel_requested }) => ({ id, token, cancelRequested: cancel_requested === 1 }));
    },
    async settle(id, token, { state, now, dueAt, error, refund }) {
      const { numUpdatedRows } = await database
        .updateTable('scheduled_tasks')
        .set((build) => ({
          state,
          lease_owner: null,
          lease_until: null,
          ended_at: state === 'waiting' ? null : now,
          error_code: error?.code ?? null,
          error_message: error?.message ?? null,
          ...(dueAt === undefined ? {} : { due_at: dueAt }),
          ...(refund ? { attempts: build('attempts', '-', 1) } : {}),
        }))
        .where('id', '=', id)
        .where('token', '=', token)
        .where('state', '=', LEASED)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },
    async expired(now, allBut) {
      const leased = all().where('state', '=', LEASED);
      const query = allBut === undefined ? leased.where('lease_until', '<=', now) : leased.where('lease_owner', '!=', allBut);
      return (await query.execute()).map(fromRow);
    },
    clampTimes: (now, until, retryBy) =>
      database.transaction().execute(async (transaction) => {
        const tasks = () => transaction.updateTable('scheduled_tasks');
        await tasks().set({ lease_until: until }).where('state', '=', LEASED).where('lease_until', '>', until).execute();
        const waiting = (query: ReturnType<typeof tasks>) => query.where('state', '=', WAITING);
        await waiting(tasks().set({ due_at: retryBy }))
          .where('attempts', '>', 0)
          .where('due_at', '>', retryBy)
          .execute();
        await waiting(tasks().set({ due_at: now }))
          .where('planned_at', '>', now)
          .where('due_at', '>', now)
          .where('kind', 'not in', ['cutover', 'cutover-check'])
          .execute();
      }),
    requestCancel: (id, now) =>
      database.transaction().execute(async (transaction) => {
        const task = () => transaction.updateTable('scheduled_tasks').where('id', '=', id);
        const ended = await task()
          .set({ state: 'cancelled', ended_at: now })
          .where('state', '=', WAITING)
          .returningAll()
          .executeTakeFirst();
        const row = ended ?? (await task().set({ cancel_requested: 1 }).where('state', '=', LEASED).returningAll().executeTakeFirst());
        return row && fromRow(row);
      }),
    async refuse(id, now, { code, message }, heldBy) {
      const row = await database
        .updateTable('scheduled_tasks')
        .set({ state: 'failed', ended_at: now, error_code: code, error_message: message })
        .$if(heldBy !== undefined, (query) => query.set({ payload_json: sql`json_set(payload_json, '$.heldBy', ${heldBy})` }))
        .where('id', '=', id)
        .where('state', '=', WAITING)
        .returningAll()
        .executeTakeFirst();
      return row && fromRow(row);
    },
    async hasten(id, priority, now) {
      await database
        .updateTable('scheduled_tasks')
        .set({ due_at: now, priority: sql`max(priority, ${priority})` })
        .where('id', '=', id)
        .where('state', 'in', ['waiting', 'leased'])
        .execute();
    },
    async revive(id, now) {
      const row = await database
        .updateTable('scheduled_tasks')
        .set({ state: 'waiting', due_at: now, attempts: 0, ended_at: null, cancel_requested: 0, error_code: null, error_message: null })
        .where('id', '=', id)
        .where('state', 'in', ['failed', 'dead'])
        .returningAll()
        .executeTakeFirst();
      return row && fromRow(row);
    },
    async find(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ state, kind, jobId, scheduleId, limit = 100, before } = {}) {
      let query = all().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit);
      if (state !== undefined) query = query.where('state', '=', state === 'dead' ? sql.lit('dead') : state);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (jobId !== undefined) query = query.where('job_id', '=', jobId);
      if (scheduleId !== undefined) query = query.where('schedule_id', '=', scheduleId);
      if (before !== undefined) query = query.where(sql<boolean>`(created_at, id) < (${before.createdAt}, ${before.id})`);
      return (await query.execute()).map(fromRow);
    },
    async lastFailures(jobIds) {
      const { rows } = await sql<Record<string, string>>`
        SELECT task.job_id, task.id, task.kind, task.error_code, task.error_message, task.ended_at
        FROM json_each(${JSON.stringify(jobIds)}) AS job JOIN scheduled_tasks AS task ON task.rowid = ${lastEndedTask('job.value')}
        WHERE task.state <> 'done'`.execute(database);
      return new Map(
        rows.flatMap((row) => {
          const failure = toFailure(row);
          return failure ? [[row.job_id as string, failure]] : [];
        }),
      );
    },
    async countByState() {
      const counts: Record<TaskState, number> = { waiting: 0, leased: 0, done: 0, failed: 0, dead: 0, cancelled: 0 };
      const rows = await database
        .selectFrom('scheduled_tasks')
        .select(({ fn }) => ['state', fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute();
      for (const { state, n } of rows) counts[state as TaskState] = Number(n);
      return counts;
    },
    async nextDue(now) {
      const waiting = database.selectFrom('scheduled_tasks').select('due_at').where('state', '=', WAITING).where('due_at', '>', now);
      return (await waiting.orderBy('due_at').limit(1).executeTakeFirst())?.due_at;
    },
    async prune(before) {
      const { numDeletedRows } = await database
        .deleteFrom('scheduled_tasks')
        .where('ended_at', '<', before)
        .where('state', 'in', ['done', 'failed', 'cancelled'])
        .where((build) => build.or([build('planned_at', 'is', null), build('planned_at', '<', before)]))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
    async keysOfJobs(jobIds) {
      const keys = new Map<string, string[]>();
      for (const part of chunks([...new Set(jobIds)])) {
        const rows = await database
          .selectFrom('migration_jobs')
          .innerJoin('vms', 'vms.id', 'migration_jobs.vm_id')
          .select(['migration_jobs.id', 'migration_jobs.vm_id', 'migration_jobs.target_environment_id', 'vms.inventory_json'])
          .where('migration_jobs.id', 'in', part)
          .execute();
        for (const row of rows) {
          const { host, disks = [] } = JSON.parse(row.inventory_json) as Partial<MachineInventory>;
          const datastores = new Set(disks.map((disk) => `datastore:${disk.datastore}`));
          const places = [...(host ? [`host:${host}`] : []), ...datastores, `target:${row.target_environment_id}`];
          keys.set(row.id, [`machine:${row.vm_id}`, ...places]);
        }
      }
      return keys;
    },
  };
}

function chunks<Item>(items: Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / ROWS_A_STATEMENT) }, (_, index) =>
    items.slice(index * ROWS_A_STATEMENT, (index + 1) * ROWS_A_STATEMENT),
  );
}

function toRow(task: Task): Row {
  return {
    id: task.id,
    schedule_id: task.scheduleId ?? null,
    planned_at: task.plannedAt ?? null,
    kind: task.kind,
    job_id: task.jobId ?? null,
    source_environment_id: task.sourceId ?? null,
    payload_json: JSON.stringify(task.payload),
    keys_json: JSON.stringify(task.keys),
    lane: task.lane ?? null,
    priority: task.priority,
    state: task.state,
    due_at: task.dueAt,
    attempts: task.attempts,
    lease_owner: task.leaseOwner ?? null,
    lease_until: task.leaseUntil ?? null,
    token: task.token,
    cancel_requested: task.cancelRequested ? 1 : 0,
    error_code: task.error?.code ?? null,
    error_message: task.error?.message ?? null,
    created_at: task.createdAt,
    started_at: task.startedAt ?? null,
    ended_at: task.endedAt ?? null,
  };
}

function fromRow(row: Row): Task {
  return {
    id: row.id,
    scheduleId: row.schedule_id ?? undefined,
    plannedAt: row.planned_at ?? undefined,
    kind: row.kind as TaskKind,
    jobId: row.job_id ?? undefined,
    sourceId: row.source_environment_id ?? undefined,
    payload: JSON.parse(row.payload_json) as Task['payload'],
    keys: JSON.parse(row.keys_json) as string[],
    lane: row.lane ?? undefined,
    priority: row.priority,
    state: row.state as TaskState,
    dueAt: row.due_at,
    attempts: row.attempts,
    leaseOwner: row.lease_owner ?? undefined,
    leaseUntil: row.lease_until ?? undefined,
    token: row.token,
    cancelRequested: row.cancel_requested === 1,
    error: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? '' },
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
  };
}

/** Columns id, kind, error_code, error_message and ended_at of a failed or dead task. */
export function toFailure(row: Record<string, string | null> | undefined): TaskFailure | undefined {
  // A row that says neither when nor why cannot be told as a failure.
  if (!row?.id || !row.ended_at) return undefined;
  return {
    taskId: row.id,
    kind: row.kind as TaskKind,
    code: row.error_code ?? 'internal.unexpected',
    message: row.error_message ?? '',
    at: row.ended_at,
  };
}
