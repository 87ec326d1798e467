import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { unlockPath } from '../../src-preload/bridge.ts';
import { clientFileOf } from '../domain/client-files.ts';
import { contentSecurityPolicy } from '../domain/page-policy.ts';

export const scheme = 'app';
/** What the client is served under. Nothing else is ever loaded. */
export const origin = `${scheme}://octopus`;

/** Answers requests for `app://octopus/…` from the built client. Each page gets a nonce of its own for styles. */
export function createPageHandler(options: { folder: string; random: (bytes: number) => Buffer }): (request: Request) => Promise<Response> {
  const root = resolve(options.folder);

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'This can only be read.');
    const path = fileOf(request.url);
    if (path === undefined) return plain(404, 'There is no such page.');
    const file = clientFileOf(path);
    const bytes = file && (await readFile(path).catch(() => undefined));
    if (!bytes) {
      return plain(404, path === join(root, 'index.html') ? 'The client is not built: run `npm run build`.' : 'There is no such page.');
    }
    const html = path.endsWith('.html');
    const nonce = options.random(16).toString('base64');
    const body = html ? bytes.toString('utf8').replaceAll('__NONCE__', nonce) : new Uint8Array(bytes);
    return new Response(request.method === 'HEAD' ? null : body, {
      status: 200,
      headers: {
        ...locked(nonce),
        'content-type': file.type,
        'cache-control': file.cacheControl,
      },
    });
  };

  /** Undefined for whatever is not a file below the client's folder. */
  function fileOf(address: string): string | undefined {
    try {
      const url = new URL(address);
      if (`${url.protocol}//${url.host}` !== origin) return undefined;
      const name = decodeURIComponent(url.pathname);
      if (name.includes('\0') || name.includes('\\')) return undefined;
      // Both pages are one client, which looks at the bridge it has.
      const path = resolve(root, `.${name === '/' || name === unlockPath ? '/index.html' : name}`);
      return path.startsWith(root + sep) ? path : undefined;
    } catch {
      return undefined;
    }
  }

  function plain(status: number, text: string): Response {
    const nonce = options.random(16).toString('base64');
    return new Response(text, {
      status,
      headers: { ...locked(nonce), 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    });
  }
}

function locked(nonce: string): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(nonce),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
