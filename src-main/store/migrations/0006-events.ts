import type { Migration } from './migration.ts';

/** Ids only grow, also when the oldest rows are taken away: clients resume by them. */
export const events: Migration = {
  version: 6,
  name: 'events',
  sql: `
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, type TEXT NOT NULL, data_json TEXT NOT NULL
) STRICT;
`,
};
