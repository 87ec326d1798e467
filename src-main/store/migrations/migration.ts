import type Database from 'better-sqlite3';

/** Numbered from 1 without gaps. Append-only: one that was released is never changed. Each runs in a transaction of its own. */
export interface Migration {
  version: number;
  name: string;
  sql: string;
  /** After the sql, in its transaction, for what SQL cannot say. */
  run?(database: Database.Database): void;
}
