import { access, constants, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OctopusError } from '../../workers/octopus-error.ts';
import { whyUnreadable } from '../domain/why-unreadable.ts';
import { usageError } from './command.ts';
import { statOrUndefined } from './image.ts';

function unreadable(option: string, path: string, cause: unknown): OctopusError {
  return new OctopusError('argument.invalid', `--${option} ${path} cannot be read: ${whyUnreadable(cause)}.`, { field: option, cause });
}

/** The text of a file that an option names. */
export function readNamed(option: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(option, path, cause);
  });
}

/** For what others read: refused while nothing is done yet. */
export async function requireReadable(option: string, path: string): Promise<void> {
  if ((await statOrUndefined(path))?.isDirectory()) throw usageError(option, `--${option} ${path} is a folder; name a file.`);
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(option, path, cause);
  });
  await handle.close();
}

/** A file can be made there. Its folder is never made: a typo, or a disk that is not mounted, would fill the system's own. */
export async function requireFolderOf(option: string, path: string): Promise<void> {
  const folder = dirname(resolve(path));
  if (!(await statOrUndefined(folder))?.isDirectory()) {
    throw usageError(option, `--${option} ${path}: there is no folder ${folder}; make it, or mount its disk.`);
  }
  if ((await statOrUndefined(path))?.isDirectory()) throw usageError(option, `--${option} ${path} is a folder; name a file.`);
  await access(folder, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new OctopusError('target.denied', `--${option} ${path}: the folder ${folder} cannot be written to.`, { cause });
  });
}
