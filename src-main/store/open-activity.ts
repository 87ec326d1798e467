import { existsSync } from 'node:fs';
import type SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { OctopusError } from '../../workers/octopus-error.ts';
import { migrations } from './migrations/migrations.ts';
import { type ActivityRepository, createActivityRepository } from './repositories/activity-logs.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

export interface OpenedActivity extends AsyncDisposable {
  activity: ActivityRepository;
}

/** The migration that began the chain. */
const CHAINED = 3;

/** The log alone, for reading: nothing is written or brought up to date, so it may be opened beside a running Octopus and on a copy. */
export async function openActivity(path: string): Promise<OpenedActivity> {
  if (!existsSync(path)) throw new OctopusError('argument.invalid', `There is no database ${path}.`, { field: 'data' });
  let database: SqliteDatabase.Database | undefined;
  try {
    database = openSqlite(path, { readonly: true, timeout: 5000 });
    const version = Number(database.pragma('user_version', { simple: true }));
    if (version > migrations.length) {
      throw new OctopusError('store.newer', `${path} was written by a newer Octopus: use that version.`, {
        details: { found: version, known: migrations.length },
      });
    }
    const chained = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'activity_head'").get();
    if (version < CHAINED && !chained) {
      throw new OctopusError('store.corrupt', `${path} holds no activity log with a chain: it is not Octopus' or of an older version.`);
    }
  } catch (cause) {
    database?.close();
    if (cause instanceof OctopusError) throw cause;
    throw new OctopusError('store.corrupt', `${path} cannot be read as a database: ${(cause as Error).message}.`, { cause });
  }
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
  return { activity: createActivityRepository(kysely), [Symbol.asyncDispose]: () => kysely.destroy() };
}
