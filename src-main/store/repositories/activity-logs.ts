import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { ActivityDraft, ActivityEntry, ActivityFilter, ActivityOutcome } from '../../domain/activity.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { maskSecrets, maskText } from '../../domain/mask-secrets.ts';
import type { Schema } from '../schema.ts';
import { type ActivityRow, activityHash } from './activity-chain.ts';

/** What the replicator says of a job. */
export interface Activity {
  at: string;
  /** e.g. `run.succeeded`, `cutover.rolled-back`. */
  action: string;
  /** Id of the job. */
  subject: string;
  /** A sentence for people; never a secret. */
  message: string;
}

export interface ActivityRepository {
  add(activity: Activity): Promise<void>;
  /** Newest first. */
  of(subject: string, limit: number): Promise<Activity[]>;
  /** Masks secrets and continues the chain, in the order of the calls. Durable once it settles. Not to be awaited inside a transaction of the store. */
  append(draft: ActivityDraft): Promise<ActivityEntry>;
  /** Newest first, those below the id `before`. */
  newest(filter: ActivityFilter, limit: number, before?: number): Promise<ActivityEntry[]>;
  /** Oldest first, those above the id `after`. */
  oldest(filter: ActivityFilter, limit: number, after: number): Promise<ActivityEntry[]>;
  /** As stored, oldest first, those above the id `after`: for the check of the chain. */
  rows(limit: number, after: number): Promise<ActivityRow[]>;
  head(): Promise<{ lastId: number; hash: string }>;
}

/** Entries that wait while others are written share one transaction: one fsync for all of them. */
const BATCH = 500;
/** Bytes of `before` or `after`; larger ones are not stored, only their size is. */
const LARGEST = 65_536;

export function createActivityRepository(database: Kysely<Schema>): ActivityRepository {
  const waiting: { draft: ActivityDraft; done: (entry: ActivityEntry) => void; failed: (error: unknown) => void }[] = [];
  let writing = false;

  const append = (draft: ActivityDraft) =>
    new Promise<ActivityEntry>((done, failed) => {
      waiting.push({ draft, done, failed });
      if (!writing) void writeAll();
    });

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      // One that cannot be written must not take the others with it: then each is written for itself.
      if (!(await settle(batch))) for (const one of batch) await settle([one], true);
    }
    writing = false;
  }

  async function settle(batch: typeof waiting, alone = batch.length === 1): Promise<boolean> {
    try {
      const rows = await write(batch.map(({ draft }) => draft));
      for (const [index, { done }] of batch.entries()) done(fromRow(rows[index]!));
    } catch (error) {
      if (!alone) return false;
      for (const { failed } of batch) failed(error);
    }
    return true;
  }

  function write(drafts: ActivityDraft[]): Promise<ActivityRow[]> {
    return database.transaction().execute(async (transaction) => {
      // A write comes first, so that the transaction holds the lock before it reads where the chain ends.
      let { last_id, hash } = await transaction
        .updateTable('activity_head')
        .set({ last_id: sql`last_id` })
        .returning(['last_id', 'hash'])
        .executeTakeFirstOrThrow();
      const rows = drafts.map((draft): ActivityRow => {
        const body = { id: ++last_id, ...toColumns(draft) };
        const previous_hash = hash;
        hash = activityHash(previous_hash, body);
        return { ...body, previous_hash, hash };
      });
      await transaction.insertInto('activity_logs').values(rows).execute();
      return rows;
    });
  }

  const matching = (filter: ActivityFilter) =>
    database
      .selectFrom('activity_logs')
      .selectAll()
      .where((build) => build.and(conditions(build, filter)));

  return {
    append,
    async add({ at, action, subject, message }) {
      const outcome = /\.(failed|cancelled)$/.test(action) ? 'failed' : 'succeeded';
      await append({ at, action, subjectKind: 'job', subjectId: subject, message, outcome });
    },
    async of(subject, limit) {
      const rows = await matching({ subjectId: subject }).orderBy('id', 'desc').limit(limit).execute();
      return rows.map(({ at, action, message }) => ({ at, action, subject, message: message ?? '' }));
    },
    async newest(filter, limit, before = Number.MAX_SAFE_INTEGER) {
      return (await matching(filter).where('id', '<', before).orderBy('id', 'desc').limit(limit).execute()).map(fromRow);
    },
    async oldest(filter, limit, after) {
      return (await matching(filter).where('id', '>', after).orderBy('id').limit(limit).execute()).map(fromRow);
    },
    rows(limit, after) {
      return database.selectFrom('activity_logs').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
    },
    async head() {
      const { last_id, hash } = await database.selectFrom('activity_head').selectAll().executeTakeFirstOrThrow();
      return { lastId: last_id, hash };
    },
  };
}

function conditions(build: ExpressionBuilder<Schema, 'activity_logs'>, filter: ActivityFilter): Expression<SqlBool>[] {
  const { actor, action, subjectKind, subjectId, outcome, from, to, text } = filter;
  const all: Expression<SqlBool>[] = [];
  if (actor !== undefined) all.push(build.or([build('actor_id', '=', actor), build('actor', '=', actor)]));
  if (action?.endsWith('.*')) all.push(build('action', '>=', action.slice(0, -1)), build('action', '<', `${action.slice(0, -2)}/`));
  else if (action !== undefined) all.push(build('action', '=', action));
  if (subjectKind !== undefined) all.push(build('subject_kind', '=', subjectKind));
  if (subjectId !== undefined) all.push(build('subject_id', '=', subjectId));
  if (outcome !== undefined) all.push(build('outcome', '=', outcome));
  if (from !== undefined) all.push(build('at', '>=', from));
  if (to !== undefined) all.push(build('at', '<', to));
  if (text !== undefined && text !== '') {
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const columns = ['actor', 'address', 'action', 'subject_id', 'message', 'error_code', 'before_json', 'after_json'] as const;
    all.push(build.or(columns.map((column) => sql<SqlBool>`${sql.ref(column)} LIKE ${pattern} ESCAPE '\\'`)));
  }
  return all;
}

function toColumns(draft: ActivityDraft): Omit<ActivityRow, 'id' | 'previous_hash' | 'hash'> {
  // SQLite stores UTF-8, where a lone surrogate would come back as another character than was hashed.
  const text = (value: string | undefined) => value?.toWellFormed() ?? null;
  return {
    at: draft.at,
    actor_id: text(draft.actor?.userId),
    actor: text(draft.actor?.name),
    address: text(draft.address),
    action: draft.action.toWellFormed(),
    subject_kind: text(draft.subjectKind),
    subject_id: text(draft.subjectId),
    message: draft.message === undefined ? null : maskText(draft.message.toWellFormed()),
    before_json: toJson(draft.before),
    after_json: toJson(draft.after),
    outcome: draft.outcome,
    error_code: text(draft.errorCode),
  };
}

function toJson(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const json = canonicalJson(maskSecrets(value));
  const size = Buffer.byteLength(json);
  return size > LARGEST ? canonicalJson({ omittedBytes: size }) : json;
}

function fromRow(row: ActivityRow): ActivityEntry {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor_id === null ? undefined : { userId: row.actor_id, name: row.actor ?? '' },
    address: row.address ?? undefined,
    action: row.action,
    subjectKind: row.subject_kind ?? undefined,
    subjectId: row.subject_id ?? undefined,
    message: row.message ?? undefined,
    before: row.before_json === null ? undefined : JSON.parse(row.before_json),
    after: row.after_json === null ? undefined : JSON.parse(row.after_json),
    outcome: row.outcome as ActivityOutcome,
    errorCode: row.error_code ?? undefined,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
