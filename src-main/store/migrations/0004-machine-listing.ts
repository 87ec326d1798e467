import type { Migration } from './migration.ts';

/**
 * What machines are filtered and sorted by, taken out of inventory_json. One index holds all of it, so that a listing never walks
 * through the documents. Names are lowered as far as SQLite can; the next sync of the source does it in full.
 */
export const machineListing: Migration = {
  version: 4,
  name: 'machine listing',
  sql: `
ALTER TABLE vms ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE vms ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE vms ADD COLUMN cluster TEXT NOT NULL DEFAULT '';
ALTER TABLE vms ADD COLUMN power_state TEXT NOT NULL DEFAULT '';
ALTER TABLE vms ADD COLUMN memory INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vms ADD COLUMN capacity INTEGER NOT NULL DEFAULT 0;
UPDATE vms SET
  name_key = lower(name),
  folder = coalesce(json_extract(inventory_json, '$.folder'), ''),
  cluster = coalesce(json_extract(inventory_json, '$.cluster'), ''),
  power_state = coalesce(json_extract(inventory_json, '$.powerState'), ''),
  memory = coalesce(json_extract(inventory_json, '$.memory'), 0),
  capacity = coalesce((SELECT sum(json_extract(value, '$.capacity')) FROM json_each(inventory_json, '$.disks')), 0);
CREATE INDEX vms_listing ON vms (name_key, id, source_environment_id, folder, cluster, power_state, memory, capacity);
CREATE INDEX vms_by_source ON vms (source_environment_id, seen_at);
CREATE INDEX migration_jobs_by_owner ON migration_jobs (owner_id, created_at);
CREATE INDEX migration_jobs_by_age ON migration_jobs (created_at, id);
CREATE INDEX migration_jobs_by_target ON migration_jobs (target_environment_id);
`,
};
