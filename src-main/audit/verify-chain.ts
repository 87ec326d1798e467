import { type ActivityRow, activityHash, genesisHash } from '../store/repositories/activity-chain.ts';
import type { ActivityRepository } from '../store/repositories/activity-logs.ts';

/**
 * `missing`: an entry that was there is not; `surplus`: one that the chain never had; `changed`: the content is not what its hash says;
 * `unlinked`: it stands on another entry than the one before it; `head`: the record of the newest entry names another hash;
 * `noted`: no entry carries the hash that was noted earlier, so the chain was written anew or its end was cut with the record of it.
 */
export type ChainFault = 'missing' | 'surplus' | 'changed' | 'unlinked' | 'head' | 'noted';

export interface ChainReport {
  whole: boolean;
  /** Entries that hold, from the first on. */
  entries: number;
  /** Hash of the last entry that holds: note it elsewhere, and give it as `noted` later. */
  head: string;
  /** The first that does not hold. */
  broken: { id: number; fault: ChainFault; message: string } | undefined;
}

export interface VerifyOptions {
  noted?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((entries: number) => void) | undefined;
}

/** Rows held in memory at a time. */
const BATCH = 1000;

/** Recomputes every hash up to the entry that is the newest when it begins; what is appended meanwhile does no harm. */
export async function verifyChain(
  activity: Pick<ActivityRepository, 'head' | 'rows'>,
  { noted, signal, onProgress }: VerifyOptions = {},
): Promise<ChainReport> {
  const end = await activity.head();
  let entries = 0;
  let head = genesisHash;
  let seen = noted === undefined || noted === genesisHash;
  const broken = (id: number, fault: ChainFault, message: string): ChainReport => ({
    whole: false,
    entries,
    head,
    broken: { id, fault, message },
  });
  // From the lowest id there could be, so that entries below 1 are seen.
  for (let after = Number.MIN_SAFE_INTEGER; entries < end.lastId; ) {
    signal?.throwIfAborted();
    const rows = await activity.rows(BATCH, after);
    if (rows.length === 0)
      return broken(entries + 1, 'missing', `Entry ${entries + 1} is missing: the log ends before entry ${end.lastId}.`);
    for (const row of rows) {
      if (entries === end.lastId) break;
      const fault = faultOf(row, entries + 1, head);
      if (fault) return broken(Math.min(row.id, entries + 1), ...fault);
      entries = row.id;
      head = row.hash;
      seen ||= head === noted;
    }
    after = entries;
    onProgress?.(entries);
  }
  if (head !== end.hash) {
    return broken(
      entries,
      'head',
      `Entry ${entries} is not the one that was written last: the record of the newest entry names another hash.`,
    );
  }
  const next = await beyond(activity, end.lastId || Number.MIN_SAFE_INTEGER);
  if (next !== undefined) return broken(next.id, 'surplus', `Entry ${next.id} is behind the newest entry that was written, ${end.lastId}.`);
  if (!seen) return broken(entries, 'noted', `No entry carries the noted hash ${noted}: the log was written anew, or its end was cut off.`);
  return { whole: true, entries, head, broken: undefined };
}

function faultOf(row: ActivityRow, expected: number, previous: string): [ChainFault, string] | undefined {
  if (row.id < expected) return ['surplus', `Entry ${row.id} is none that the log ever had: its entries count from 1.`];
  if (row.id > expected) return ['missing', `Entry ${expected} is missing: entry ${row.id} follows entry ${expected - 1}.`];
  if (activityHash(row.previous_hash, row) !== row.hash || !isJson(row.before_json) || !isJson(row.after_json)) {
    return ['changed', `Entry ${row.id} was changed: its content, or its hash, is not what was written.`];
  }
  if (row.previous_hash !== previous) {
    return [
      'unlinked',
      expected === 1
        ? 'Entry 1 does not stand on the genesis hash: entries before it were cut off, or it was replaced.'
        : `Entry ${row.id} does not stand on entry ${expected - 1}: one of the two was replaced.`,
    ];
  }
  return undefined;
}

/** Without this, text moved from one field into the JSON beside it could leave the hashed text as it was. */
function isJson(text: string | null): boolean {
  if (text === null) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A row above the newest entry although the record of it has not moved on. */
async function beyond(activity: Pick<ActivityRepository, 'head' | 'rows'>, lastId: number): Promise<ActivityRow | undefined> {
  const [row] = await activity.rows(1, lastId);
  // Row and record are written together: an honest row is known to a record that is read after it.
  return row !== undefined && (await activity.head()).lastId < row.id ? row : undefined;
}
