// `npm run package`: the desktop application as a folder that runs anywhere (release/). Needs no network once Electron is prepared.
//   --all    this system's installers: AppImage and deb, nsis, or dmg; electron-builder fetches their helpers
//   --test   for the end-to-end tests: a debugger may enter, so it is put elsewhere (.cache/package/test) and never shipped
//   --stale  only where a source is newer than the package
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { build as pack } from 'electron-builder';
import { prepareElectron } from './electron.mjs';
import { layOut } from './lay-out.mjs';
import { packagedExecutable, packageFolder, packageIsFresh, packageStamp, packageWork } from './packaged.mjs';
import { root, say } from './prepare.mjs';

const require = createRequire(import.meta.url);
const MB = 1e6;

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
  // What changed meanwhile is not in it.
  await utimes(packageStamp(test), started / 1000, started / 1000);
}

/** One at a time: two test files may want the package at once. The lock of a process that is gone counts for nothing. */
async function alone(work) {
  const lock = join(packageWork, 'lock');
  await mkdir(packageWork, { recursive: true });
  const alive = (pid) => {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      return error.code === 'EPERM';
    }
  };
  while (true) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
      if (holder > 0 && !alive(holder)) await rm(lock, { force: true });
      else await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const asked = (name) => process.argv.includes(`--${name}`);
  const test = asked('test');
  try {
    await alone(async () => {
      if (!asked('stale') || !packageIsFresh(test)) await makePackage({ all: asked('all'), test });
    });
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
