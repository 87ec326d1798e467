import { join, resolve } from 'node:path';
import type SqliteDatabase from 'better-sqlite3';
import { OctopusError } from '../../workers/octopus-error.ts';
import { makeFolder } from './make-folder.ts';
import { isFull } from './no-space.ts';
import { openSqlite } from './sqlite.ts';

export interface FolderLock extends AsyncDisposable {
  release(): void;
}

/**
 * Makes this process the only one that works in a folder; `target.busy` where another one (or this one, twice) does. SQLite's exclusive
 * file lock is used because the system gives it back however the process ends, and because Node has no lock of its own.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'octopus.lock');
  let database: SqliteDatabase.Database | undefined;
  try {
    await makeFolder(folder);
    database = openSqlite(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    if (/BUSY|LOCKED/.test(String((cause as { code?: unknown }).code))) {
      throw new OctopusError('target.busy', `Another Octopus is working in ${folder}: wait for it to end, or use another folder.`, {
        cause,
      });
    }
    if (isFull(cause))
      throw new OctopusError('target.full', `There is no space left in the folder ${resolve(folder)}: free some there, then try again.`, {
        cause,
      });
    throw new OctopusError('target.denied', `The folder ${folder} cannot be written to: ${(cause as Error).message}.`, { cause });
  }
  const held = database;
  const release = () => {
    if (held.open) held.close();
  };
  return { release, [Symbol.asyncDispose]: async () => release() };
}
