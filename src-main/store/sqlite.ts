import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';

/** Node-API that the package's own files need. What is older gets one that scripts/electron.mjs compiled beside them. */
const PREBUILT = 10;

/** The options that a database is opened with, so that it also opens in an older runtime. */
export function nativeBinding(nodeApi = Number(process.versions.napi)): Pick<SqliteDatabase.Options, 'nativeBinding'> {
  if (nodeApi >= PREBUILT) return {};
  const home = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
  return { nativeBinding: join(home, 'older-node-api', 'better_sqlite3.node') };
}

export function openSqlite(path: string, options: SqliteDatabase.Options): SqliteDatabase.Database {
  return new SqliteDatabase(path, { ...options, ...nativeBinding() });
}
