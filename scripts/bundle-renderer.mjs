// Bundles the client into dist/renderer/: index.html and assets/ named after their content. Whoever serves it puts a fresh nonce for __NONCE__.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const folder = join('dist', 'renderer');

export async function bundleRenderer() {
  if (!existsSync('src-renderer/main.tsx')) return;
  const { metafile } = await build({
    entryPoints: ['src-renderer/main.tsx'],
    outdir: folder,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome128', 'firefox128', 'safari17'],
    splitting: true,
    minify: true,
    sourcemap: 'linked',
    jsx: 'automatic',
    logLevel: 'warning',
    metafile: true,
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    assetNames: 'assets/[name]-[hash]',
    loader: { '.svg': 'file', '.module.css': 'local-css' },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const files = Object.entries(metafile.outputs).map(([file, output]) => ({ name: basename(file), ...output }));
  const main = files.find(({ entryPoint, name }) => entryPoint === 'src-renderer/main.tsx' && name.endsWith('.js'));
  // esbuild loads the styles of no lazy screen by itself: all are linked, those of the frame first.
  const styles = files.filter(({ name }) => name.endsWith('.css'));
  styles.sort((one, other) => Number(other.name === basename(main.cssBundle ?? '')) - Number(one.name === basename(main.cssBundle ?? '')));
  const icon = await readFile('resources/icon.svg');
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'assets', iconName), icon);
  const links = styles.map(({ name }) => `<link rel="stylesheet" href="./assets/${name}">`).join('\n    ');
  const page = (await readFile('src-renderer/index.html', 'utf8'))
    .replace('__STYLES__', () => links)
    .replace('__SCRIPT__', () => `./assets/${main.name}`)
    .replace('__ICON__', () => `./assets/${iconName}`);
  await writeFile(join(folder, 'index.html'), page);
  const made = new Set([...files.map(({ name }) => name), iconName]);
  for (const file of await readdir(join(folder, 'assets'))) if (!made.has(file)) await rm(join(folder, 'assets', file), { force: true });
  const now = new Date();
  await utimes(join(folder, 'index.html'), now, now);
  return { metafile };
}

if (process.argv[1] === import.meta.filename) await bundleRenderer();
