import type { ActivityEntry, ActivityFilter } from '../domain/activity.ts';
import { canonicalJson, type JsonValue } from '../domain/canonical-json.ts';
import type { ActivityRepository } from '../store/repositories/activity-logs.ts';

/** `csv`: RFC 4180 with a header line; `json`: one JSON object a line, each of which proves itself (activity-chain.ts). */
export type ExportFormat = 'csv' | 'json';

const BATCH = 500;

/** Oldest first, one record a piece with its line end. Ends with the entry that is the newest when it begins. */
export async function* exportActivity(
  activity: Pick<ActivityRepository, 'head' | 'oldest'>,
  format: ExportFormat,
  filter: ActivityFilter = {},
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const { lastId } = await activity.head();
  if (format === 'csv') yield csvRecord(Object.keys(columns));
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const entries = await activity.oldest(filter, BATCH, after);
    for (const entry of entries) {
      if (entry.id > lastId) return;
      yield format === 'csv' ? csvRecord(Object.values(columns).map((column) => column(entry))) : jsonLine(entry);
    }
    if (entries.length < BATCH) return;
    after = entries.at(-1)!.id;
  }
}

const json = (value: unknown) => (value === undefined ? undefined : canonicalJson(value as JsonValue));

const columns = {
  id: (entry) => entry.id,
  at: (entry) => entry.at,
  actorId: (entry) => entry.actor?.userId,
  actor: (entry) => entry.actor?.name,
  address: (entry) => entry.address,
  action: (entry) => entry.action,
  subjectKind: (entry) => entry.subjectKind,
  subjectId: (entry) => entry.subjectId,
  message: (entry) => entry.message,
  outcome: (entry) => entry.outcome,
  errorCode: (entry) => entry.errorCode,
  before: (entry) => json(entry.before),
  after: (entry) => json(entry.after),
  previousHash: (entry) => entry.previousHash,
  hash: (entry) => entry.hash,
} satisfies Record<string, (entry: ActivityEntry) => string | number | undefined>;

function jsonLine({ actor, ...entry }: ActivityEntry): string {
  const line = {
    id: entry.id,
    at: entry.at,
    actorId: actor?.userId ?? null,
    actor: actor?.name ?? null,
    address: entry.address ?? null,
    action: entry.action,
    subjectKind: entry.subjectKind ?? null,
    subjectId: entry.subjectId ?? null,
    message: entry.message ?? null,
    outcome: entry.outcome,
    errorCode: entry.errorCode ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
    previousHash: entry.previousHash,
    hash: entry.hash,
  };
  return `${JSON.stringify(line)}\n`;
}

export function csvRecord(fields: (string | number | undefined)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** Where a spreadsheet would see the begin of a formula, also behind white space, an apostrophe makes it a text (OWASP, CSV injection). */
const formula = /^[\s\p{Cc}\ufeff]*[=+\-@|%＝＋－＠]|^[\t\r\n]/u;

function csvField(field: string | number | undefined): string {
  if (field === undefined) return '';
  if (typeof field === 'number') return String(field);
  const text = formula.test(field) ? `'${field}` : field;
  return /[",;\r\n\t']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
