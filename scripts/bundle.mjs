// Bundles the two entry points into dist/: cli.mjs (the headless core) and transfer.cjs (the worker, one CommonJS file for Piscina).
import { existsSync } from 'node:fs';
import { build } from 'esbuild';

const shared = { bundle: true, platform: 'node', target: 'node22', sourcemap: true, logLevel: 'warning', packages: 'external' };

export async function bundle() {
  const entries = [
    { entryPoints: ['src-main/cli.ts'], outfile: 'dist/cli.mjs', format: 'esm' },
    { entryPoints: ['workers/transfer.ts'], outfile: 'dist/transfer.cjs', format: 'cjs' },
  ];
  await Promise.all(entries.filter((entry) => existsSync(entry.entryPoints[0])).map((entry) => build({ ...shared, ...entry })));
}

if (process.argv[1] === import.meta.filename) await bundle();
