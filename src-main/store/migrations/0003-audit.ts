import { activityHash, genesisHash } from '../repositories/activity-chain.ts';
import type { Migration } from './migration.ts';

interface FirstRow {
  at: string;
  user_id: string | null;
  action: string;
  subject: string;
  message: string;
}

/**
 * activity_logs becomes append-only with a hash chain (activity-chain.ts). Actors are texts without a foreign key: the log outlives its users.
 * The triggers stand in the way of this program and of slips with the sqlite3 shell; the chain shows what went round them. INSERT OR REPLACE
 * deletes without a DELETE trigger, therefore inserts must continue the chain.
 */
export const audit: Migration = {
  version: 3,
  name: 'audit',
  sql: `
ALTER TABLE activity_logs RENAME TO activity_logs_first;
DROP INDEX activity_logs_by_subject;
CREATE TABLE activity_logs (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, actor_id TEXT, actor TEXT, address TEXT, action TEXT NOT NULL, subject_kind TEXT, subject_id TEXT,
  message TEXT, before_json TEXT, after_json TEXT, outcome TEXT NOT NULL, error_code TEXT, previous_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX activity_logs_by_subject ON activity_logs (subject_id, id);
CREATE INDEX activity_logs_by_actor ON activity_logs (actor_id, id);
CREATE INDEX activity_logs_by_action ON activity_logs (action, id);
CREATE INDEX activity_logs_by_time ON activity_logs (at);
CREATE TABLE activity_head (one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
INSERT INTO activity_head VALUES (1, 0, '${genesisHash}');
CREATE TRIGGER activity_logs_no_update BEFORE UPDATE ON activity_logs BEGIN SELECT RAISE(ABORT, 'activity_logs is append-only'); END;
CREATE TRIGGER activity_logs_no_delete BEFORE DELETE ON activity_logs BEGIN SELECT RAISE(ABORT, 'activity_logs is append-only'); END;
CREATE TRIGGER activity_logs_continue BEFORE INSERT ON activity_logs
WHEN NOT EXISTS (SELECT 1 FROM activity_head WHERE last_id = NEW.id - 1 AND hash = NEW.previous_hash)
BEGIN SELECT RAISE(ABORT, 'an entry of activity_logs must continue its chain'); END;
CREATE TRIGGER activity_logs_head AFTER INSERT ON activity_logs
BEGIN UPDATE activity_head SET last_id = NEW.id, hash = NEW.hash; END;
CREATE TRIGGER activity_head_no_delete BEFORE DELETE ON activity_head BEGIN SELECT RAISE(ABORT, 'activity_head is kept'); END;
CREATE TRIGGER activity_head_follow BEFORE UPDATE ON activity_head
WHEN NOT ((NEW.last_id = OLD.last_id AND NEW.hash = OLD.hash)
  OR (NEW.last_id = OLD.last_id + 1 AND EXISTS (SELECT 1 FROM activity_logs WHERE id = NEW.last_id AND hash = NEW.hash)))
BEGIN SELECT RAISE(ABORT, 'activity_head follows activity_logs'); END;
`,
  run(database) {
    const insert = database.prepare(
      `INSERT INTO activity_logs VALUES (@id, @at, @actor_id, @actor, @address, @action, @subject_kind, @subject_id, @message, @before_json,
       @after_json, @outcome, @error_code, @previous_hash, @hash)`,
    );
    let previous = genesisHash;
    const rows = database.prepare('SELECT * FROM activity_logs_first ORDER BY id').all() as FirstRow[];
    for (const [index, { at, user_id, action, subject, message }] of rows.entries()) {
      const row = {
        id: index + 1,
        at,
        actor_id: user_id,
        actor: null,
        address: null,
        action,
        subject_kind: 'job',
        subject_id: subject,
        message,
        before_json: null,
        after_json: null,
        outcome: /\.(failed|cancelled)$/.test(action) ? 'failed' : 'succeeded',
        error_code: null,
      };
      const hash = activityHash(previous, row);
      insert.run({ ...row, previous_hash: previous, hash });
      previous = hash;
    }
    database.exec('DROP TABLE activity_logs_first');
  },
};
