// Bundles the two entry points into dist/: cli.mjs (the headless core) and transfer.cjs (the worker, one CommonJS file for Piscina).
import { existsSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { build } from 'esbuild';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  logLevel: 'warning',
  packages: 'external',
  outdir: 'dist',
};

export async function bundle() {
  const builds = [];
  // Split, so that a command loads only what it uses.
  if (existsSync('src-main/cli.ts'))
    builds.push(build({ ...shared, entryPoints: ['src-main/cli.ts'], format: 'esm', splitting: true, outExtension: { '.js': '.mjs' } }));
  if (existsSync('workers/transfer.ts'))
    builds.push(
      build({
        ...shared,
        entryPoints: ['workers/transfer.ts'],
        format: 'cjs',
        outExtension: { '.js': '.cjs' },
        define: { 'import.meta.filename': '__filename' },
      }),
    );
  await Promise.all(builds);
  const now = new Date();
  for (const file of ['dist/cli.mjs', 'dist/transfer.cjs']) if (existsSync(file)) await utimes(file, now, now);
}

if (process.argv[1] === import.meta.filename) await bundle();
