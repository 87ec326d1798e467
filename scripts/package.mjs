// `npm run package`: the desktop application as a folder that runs anywhere (release/). Needs no network once Electron is prepared.
//   --all    this system's installers: AppImage and deb, nsis, or dmg; electron-builder fetches their helpers
//   --test   for the end-to-end tests: a debugger may enter, so it is put elsewhere (.cache/package/test) and never shipped
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { build as pack } from 'electron-builder';
import { build } from 'esbuild';
import { entries } from './bundle.mjs';
import { bundleRenderer } from './bundle-renderer.mjs';
import { prepareElectron } from './electron.mjs';
import { notices } from './notices.mjs';
import { packagedExecutable, packageFolder, packageStamp, packageWork } from './packaged.mjs';
import { root, say } from './prepare.mjs';

const require = createRequire(import.meta.url);
const app = join(packageWork, 'app');
const packages = join(packageWork, 'packages');
const MB = 1e6;
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

/** That the program's fuses are what was asked for: a name that electron-builder did not know would pass unseen. */
async function checkFuses(program, test) {
  const wire = await getCurrentFuseWire(program);
  const off = [
    'RunAsNode',
    'EnableNodeOptionsEnvironmentVariable',
    'GrantFileProtocolExtraPrivileges',
    'LoadBrowserProcessSpecificV8Snapshot',
  ];
  const on = ['OnlyLoadAppFromAsar', 'EnableEmbeddedAsarIntegrityValidation', 'EnableCookieEncryption'];
  (test ? on : off).push('EnableNodeCliInspectArguments');
  const is = (state) => (name) => wire[FuseV1Options[name]] === state;
  const wrong = [...off.filter((name) => !is(FuseState.DISABLE)(name)), ...on.filter((name) => !is(FuseState.ENABLE)(name))];
  if (wrong.length > 0) throw new Error(`These fuses are not as electron-builder.yml says: ${wrong.join(', ')}`);
}

/** Lays the application out as it will lie in its archive. Answers the packages in it. */
async function layOut(target) {
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

async function size(path) {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => size(join(path, name))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function makePackage({ all = false, test = false } = {}) {
  const started = Date.now();
  const electron = await prepareElectron();
  // On macOS the program lies inside Electron.app, three folders down.
  const electronDist = process.platform === 'darwin' ? join(dirname(electron), '..', '..', '..') : dirname(electron);
  const electronVersion = (await readFile(join(electronDist, 'version'), 'utf8')).trim().replace(/^v/, '');
  const official = electronVersion === require('electron/package.json').version;
  if (!official) say(`packing the stand-in, Electron ${electronVersion}: good for tests, not for shipping.`);
  if (!official && all) throw new Error('Installers are made from the official Electron only, and it could not be fetched.');
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const nodeApi = Number.parseInt(spawnSync(electron, ['-e', 'console.log(process.versions.napi)'], { encoding: 'utf8', env }).stdout, 10);
  if (Number.isNaN(nodeApi)) throw new Error(`${electron} does not run.`);
  const count = await layOut({ platform: process.platform, arch: process.arch, nodeApi });
  const output = packageFolder(test);
  await rm(output, { recursive: true, force: true });
  await pack({
    projectDir: root,
    ...(all ? {} : { dir: true }),
    publish: 'never',
    config: {
      extends: join(root, 'electron-builder.yml'),
      electronVersion,
      electronDist,
      directories: { output },
      // The packages are laid out already, and their native parts speak Node-API: made once, they load in every Electron.
      beforeBuild: async () => false,
      // What belongs to Electron's own preparation.
      afterPack: async ({ appOutDir }) => {
        for (const name of ['resources/default_app.asar', '.whole', 'version']) await rm(join(appOutDir, name), { force: true });
      },
      ...(test ? { electronFuses: { enableNodeCliInspectArguments: true } } : {}),
    },
  });
  const program = packagedExecutable(test);
  // On macOS the program lies in Octopus.app/Contents/MacOS, its resources beside that folder.
  const resources = process.platform === 'darwin' ? join(dirname(program), '..', 'Resources') : join(dirname(program), 'resources');
  const folder = process.platform === 'darwin' ? join(dirname(program), '..', '..') : dirname(program);
  await checkFuses(program, test);
  await rm(join(output, 'builder-debug.yml'), { force: true });
  const own = (await size(join(resources, 'app.asar'))) + (await size(join(resources, 'app.asar.unpacked')));
  const megabytes = (bytes) => `${(bytes / MB).toFixed(1)} MB`;
  say(
    `${relative(root, folder)}: ${megabytes(await size(folder))}, of which Octopus ${megabytes(own)}; notices of ${count} packages; ${Math.round((Date.now() - started) / 1000)} s.`,
  );
  await writeFile(packageStamp(test), '');
}

if (process.argv[1] === import.meta.filename) {
  try {
    await makePackage({ all: process.argv.includes('--all'), test: process.argv.includes('--test') });
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
