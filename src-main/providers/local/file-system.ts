import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../../workers/blocks/durable-file.ts';
import { type ErrorCode, OctopusError } from '../../../workers/octopus-error.ts';

const codes: Record<string, [ErrorCode, string]> = {
  ENOSPC: ['target.full', 'there is no space left; free some or prune recovery points'],
  EDQUOT: ['target.full', 'the disk quota is used up'],
  EFBIG: ['target.full', 'the file system cannot hold a file of that size'],
  EROFS: ['target.denied', 'the file system is read-only'],
  EACCES: ['target.denied', 'permission is denied'],
  EPERM: ['target.denied', 'the operation is not permitted'],
  ENOENT: ['target.missing', 'it does not exist (any more); is the disk mounted?'],
  ENOTDIR: ['target.missing', 'a part of the path is not a folder'],
};

/** What the file system said, as an OctopusError `target.*` with a sentence: "<doing>: <why>." */
export function targetError(error: unknown, doing: string): OctopusError {
  if (error instanceof OctopusError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new OctopusError('operation.cancelled', 'The operation was cancelled.', { cause: error });
  const known = codes[(error as NodeJS.ErrnoException)?.code ?? ''];
  const [code, why] = known ?? (['target.write', error instanceof Error ? error.message : String(error)] as const);
  return new OctopusError(code, `${doing}: ${why}${why.endsWith('?') ? '' : '.'}`, { cause: error });
}

export async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw targetError(error, doing);
  }
}

/** Like mkdir -p below `root`, but `root` itself must exist: a folder on a disk that is not mounted is never made on the disk below. */
export async function makeFolderWithin(root: string, path: string): Promise<void> {
  if (!(await stat(root)).isDirectory()) throw new OctopusError('target.missing', `${root} is not a folder.`);
  if (existsSync(path)) return;
  await mkdir(path, { recursive: true });
  for (let at = path; at.length >= root.length; at = dirname(at)) {
    await syncFolder(at);
    if (at === root) break;
  }
}

export async function writeAndSync(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names in a folder; none where it does not exist. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

let sequence = 0;
const own = new Set<string>();

/** A name for something in the making: tells which process makes it, so that others know when it is a leftover. */
export function temporaryName(what: string): string {
  const name = `.tmp-${process.pid}-${++sequence}-${what}`;
  own.add(name);
  return name;
}

export function temporaryDone(name: string): void {
  own.delete(name);
}

/** Removes what processes that are gone (or this one, before it restarted under the same number) left in the making. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const pid = Number(/^\.tmp-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || own.has(name) || (pid !== process.pid && isAlive(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
