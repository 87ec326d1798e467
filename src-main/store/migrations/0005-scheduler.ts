import type { Migration } from './migration.ts';

/** Nothing wrote the first form of scheduled_tasks, so it is replaced. The partial unique index is what keeps a migration's tasks one at a time. */
export const scheduler: Migration = {
  version: 5,
  name: 'scheduler',
  sql: `
DROP TABLE scheduled_tasks;
CREATE TABLE schedules (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, job_id TEXT REFERENCES migration_jobs (id) ON DELETE CASCADE,
  source_environment_id TEXT REFERENCES source_environments (id) ON DELETE CASCADE,
  timing_json TEXT NOT NULL, windows_json TEXT NOT NULL, jitter_ms INTEGER NOT NULL, priority INTEGER NOT NULL, payload_json TEXT NOT NULL,
  enabled INTEGER NOT NULL, next_at TEXT, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX schedules_due ON schedules (next_at) WHERE enabled = 1 AND next_at IS NOT NULL;
CREATE INDEX schedules_by_job ON schedules (job_id);
CREATE TABLE scheduled_tasks (
  id TEXT PRIMARY KEY, schedule_id TEXT REFERENCES schedules (id) ON DELETE SET NULL, planned_at TEXT, kind TEXT NOT NULL,
  job_id TEXT REFERENCES migration_jobs (id) ON DELETE CASCADE,
  source_environment_id TEXT REFERENCES source_environments (id) ON DELETE CASCADE,
  payload_json TEXT NOT NULL, keys_json TEXT NOT NULL, lane TEXT, priority INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done', 'failed', 'dead', 'cancelled')),
  due_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, lease_owner TEXT, lease_until TEXT, token INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0, error_code TEXT, error_message TEXT, created_at TEXT NOT NULL, started_at TEXT, ended_at TEXT,
  UNIQUE (schedule_id, planned_at), CHECK ((state = 'leased') = (lease_owner IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX scheduled_tasks_one_a_lane ON scheduled_tasks (lane) WHERE state = 'leased' AND lane IS NOT NULL;
CREATE INDEX scheduled_tasks_waiting ON scheduled_tasks (priority DESC, due_at, id) WHERE state = 'waiting';
CREATE INDEX scheduled_tasks_waiting_due ON scheduled_tasks (due_at) WHERE state = 'waiting';
CREATE INDEX scheduled_tasks_waiting_schedule ON scheduled_tasks (schedule_id) WHERE state = 'waiting';
CREATE INDEX scheduled_tasks_leased ON scheduled_tasks (lease_until) WHERE state = 'leased';
CREATE INDEX scheduled_tasks_newest ON scheduled_tasks (created_at, id);
CREATE INDEX scheduled_tasks_dead ON scheduled_tasks (created_at, id) WHERE state = 'dead';
CREATE INDEX scheduled_tasks_by_job ON scheduled_tasks (job_id, created_at);
CREATE TABLE scheduler_state (id INTEGER PRIMARY KEY CHECK (id = 1), paused INTEGER NOT NULL) STRICT;
INSERT INTO scheduler_state (id, paused) VALUES (1, 0);
`,
};
