import { createHash } from 'node:crypto';
import type { Schema } from '../schema.ts';

/**
 * The hash chain of activity_logs, format 1.
 *
 *     hash = lower-case hex of SHA-256( previous_hash in hex ‖ "\n" ‖ body )
 *
 * `body` is the entry in UTF-8 as canonical JSON (RFC 8785) with exactly the members action, actor, actorId, address, after, at, before,
 * errorCode, id, message, outcome, subjectId, subjectKind; what is absent is null, `before` and `after` are JSON values. The previous hash
 * of entry 1 is the genesis hash: SHA-256 of the ASCII text `octopus activity log 1`. Ids count from 1 without gaps. activity_head holds id and
 * hash of the newest entry, so that a cut end is seen as well.
 *
 * A line of the JSON export is the body with `previousHash` and `hash` added: whoever holds an export can check it without Octopus.
 * The chain shows what was changed behind Octopus' back; who can write the file can also write a whole new chain. Against that, note the head's
 * hash somewhere else: `octopus audit verify --noted HASH`.
 */
export const genesisHash = createHash('sha256').update('octopus activity log 1').digest('hex');

export type ActivityRow = Schema['activity_logs'];

/** `before` and `after` are taken as they are stored, which is canonical already: a byte that was changed there is seen. */
export function activityBody(row: Omit<ActivityRow, 'hash' | 'previous_hash'>): string {
  const text = (value: string | null) => JSON.stringify(value);
  return (
    `{"action":${text(row.action)},"actor":${text(row.actor)},"actorId":${text(row.actor_id)},"address":${text(row.address)},` +
    `"after":${row.after_json ?? 'null'},"at":${text(row.at)},"before":${row.before_json ?? 'null'},"errorCode":${text(row.error_code)},` +
    `"id":${row.id},"message":${text(row.message)},"outcome":${text(row.outcome)},` +
    `"subjectId":${text(row.subject_id)},"subjectKind":${text(row.subject_kind)}}`
  );
}

export function activityHash(previousHash: string, row: Omit<ActivityRow, 'hash' | 'previous_hash'>): string {
  return createHash('sha256').update(previousHash).update('\n').update(activityBody(row)).digest('hex');
}
