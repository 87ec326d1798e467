import { OctopusError } from '../../workers/octopus-error.ts';
import type { ActivityDraft, ActivityEntry, ActivityFilter } from '../domain/activity.ts';
import type { Clock } from '../domain/clock.ts';
import type { ActivityRepository } from '../store/repositories/activity-logs.ts';
import { type ExportFormat, exportActivity } from './export-activity.ts';
import { type ChainReport, type VerifyOptions, verifyChain } from './verify-chain.ts';

export interface ActivityPage {
  /** Newest first. */
  entries: ActivityEntry[];
  /** For the next page; undefined at the end. Stays good while entries are added. */
  cursor: string | undefined;
}

export interface Audit {
  /** Adds an entry, with secrets masked, at the time of the clock. Durable once it settles; entries stand in the order of the calls. */
  record(act: Omit<ActivityDraft, 'at'>): Promise<ActivityEntry>;
  /** `limit` is 1 to 500. */
  list(filter?: ActivityFilter, page?: { limit?: number | undefined; cursor?: string | undefined }): Promise<ActivityPage>;
  /** Records oldest first, each with its line end; never all in memory. */
  export(format: ExportFormat, filter?: ActivityFilter, signal?: AbortSignal): AsyncIterable<string>;
  verify(options?: VerifyOptions): Promise<ChainReport>;
}

const LARGEST_PAGE = 500;

export function createAudit({ activity, clock }: { activity: ActivityRepository; clock: Pick<Clock, 'now'> }): Audit {
  return {
    record: (act) => activity.append({ ...act, at: clock.now().toISOString() }),
    async list(filter = {}, { limit = 50, cursor } = {}) {
      if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
        throw new OctopusError('argument.invalid', `limit must be a whole number from 1 to ${LARGEST_PAGE}.`, { field: 'limit' });
      }
      // One more than asked for tells whether there is another page.
      const entries = await activity.newest(checkFilter(filter), limit + 1, cursor === undefined ? undefined : position(cursor));
      const page = entries.slice(0, limit);
      return { entries: page, cursor: entries.length > limit ? String(page.at(-1)!.id) : undefined };
    },
    export: (format, filter = {}, signal) => exportActivity(activity, format, checkFilter(filter), signal),
    verify: (options) => verifyChain(activity, options),
  };
}

/** Times in any ISO 8601 form; `argument.invalid` names the field that is none. */
export function checkFilter(filter: ActivityFilter): ActivityFilter {
  return { ...filter, from: instant('from', filter.from), to: instant('to', filter.to) };
}

function instant(field: 'from' | 'to', text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) {
    // A time without a zone is taken as UTC, as a date alone is.
    const time = new Date(/T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`);
    if (!Number.isNaN(time.getTime())) return time.toISOString();
  }
  throw new OctopusError('argument.invalid', `${field} must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z.`, { field });
}

function position(cursor: string): number {
  const id = /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0;
  if (id > 0) return id;
  throw new OctopusError('argument.invalid', 'cursor must be one that the page before answered.', { field: 'cursor' });
}
