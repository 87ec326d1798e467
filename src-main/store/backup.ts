import { randomBytes } from 'node:crypto';
import { access, chmod, copyFile, link, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { syncFolder } from '../../workers/blocks/durable-file.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { lockFolder } from './lock.ts';
import { assertUsable, schemaVersion } from './migrate.ts';
import { createActivityRepository } from './repositories/activity-logs.ts';
import { PAUSED_BY_RESTORE } from './repositories/schedules.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

export interface BackupResult {
  path: string;
  /** Bytes. */
  size: number;
  /** Schema version; an Octopus of this schema or a newer one can restore it. */
  schema: number;
}

/**
 * A copy of the database while it is worked on, as it was at one moment. It appears under `path` complete, checked and durable, or not at
 * all. It holds no secrets: those are the vault's, which is backed up by copying its file.
 */
export async function backupDatabase(database: SqliteDatabase.Database, path: string, signal?: AbortSignal): Promise<BackupResult> {
  const target = resolve(path);
  if (await exists(target)) throw taken(target);
  const folder = dirname(target);
  // Never made: a typo, or a disk that is not mounted, would fill the system's own.
  if (!(await exists(folder))) throw new OctopusError('target.missing', `There is no folder ${folder}: make it, or mount its disk.`);
  const temporary = temporaryBeside(target);
  try {
    // Made before SQLite fills it, so that nobody else reads it at any time.
    await (await open(temporary, 'wx', 0o600)).close();
    await database.backup(temporary, {
      progress: () => {
        signal?.throwIfAborted();
        // Pages of 4 KiB a step; between steps others get their turn.
        return 1000;
      },
    });
    const schema = check(temporary);
    await makeDurable(temporary);
    // link and not rename: it never replaces a file that came meanwhile.
    await link(temporary, target).catch(async (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') throw taken(target);
      await rename(temporary, target);
    });
    await rm(temporary, { force: true });
    await syncFolder(folder);
    return { path: target, size: (await stat(target)).size, schema };
  } catch (cause) {
    throw explain(cause, `The backup ${target} cannot be written`);
  } finally {
    await removeDatabase(temporary);
  }
}

/** The same, for a database that another process may have open and be writing to. */
export async function backupDatabaseFile(databasePath: string, path: string, signal?: AbortSignal): Promise<BackupResult> {
  const source = resolve(databasePath);
  if (!(await exists(source))) throw new OctopusError('argument.invalid', `There is no database ${source}.`, { field: 'data' });
  let database: SqliteDatabase.Database | undefined;
  try {
    database = openSqlite(source, { readonly: true, fileMustExist: true });
    assertUsable(database);
    // One reading for all steps: a copy would begin anew each time that the other process writes.
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    return await backupDatabase(database, path, signal);
  } catch (cause) {
    throw explain(cause, `${source} cannot be read`);
  } finally {
    database?.close();
  }
}

export interface RestoreResult {
  schema: number;
  /** What was there before, kept under this name; undefined where there was nothing. */
  replaced: string | undefined;
}

/**
 * Puts a backup in the place of `databasePath`. Refused while an Octopus works in that folder (`target.busy`), for a backup of a newer schema
 * (`store.newer`) and for one that is damaged or not ours (`store.corrupt`). The next openStore brings an older schema up to date. Killed
 * anywhere, there is either the old database or the backup, whole. Nothing begins by itself in what was restored before a person lets it:
 * what was planned in the backup may be done already, such as a cutover. Nobody is signed in, and the log tells of it.
 */
export async function restoreDatabase(backup: string, databasePath: string, now: () => Date): Promise<RestoreResult> {
  const source = resolve(backup);
  const target = resolve(databasePath);
  await using _lock = await lockFolder(dirname(target));
  const temporary = temporaryBeside(target);
  try {
    if (!(await exists(source))) throw new OctopusError('argument.invalid', `There is no backup ${source}.`, { field: 'path' });
    if (source === target) throw new OctopusError('argument.invalid', 'The backup is the database itself.', { field: 'path' });
    await copyFile(source, temporary);
    await chmod(temporary, 0o600);
    const schema = check(temporary);
    await settleRestored(temporary, now().toISOString());
    await makeDurable(temporary);
    const replaced = await keepReplaced(target, now());
    await rename(temporary, target);
    await syncFolder(dirname(target));
    return { schema, replaced };
  } catch (cause) {
    throw explain(cause, `${source} cannot be restored`);
  } finally {
    await removeDatabase(temporary);
  }
}

/** Ours, of a schema that is known, and whole. Answers the schema's version. */
function check(path: string): number {
  const database = openSqlite(path, { fileMustExist: true });
  try {
    assertUsable(database);
    const schema = schemaVersion(database);
    // A copy of a WAL database is one file only without the mode: a read would otherwise leave two others beside it.
    database.pragma('journal_mode = DELETE');
    const found = database.pragma('integrity_check(5)') as { integrity_check: string }[];
    const problems = found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    if ((database.pragma('foreign_key_check') as unknown[]).length > 0) problems.push('rows point at rows that are not there');
    if (schema === 0) problems.push('it is empty');
    if (problems.length > 0) throw new OctopusError('store.corrupt', `The copy of the database is damaged: ${problems.join('; ')}.`);
    return schema;
  } finally {
    database.close();
  }
}

/**
 * What was true when the backup was made and must not be again: sessions that were ended since would live again with their tokens, and what
 * was planned may be done already. The log tells of it. A schema may be too old to have one of these.
 */
async function settleRestored(path: string, at: string): Promise<void> {
  const database = openSqlite(path, { fileMustExist: true });
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
  try {
    const has = (table: string) => database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
    database.pragma('journal_mode = DELETE');
    if (has('scheduler_state')) database.prepare('UPDATE scheduler_state SET paused = ?').run(PAUSED_BY_RESTORE);
    if (has('sessions')) {
      database.prepare("UPDATE sessions SET ended_at = ?, ended_why = 'restored' WHERE ended_at IS NULL").run(at);
    }
    if (!has('activity_head')) return;
    await createActivityRepository(kysely).append({
      at,
      action: 'store.restore',
      subjectKind: 'store',
      message: 'A backup took the place of the database: everybody was signed out, and the scheduler paused.',
      outcome: 'succeeded',
    });
  } finally {
    await kysely.destroy();
  }
}

/**
 * The old database under another name, its log folded in, so that SQLite does not apply the old log to the restored file. The old name stays
 * until the rename replaces it.
 */
async function keepReplaced(target: string, now: Date): Promise<string | undefined> {
  const log = `${target}-wal`;
  if (!(await exists(target))) {
    // A log without its database says nothing, and would be applied to the restored one.
    await rm(log, { force: true });
    return undefined;
  }
  const kept = `${target}.replaced-${now.toISOString().replace(/[:.]/g, '-')}`;
  let folded = false;
  try {
    const old = openSqlite(target, { timeout: 0 });
    try {
      folded = old.pragma('journal_mode = DELETE', { simple: true }) === 'delete';
    } finally {
      old.close();
    }
  } catch (cause) {
    if (/BUSY|LOCKED/.test(String((cause as { code?: unknown }).code))) throw cause;
    // Damaged: that is what restoring is for. It is kept with its log as it is.
  }
  await link(target, kept).catch(() => copyFile(target, kept));
  if (!folded && (await exists(log))) await rename(log, `${kept}-wal`);
  await rm(`${target}-shm`, { force: true });
  return kept;
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

async function makeDurable(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeDatabase(path: string): Promise<void> {
  // Best effort: what went wrong before is what a person must know.
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(path + suffix, { force: true }).catch(() => undefined);
}

function taken(path: string): OctopusError {
  return new OctopusError('argument.invalid', `${path} exists already: give another name.`, { field: 'path' });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function explain(cause: unknown, what: string): unknown {
  if (cause instanceof OctopusError || (cause as Error).name === 'AbortError' || (cause as Error).name === 'TimeoutError') return cause;
  const code = String((cause as { code?: unknown }).code ?? '');
  const message = `${what}: ${(cause as Error).message}.`;
  if (/NOTADB|CORRUPT/.test(code)) return new OctopusError('store.corrupt', message, { cause });
  if (/FULL|NOSPC/.test(code)) return new OctopusError('target.full', message, { cause });
  if (/BUSY|LOCKED/.test(code)) return new OctopusError('target.busy', message, { cause });
  return new OctopusError('target.denied', message, { cause });
}
