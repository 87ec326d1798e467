import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isJournalFile } from '../../../workers/blocks/journal.ts';
import { isManifestFile } from '../../../workers/blocks/manifest.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { usageError } from '../command.ts';
import { type Place, statOrUndefined } from '../image.ts';
import { requireReadable } from '../named-file.ts';

export interface Named {
  /** As a person gave it. */
  source: string | undefined;
  target: string | undefined;
  manifest?: string | undefined;
  base?: string | undefined;
}

/** Everything that a copy reads or writes is another file: what stands twice would destroy itself. Nothing is written before this. */
export async function checkApart(source: Place, target: Place, given: Named): Promise<void> {
  await checkSource(source, given);
  const targetStat = target.kind === 'file' ? await statOrUndefined(target.path) : undefined;
  if (targetStat !== undefined && !targetStat.isFile()) throw usageError('target', `The TARGET ${given.target} exists and is not a file.`);
  if (source.kind === 'nbd' && target.kind === 'nbd' && exportOf(source) === exportOf(target)) {
    throw usageError('target', `The TARGET ${given.target} is the SOURCE itself.`);
  }
  const files: { what: string; field: string; path: string }[] = [];
  if (source.kind === 'file') files.push({ what: 'SOURCE', field: 'source', path: source.path });
  if (target.kind === 'file') files.push({ what: 'TARGET', field: 'target', path: target.path });
  if (given.base !== undefined) files.push({ what: '--base', field: 'base', path: resolve(given.base) });
  if (given.manifest !== undefined) {
    const path = resolve(given.manifest);
    files.push({ what: '--manifest', field: 'manifest', path });
    files.push({ what: 'journal of --manifest', field: 'manifest', path: `${path}.journal` });
  }
  const keys = await Promise.all(files.map(({ path }) => identityOf(path)));
  for (const [index, file] of files.entries()) {
    for (const [before, other] of files.slice(0, index).entries()) {
      // A base that is read and then replaced by what the copy says of the same target.
      if (keys[before] !== keys[index] || (other.what === '--base' && file.what === '--manifest')) continue;
      if (file.what === 'TARGET') throw usageError('target', `The TARGET ${given.target} is the SOURCE itself.`);
      throw usageError(file.field, `The ${file.what} ${file.path} is the file of ${other.what} as well; name another one.`);
    }
  }
  if (given.base !== undefined && target.kind === 'file' && targetStat === undefined) {
    throw new OctopusError('target.missing', `--base says what ${given.target} holds, but there is no such file.`);
  }
  if (given.base !== undefined) await requireReadable('base', given.base);
  if (given.manifest !== undefined) await checkManifest(given.manifest);
}

async function checkSource(source: Place, given: Named): Promise<void> {
  if (source.kind !== 'file') return;
  const found = await stat(source.path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
      throw new OctopusError('source.missing', `The source ${given.source} does not exist.`, { cause });
    }
    throw new OctopusError('source.denied', `The source ${given.source} cannot be read: ${cause.message}.`, { cause });
  });
  if (found.isDirectory()) throw usageError('source', `The SOURCE ${given.source} is a folder.`);
}

/** What is replaced must be what an earlier copy wrote: someone's file is never taken for it. */
async function checkManifest(manifest: string): Promise<void> {
  const path = resolve(manifest);
  const folder = await statOrUndefined(dirname(path));
  if (!folder?.isDirectory()) throw usageError('manifest', `--manifest ${manifest}: there is no folder ${dirname(path)}.`);
  const found = await statOrUndefined(path);
  if (found?.isDirectory()) throw usageError('manifest', `--manifest ${manifest} is a folder; name a file.`);
  if (found !== undefined && !(found.isFile() && (await isManifestFile(path)))) {
    throw usageError('manifest', `--manifest ${manifest} exists and is not a manifest; it is not overwritten, name another file.`);
  }
  const journal = await statOrUndefined(`${path}.journal`);
  if (journal !== undefined && !(journal.isFile() && (await isJournalFile(`${path}.journal`)))) {
    throw usageError('manifest', `--manifest ${manifest}: its journal ${path}.journal exists and is not one; name another file.`);
  }
}

function exportOf({ address }: Place & { kind: 'nbd' }): string {
  return JSON.stringify([address.endpoint, address.exportName]);
}

/** The same for two names of one file (links of either kind), also where the file is yet to be made. */
async function identityOf(path: string, links = 0): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found !== undefined) return `${found.dev}:${found.ino}`;
  const to = links < 40 ? await readlink(path).catch(() => undefined) : undefined;
  if (to !== undefined) return identityOf(resolve(dirname(path), to), links + 1);
  return join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
}
