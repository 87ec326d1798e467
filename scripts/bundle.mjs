// Bundles into dist/: cli.mjs (the headless core), transfer.cjs (the worker, one CommonJS file for Piscina), main.mjs and preload.cjs (the
// desktop application), older-runtime.cjs (what its stand-in for Electron lacks) and renderer/ (the client).
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, utimes } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { bundleRenderer } from './bundle-renderer.mjs';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));
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
// Electron's Node may be older than the one that runs the command line.
const inElectron = { ...shared, target: 'node20.18' };
const older = (load) => ({ js: `if (typeof SuppressedError === 'undefined') ${load};` });

export const entries = {
  // Split, so that a command loads only what it uses.
  'src-main/cli.ts': { ...shared, format: 'esm', splitting: true, outExtension: { '.js': '.mjs' } },
  'workers/transfer.ts': {
    ...inElectron,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    banner: older("require('./older-runtime.cjs')"),
    define: { 'import.meta.filename': '__filename' },
  },
  'src-main/main.ts': {
    ...inElectron,
    format: 'esm',
    splitting: true,
    external: ['electron'],
    // In every chunk, since those are run before the file that loads them.
    banner: older("await import('./older-runtime.cjs')"),
    chunkNames: 'desktop-[name]-[hash]',
    outExtension: { '.js': '.mjs' },
  },
  'src-main/desktop/older-runtime.ts': {
    ...inElectron,
    packages: 'bundle',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    entryNames: '[name]',
  },
  // The sandbox gives it `electron` and nothing else.
  'src-preload/index.ts': {
    ...inElectron,
    packages: 'bundle',
    format: 'cjs',
    external: ['electron'],
    entryNames: 'preload',
    outExtension: { '.js': '.cjs' },
    define: { OCTOPUS_VERSION: JSON.stringify(version) },
  },
};

export async function bundle() {
  const present = Object.entries(entries).filter(([entry]) => existsSync(entry));
  const builds = await Promise.all([...present.map(([entry, options]) => build({ ...options, entryPoints: [entry] })), bundleRenderer()]);
  const made = builds.flatMap((built) => Object.keys(built?.metafile?.outputs ?? {}).map((file) => relative('dist', file)));
  // Chunks are named after their content; those of earlier builds would pile up. A crash test that runs now keeps its own file.
  const old = (await readdir('dist', { withFileTypes: true })).filter(
    (file) => file.isFile() && !made.includes(file.name) && !file.name.startsWith('crash-child-'),
  );
  for (const file of old) await rm(join('dist', file.name), { force: true });
  const now = new Date();
  for (const file of made.filter((name) => !name.includes(sep) && !name.endsWith('.map'))) await utimes(join('dist', file), now, now);
}

if (process.argv[1] === import.meta.filename) await bundle();
