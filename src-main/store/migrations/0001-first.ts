import type { Migration } from './migration.ts';

/** Times are ISO 8601 in UTC, sizes are bytes, JSON stands in columns named *_json. No secret is ever stored here. */
export const first: Migration = {
  version: 1,
  name: 'first',
  sql: `
CREATE TABLE users (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE source_environments (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, username TEXT NOT NULL, thumbprint TEXT NOT NULL,
  instance_uuid TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE target_environments (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL, settings_json TEXT NOT NULL, created_at TEXT NOT NULL,
  UNIQUE (kind, location)
) STRICT;
CREATE TABLE vms (
  id TEXT PRIMARY KEY, source_environment_id TEXT NOT NULL REFERENCES source_environments (id),
  instance_uuid TEXT NOT NULL, ref TEXT NOT NULL, name TEXT NOT NULL, inventory_json TEXT NOT NULL, seen_at TEXT NOT NULL,
  UNIQUE (source_environment_id, instance_uuid)
) STRICT;
CREATE TABLE migration_jobs (
  id TEXT PRIMARY KEY, vm_id TEXT NOT NULL REFERENCES vms (id), target_environment_id TEXT NOT NULL REFERENCES target_environments (id),
  owner_id TEXT REFERENCES users (id), state TEXT NOT NULL, settings_json TEXT NOT NULL, created_at TEXT NOT NULL,
  UNIQUE (vm_id, target_environment_id)
) STRICT;
CREATE TABLE sync_history (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES migration_jobs (id), kind TEXT NOT NULL, state TEXT NOT NULL, phase TEXT NOT NULL,
  resumes INTEGER NOT NULL DEFAULT 0, snapshot_ref TEXT, snapshot_taken_at TEXT, tracking_doubt TEXT, notes_json TEXT NOT NULL DEFAULT '[]',
  counts_json TEXT NOT NULL, reconnects INTEGER NOT NULL DEFAULT 0, recovery_point_id TEXT NOT NULL,
  error_code TEXT, error_message TEXT, started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE INDEX sync_history_by_job ON sync_history (job_id, started_at);
CREATE INDEX sync_history_unfinished ON sync_history (state) WHERE state = 'running';
CREATE TABLE run_phases (
  run_id TEXT NOT NULL REFERENCES sync_history (id), position INTEGER NOT NULL, phase TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
  PRIMARY KEY (run_id, position)
) STRICT;
CREATE TABLE run_disks (
  run_id TEXT NOT NULL REFERENCES sync_history (id), disk_key INTEGER NOT NULL, object_id TEXT NOT NULL, datastore TEXT NOT NULL,
  capacity INTEGER NOT NULL, change_id TEXT, mode TEXT NOT NULL, doubt TEXT, extents BLOB, blank INTEGER NOT NULL DEFAULT 0, journal TEXT,
  manifest_root TEXT, algorithm TEXT, counts_json TEXT NOT NULL,
  PRIMARY KEY (run_id, disk_key)
) STRICT;
CREATE TABLE recovery_points (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES migration_jobs (id), run_id TEXT NOT NULL REFERENCES sync_history (id),
  kind TEXT NOT NULL, doubts_json TEXT NOT NULL, taken_at TEXT NOT NULL, verified TEXT NOT NULL, committed_at TEXT NOT NULL, removed_at TEXT
) STRICT;
CREATE INDEX recovery_points_by_job ON recovery_points (job_id, taken_at);
CREATE TABLE recovery_point_disks (
  recovery_point_id TEXT NOT NULL REFERENCES recovery_points (id), disk_key INTEGER NOT NULL, object_id TEXT NOT NULL,
  capacity INTEGER NOT NULL, change_id TEXT, manifest_root TEXT NOT NULL, algorithm TEXT NOT NULL, manifest TEXT NOT NULL, image TEXT NOT NULL,
  PRIMARY KEY (recovery_point_id, disk_key)
) STRICT;
CREATE TABLE cutovers (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES migration_jobs (id), state TEXT NOT NULL, phase TEXT NOT NULL,
  settings_json TEXT NOT NULL, source_was_on INTEGER, powered_off TEXT, final_run_id TEXT, start_attempted INTEGER NOT NULL DEFAULT 0,
  handle TEXT, location TEXT, undone_json TEXT NOT NULL DEFAULT '[]', error_code TEXT, error_message TEXT, started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE INDEX cutovers_by_job ON cutovers (job_id, started_at);
CREATE TABLE scheduled_tasks (
  id TEXT PRIMARY KEY, job_id TEXT REFERENCES migration_jobs (id), kind TEXT NOT NULL, schedule TEXT NOT NULL, enabled INTEGER NOT NULL DEFAULT 1,
  due_at TEXT, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE activity_logs (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, user_id TEXT REFERENCES users (id), action TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL
) STRICT;
CREATE INDEX activity_logs_by_subject ON activity_logs (subject, id);
CREATE TABLE env_variables (
  name TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE size_estimations (
  id TEXT PRIMARY KEY, vm_id TEXT NOT NULL REFERENCES vms (id), target_kind TEXT NOT NULL, result_json TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
`,
};
