// Bundles the two entry points into dist/: cli.mjs (the headless core) and transfer.cjs (the worker, one CommonJS file for Piscina).
import { existsSync } from 'node:fs';
import { readdir, rm, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  logLevel: 'warning',
  packages: 'external',
  outdir: 'dist',
  metafile: true,
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
  const made = (await Promise.all(builds)).flatMap(({ metafile }) => Object.keys(metafile.outputs).map((file) => basename(file)));
  // Chunks are named after their content; those of earlier builds would pile up. A crash test that runs now keeps its own file.
  const old = (await readdir('dist')).filter((file) => !made.includes(file) && !file.startsWith('crash-child-'));
  for (const file of old) await rm(join('dist', file), { recursive: true, force: true });
  const now = new Date();
  for (const file of ['dist/cli.mjs', 'dist/transfer.cjs']) if (existsSync(file)) await utimes(file, now, now);
}

if (process.argv[1] === import.meta.filename) await bundle();
