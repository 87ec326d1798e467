import type { Migration } from './migration.ts';

const sums = ['read', 'sent', 'zero', 'unchanged'] as const;

/** Adds an ended run to its migration's day and to that of all, or takes it away again. */
function count(run: 'NEW' | 'OLD' | 'sync_history', sign: 1 | -1): string {
  const values = [
    ...[String(sign), `${sign} * (${run}.state = 'failed')`],
    ...sums.map((name) => `${sign} * coalesce(json_extract(${run}.counts_json, '$.${name}'), 0)`),
  ];
  const from = run === 'sync_history' ? 'FROM sync_history, ' : 'FROM ';
  const of = `json_each(json_array(${run}.job_id, ''))`;
  return `INSERT INTO run_days
    SELECT value, substr(${run}.ended_at, 1, 10), ${values.join(', ')} ${from}${of} WHERE ${run}.ended_at IS NOT NULL
    ON CONFLICT (job_id, day) DO UPDATE SET runs = runs + excluded.runs, failed = failed + excluded.failed,
      ${sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')};`;
}

/**
 * What the overview shows, at hand: the sums of each day, kept by triggers (job_id '' is all migrations together), and indexes that know which
 * recovery points are still there and which machines are no templates. Without them it reads every run of a month and every machine's document.
 */
export const overview: Migration = {
  version: 11,
  name: 'overview',
  sql: `
CREATE TABLE run_days (
  job_id TEXT NOT NULL, day TEXT NOT NULL, runs INTEGER NOT NULL, failed INTEGER NOT NULL,
  read INTEGER NOT NULL, sent INTEGER NOT NULL, zero INTEGER NOT NULL, unchanged INTEGER NOT NULL, PRIMARY KEY (job_id, day)
) STRICT, WITHOUT ROWID;
${count('sync_history', 1)}
CREATE TRIGGER run_days_insert AFTER INSERT ON sync_history WHEN NEW.ended_at IS NOT NULL BEGIN ${count('NEW', 1)} END;
CREATE TRIGGER run_days_update AFTER UPDATE OF job_id, state, counts_json, ended_at ON sync_history
WHEN NEW.ended_at IS NOT NULL OR OLD.ended_at IS NOT NULL BEGIN ${count('OLD', -1)} ${count('NEW', 1)} END;
CREATE TRIGGER run_days_delete AFTER DELETE ON sync_history WHEN OLD.ended_at IS NOT NULL BEGIN ${count('OLD', -1)}
  DELETE FROM run_days WHERE job_id IN (OLD.job_id, '') AND day = substr(OLD.ended_at, 1, 10) AND runs = 0; END;
DROP INDEX sync_history_by_job;
CREATE INDEX sync_history_by_job ON sync_history (job_id, started_at, id);
CREATE INDEX recovery_points_kept ON recovery_points (job_id, taken_at) WHERE removed_at IS NULL;
CREATE INDEX recovery_points_wrong ON recovery_points (job_id, taken_at) WHERE removed_at IS NULL AND mismatch IS NOT NULL;
CREATE INDEX vms_no_templates ON vms (id) WHERE NOT coalesce(json_extract(inventory_json, '$.template'), 0);
`,
};
