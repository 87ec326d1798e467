// Bundles the client into dist/renderer/: index.html and assets/ named after their content. Whoever serves it puts a fresh nonce for __NONCE__.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { build } from 'esbuild';

const folder = join('dist', 'renderer');

/**
 * esbuild loads the styles of no lazy screen by itself, and repeats what two screens share, in an order that nobody chose. All of them are
 * imported by the entry, once: its styles are the only ones that the page links.
 */
const allStyles = {
  name: 'all-styles',
  setup({ onLoad }) {
    onLoad({ filter: /src-renderer[\\/]main\.tsx$/ }, async ({ path }) => {
      const all = await readdir(dirname(path), { recursive: true });
      const modules = all.filter((file) => file.endsWith('.module.css')).sort();
      const imports = modules.map((file) => `import './${file.split(sep).join('/')}';`);
      return { contents: `${await readFile(path, 'utf8')}\n${imports.join('\n')}`, loader: 'tsx', watchDirs: [dirname(path)] };
    });
  },
};

/** Runs api/route-table.ts now and puts its result in its place. */
const finishedRoutes = {
  name: 'finished-routes',
  setup({ onLoad }) {
    onLoad({ filter: /src-renderer[\\/]api[\\/]route-table\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        write: false,
        format: 'esm',
        platform: 'node',
        logLevel: 'warning',
      });
      const { routeTable } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
      return { contents: `export const routeTable = ${JSON.stringify(routeTable)};`, loader: 'js' };
    });
  },
};

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
    plugins: [allStyles, finishedRoutes],
  });
  const files = Object.entries(metafile.outputs).map(([file, output]) => ({ name: basename(file), ...output }));
  const main = files.find(({ entryPoint, name }) => entryPoint === 'src-renderer/main.tsx' && name.endsWith('.js'));
  const style = files.find(({ name }) => name === basename(main.cssBundle));
  const missing = files
    .flatMap(({ name, inputs }) => (name.endsWith('.css') ? Object.keys(inputs) : []))
    .filter((file) => !style.inputs[file]);
  if (missing.length > 0)
    throw new Error(`Styles that would never be loaded: ${missing.join(', ')}. Import them in src-renderer/main.tsx.`);
  const icon = await readFile('resources/icon.svg');
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'assets', iconName), icon);
  const page = (await readFile('src-renderer/index.html', 'utf8'))
    .replace('__STYLE__', () => `./assets/${style.name}`)
    .replace('__SCRIPT__', () => `./assets/${main.name}`)
    .replace('__ICON__', () => `./assets/${iconName}`);
  await writeFile(join(folder, 'index.html'), page);
  // Those of single screens are in the one that is linked.
  const kept = files.map(({ name }) => name).filter((name) => !/\.css(\.map)?$/.test(name) || name.startsWith(style.name));
  const made = new Set([...kept, iconName]);
  for (const file of await readdir(join(folder, 'assets'))) if (!made.has(file)) await rm(join(folder, 'assets', file), { force: true });
  const now = new Date();
  await utimes(join(folder, 'index.html'), now, now);
  return { metafile };
}

if (process.argv[1] === import.meta.filename) await bundleRenderer();
