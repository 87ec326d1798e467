import type { Migration } from './migration.ts';

/** Which secrets exist and whose they are. The secrets are in the vault, never here. */
export const secretReferences: Migration = {
  version: 7,
  name: 'secret-references',
  sql: `
CREATE TABLE secrets (
  reference TEXT PRIMARY KEY, kind TEXT NOT NULL, owner_kind TEXT NOT NULL, owner_id TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  UNIQUE (owner_kind, owner_id, kind)
) STRICT;
`,
};
