import type { Migration } from './migration.ts';

/** Points that were read again later, and migrations whose schedules rest. What a run proved when it made the point stands as before. */
export const verifiedPoints: Migration = {
  version: 10,
  name: 'verified-points',
  sql: `
ALTER TABLE migration_jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recovery_points ADD COLUMN reread_at TEXT;
ALTER TABLE recovery_points ADD COLUMN mismatch TEXT;
CREATE UNIQUE INDEX size_estimations_by_vm ON size_estimations (vm_id, target_kind);
CREATE INDEX sync_history_by_end ON sync_history (ended_at);
`,
};
