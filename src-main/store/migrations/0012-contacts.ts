import type { Migration } from './migration.ts';

/**
 * Whether a source or a target answered when it was last asked: one whose inventory can no longer be read must not look as if all were well.
 * Of its own, so that neither a changed environment nor an exported one takes it along. A vCenter was called after its product until now, all
 * of one version alike: those get the name of their host.
 */
export const contacts: Migration = {
  version: 12,
  name: 'contacts',
  sql: `
CREATE TABLE contacts (
  environment_id TEXT PRIMARY KEY, asked_at TEXT NOT NULL, answered_at TEXT,
  failure_code TEXT, failure_message TEXT, failing_since TEXT
) STRICT, WITHOUT ROWID;
CREATE TRIGGER source_contacts_delete AFTER DELETE ON source_environments BEGIN DELETE FROM contacts WHERE environment_id = OLD.id; END;
CREATE TRIGGER target_contacts_delete AFTER DELETE ON target_environments BEGIN DELETE FROM contacts WHERE environment_id = OLD.id; END;
UPDATE source_environments SET name = substr(url, 9, instr(substr(url, 9) || '/', '/') - 1)
WHERE kind = 'vsphere' AND name LIKE 'VMware %' AND url LIKE 'https://_%';
`,
};
