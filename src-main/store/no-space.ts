import { dirname, resolve } from 'node:path';
import type SqliteDatabase from 'better-sqlite3';
import type { SqliteDatabase as KyselyDatabase } from 'kysely';
import { OctopusError } from '../../workers/octopus-error.ts';
import { cacheStatements } from './statement-cache.ts';

/** SHMSIZE: the file beside a database that its readers share could not be made large enough. */
export function isFull(cause: unknown): boolean {
  return /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/.test(String((cause as { code?: unknown } | undefined)?.code));
}

/** What is said where a file of a database could not grow; undefined where that is not what is wrong. */
export function noSpaceFor(path: string, cause: unknown): OctopusError | undefined {
  if (!isFull(cause)) return undefined;
  const file = resolve(path);
  const message = `There is no space left for the database ${file}: free some in ${dirname(file)}, then try again. What was stored before is as it was.`;
  return new OctopusError('target.full', message, { cause });
}

/** What Kysely works with; a full disk is told with the file that had to grow, whatever was being stored. */
export function tellingOfSpace(database: SqliteDatabase.Database, path: string): KyselyDatabase {
  const cached = cacheStatements(database);
  const told = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      throw noSpaceFor(path, cause) ?? cause;
    }
  };
  return {
    close: () => cached.close(),
    prepare(text) {
      const statement = told(() => cached.prepare(text));
      return {
        reader: statement.reader,
        all: (parameters) => told(() => statement.all(parameters)),
        run(parameters) {
          // A full disk has ended the transaction already; rolling it back would fail, and hide why.
          if (text === 'rollback' && !database.inTransaction) return { changes: 0, lastInsertRowid: 0 };
          return told(() => statement.run(parameters));
        },
        iterate: (parameters) => statement.iterate(parameters),
      };
    },
  };
}
