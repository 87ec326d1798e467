// Lays the application out as it will lie in its archive: bundles, client, resources, and the packages that cannot be bundled.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { entries } from './bundle.mjs';
import { bundleRenderer } from './bundle-renderer.mjs';
import { notices } from './notices.mjs';
import { packageWork } from './packaged.mjs';
import { root } from './prepare.mjs';

const app = join(packageWork, 'app');
const packages = join(packageWork, 'packages');
/** Node-API of better-sqlite3's own files; see scripts/electron.mjs. */
const prebuiltNodeApi = 10;

/**
 * What cannot be bundled, and what of it is shipped. All else becomes part of a bundle, so that a package holds what is used and no more:
 * native parts are files of their own, and Piscina starts a file of its own as the thread.
 */
function externals({ platform, arch, nodeApi }) {
  const libc = { linux: '-gnu', win32: '-msvc' }[platform] ?? '';
  return {
    'better-sqlite3': [
      /^lib\/(?!.*-(x64|arm64)\.js$).*\.js$/,
      nodeApi < prebuiltNodeApi ? /^older-node-api\// : new RegExp(`^prebuilds/${platform}-${arch}\\.node$`),
    ],
    keytar: [/^lib\/.*\.js$/, /^build\/Release\/keytar\.node$/],
    '@napi-rs/blake-hash': [/^index\.js$/],
    [`@napi-rs/blake-hash-${platform}-${arch}${libc}`]: [/\.node$/],
    piscina: [/^dist\/.*\.m?js$/],
  };
}

async function files(folder, base = folder) {
  const found = await readdir(folder, { withFileTypes: true });
  const paths = found.map((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name), base) : relative(base, join(folder, entry.name)),
  );
  return (await Promise.all(paths)).flat().map((path) => path.replaceAll('\\', '/'));
}

async function copy(from, to, wanted) {
  const chosen = (await files(from)).filter(wanted);
  for (const file of chosen) await cp(join(from, file), join(to, file));
  return chosen.length;
}

/** CommonJS packages inside an ESM bundle still want these three. */
const commonJs = `import { createRequire as octopusRequire } from 'node:module'; import { fileURLToPath as octopusPath } from 'node:url'; const require = octopusRequire(import.meta.url), __filename = octopusPath(import.meta.url), __dirname = octopusPath(new URL('.', import.meta.url));`;

/** Lays the application out as it will lie in its archive. Answers the packages in it. */
export async function layOut(target) {
  for (const folder of [app, packages]) await rm(folder, { recursive: true, force: true });
  await mkdir(join(app, 'dist'), { recursive: true });
  const whole = externals(target);
  const bundles = Object.entries(entries).filter(([entry]) => entry !== 'src-main/cli.ts');
  const builds = await Promise.all(
    bundles.map(([entry, options]) =>
      build({
        ...options,
        absWorkingDir: root,
        entryPoints: [entry],
        packages: 'bundle',
        external: ['electron', ...Object.keys(whole), '@napi-rs/nice'],
        outdir: join(app, 'dist'),
        // Names stay as they are: a stack in a log file has to say something.
        minifySyntax: true,
        minifyWhitespace: true,
        sourcemap: false,
        legalComments: 'none',
        banner: { js: [options.format === 'esm' ? commonJs : '', options.banner?.js ?? ''].join('') },
      }),
    ),
  );
  const client = await bundleRenderer();
  if (!client) throw new Error('The client is missing: there is no src-renderer/main.tsx.');
  await copy(join(root, 'dist', 'renderer'), join(app, 'dist', 'renderer'), (file) => !file.endsWith('.map'));
  await copy(join(root, 'resources'), join(app, 'resources'), (file) => /^(vim25\/|icons\/(tray\/|linux\/(256x256|512x512)))/.test(file));
  for (const [name, wanted] of Object.entries(whole)) {
    const folder = join(root, 'node_modules', name);
    const count = await copy(
      folder,
      join(packages, name),
      (file) => file === 'package.json' || wanted.some((pattern) => pattern.test(file)),
    );
    if (count < 2) throw new Error(`${name} is not complete: nothing of it besides its package.json matches what is shipped.`);
  }
  const { name, version, description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const about = { name, version, description, author: 'The Octopus authors', homepage: 'https://octopus.invalid/' };
  const start = { private: true, type: 'module', main: 'dist/main.mjs', desktopName: 'octopus-desktop.desktop' };
  await writeFile(join(app, 'package.json'), JSON.stringify({ ...about, ...start }));
  const inputs = [...builds, client]
    .flatMap(({ metafile }) => Object.entries(metafile.outputs))
    .flatMap(([, output]) => Object.keys(output.inputs));
  const { count, text } = await notices(
    inputs,
    Object.keys(whole).map((folder) => join('node_modules', folder)),
  );
  await writeFile(join(packageWork, 'THIRD-PARTY-NOTICES.txt'), text);
  return count;
}
