import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { OctopusError } from '../../workers/octopus-error.ts';
import { clientFileOf } from '../domain/client-files.ts';
import { contentSecurityPolicy } from '../domain/page-policy.ts';

/** One file of the client as it is answered. */
export interface WebFile {
  /** Under the prefix, e.g. `assets/app-5KQ2XJ4A.js`. */
  path: string;
  type: string;
  cacheControl: string;
  content: Buffer;
}

export interface WebClient {
  /** All but index.html. */
  files: readonly WebFile[];
  /** index.html for one request, with the policy it is answered under. `base` ends with a slash. */
  page(base: string): { html: string; policy: string };
}

export const indexFile = 'index.html';

/**
 * Reads a built client once. What is not one of its files is not there: no path of a request reaches the disk. Source maps and what is of
 * no known type stay away. In index.html `__NONCE__` becomes a fresh nonce for each request, `__BASE__` the address that the client is at.
 */
export async function readWebClient(folder: string): Promise<WebClient> {
  const index = await readFile(join(folder, indexFile), 'utf8').catch((cause: Error) => {
    throw new OctopusError('argument.invalid', `The web client cannot be read: ${cause.message}.`, { field: 'web-client', cause });
  });
  const files: WebFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full).split(sep).join('/');
    const file = path.endsWith('.map') ? undefined : clientFileOf(path);
    // Not isFile() of what a link points at: a link may lead out of the folder.
    if (!entry.isFile() || !file || path === indexFile || !/^[\w./-]+$/.test(path)) continue;
    files.push({ path, ...file, content: await readFile(full) });
  }
  // A policy of 'none' would make the browser pass over <base>.
  const baseUri = /<base\s/i.test(index) ? "'self'" : "'none'";
  return {
    files,
    page(base) {
      const nonce = randomBytes(18).toString('base64');
      return { html: index.replaceAll('__NONCE__', nonce).replaceAll('__BASE__', base), policy: contentSecurityPolicy(nonce, baseUri) };
    },
  };
}
