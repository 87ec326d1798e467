import type { Migration } from './migration.ts';

/** A source need not be a vCenter: disk images of this computer have no address, but a place and how they are grouped. */
export const sourceSettings: Migration = {
  version: 9,
  name: 'source settings',
  sql: `
ALTER TABLE source_environments ADD COLUMN settings_json TEXT NOT NULL DEFAULT '{}';
CREATE INDEX vms_tree ON vms (source_environment_id, folder, cluster, id);
`,
};
