import { readdir } from 'node:fs/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';

/**
 * `target.missing` where this cannot be the folder that was made a target: it is gone, or empty although recovery points of `replicas` were
 * left there. A disk that is not mounted looks like that, and to go on would fill the disk below it. Adding the target anew makes it known again.
 */
export async function requireKnownFolder(folder: string, replicas: readonly string[]): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause;
    throw new OctopusError('target.missing', `The target folder ${folder} does not exist; is its disk mounted?`, { cause });
  });
  const known = replicas.length === 0 || names.some((name) => name === 'octopus.lock' || replicas.includes(name));
  if (known) return;
  throw new OctopusError(
    'target.missing',
    `The target folder ${folder} holds nothing of what was replicated to it; is its disk mounted? If it was emptied on purpose, add it as a target again.`,
  );
}
