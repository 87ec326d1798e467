const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Eight characters of base 32 (esbuild's) or hex before the ending. What has them never changes under its name. */
const contentHash = /-([A-Z2-7]{8}|[0-9a-f]{8})\.\w+(\.map)?$/;

/** How a file of the built client is answered, in the window and in a browser alike; undefined for one of no known type, which is none of its files. */
export function clientFileOf(path: string): { type: string; cacheControl: string } | undefined {
  const type = types[/\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? ''];
  if (type === undefined) return undefined;
  return { type, cacheControl: contentHash.test(path) ? 'public, max-age=31536000, immutable' : 'no-store' };
}
