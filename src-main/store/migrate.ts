import type Database from 'better-sqlite3';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Migration } from './migrations/migration.ts';
import { migrations as released } from './migrations/migrations.ts';

/** Marks the file as ours in SQLite's header: "OCTO". */
const APPLICATION_ID = 0x4f43544f;

export function schemaVersion(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** `store.newer` for a database of the future, `store.corrupt` for a file that is not ours. An empty one may become ours. */
export function assertUsable(database: Database.Database, migrations: readonly Migration[] = released): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const version = schemaVersion(database);
  const application = Number(database.pragma('application_id', { simple: true }));
  const tables = database.prepare('SELECT count(*) AS n FROM sqlite_master').get() as { n: number };
  if (application !== APPLICATION_ID && (application !== 0 || tables.n > 0)) {
    throw new OctopusError('store.corrupt', `${database.name} is a database of another program, so it is left as it is.`);
  }
  if (version > newest) {
    throw new OctopusError(
      'store.newer',
      `${database.name} was written by a newer Octopus (schema ${version}, this one knows ${newest}): use that version, or another folder.`,
      { details: { found: version, known: newest } },
    );
  }
}

/** Brings the database up to date. `store.newer` for one of the future, `store.corrupt` for a file that is not ours. */
export function migrate(database: Database.Database, migrations: readonly Migration[] = released): void {
  assertUsable(database, migrations);
  const version = schemaVersion(database);
  for (const migration of migrations.filter((one) => one.version > version)) {
    database.transaction(() => {
      database.exec(migration.sql);
      migration.run?.(database);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${migration.version}`);
    })();
  }
}
