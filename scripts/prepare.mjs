// Prepares what a command needs on a fresh machine and says so as it goes. Runs on Node 20 with nothing installed: imports no package.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = 24;

export function say(line) {
  process.stderr.write(`octopus: ${line}\n`);
}

function fail(line) {
  say(line);
  process.exit(1);
}

/** Dependencies exactly as the lockfile names them; nothing to do when they are there already. */
export function prepareDependencies() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
  const stamp = join(root, 'node_modules', '.octopus-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing the dependencies from the lockfile (first time only) …');
  const started = Date.now();
  // Not `npm ci`: it refuses a lockfile that lacks another platform's optional parts, which a registry mirror may not hold.
  // `install --no-save` takes the lockfile's versions and leaves it untouched. Install scripts stay off: every native part in use
  // ships prebuilt inside its npm package.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (npm.status !== 0) fail('npm install failed; see its message above.');
  writeFileSync(stamp, wanted);
  say(`dependencies are there (${Math.round((Date.now() - started) / 1000)} s).`);
}

/** The Node that runs Octopus: this one when it is new enough, else the one that came with the dependencies. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const bundled = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(bundled))
    fail(
      `Node ${oldestNode} or newer is needed; this is ${process.version} and npm has no Node for ${process.platform}-${process.arch} in the lockfile. Install Node ${oldestNode}.`,
    );
  return bundled;
}

/**
 * keytar, the way to the system's keychain, is the one native part without a prebuilt inside its package: it is compiled here, against the
 * headers that came with the dependencies, because node-gyp would fetch others from the network. Where that cannot be, Octopus goes on
 * without it: the keychain then answers with an error that says what to do.
 */
export function prepareKeychain(node, anew = false) {
  const built = join(root, 'node_modules', 'keytar', 'build', 'Release', 'keytar.node');
  if (existsSync(built) && !anew) return;
  const without = (why) => say(`the system's keychain cannot be used: ${why}. Everything else works, also secrets in an encrypted file.`);
  const environment = nodeEnvironment(node);
  const runs = (program, ...args) => spawnSync(program, args, { stdio: 'ignore', env: environment }).status === 0;
  if (process.platform === 'linux') {
    const needed = [
      ['c++', '--version'],
      ['make', '--version'],
      ['python3', '--version'],
      ['pkg-config', 'libsecret-1'],
    ];
    if (!needed.every(([program, ...args]) => runs(program, ...args)))
      return without(
        'keytar is compiled with the Debian packages build-essential, pkg-config, python3 and libsecret-1-dev, and not all are installed',
      );
    environment.npm_config_build_from_source = 'true';
    // It asks for the newest Node-API that the headers know, and uses nothing of it: an older Electron would crash.
    environment.CXXFLAGS = `${process.env.CXXFLAGS ?? ''} -UNAPI_VERSION -DNAPI_VERSION=8`;
  }
  say("compiling keytar for the system's keychain (first time only) …");
  const started = Date.now();
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const headers = [dirname(dirname(node)), join(root, 'node_modules', `node-${platform}-${process.arch}`)];
  const found = headers.find((folder) => existsSync(join(folder, 'include', 'node', 'node_api.h')));
  if (found) environment.npm_config_nodedir = found;
  const npm = spawnSync('npm', ['rebuild', 'keytar', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    env: environment,
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0 || !existsSync(built)) {
    const reason = /\berror:? .*/i.exec(npm.stderr ?? '')?.[0] ?? String(npm.error ?? 'npm rebuild keytar failed');
    return without(`keytar could not be compiled (${reason.slice(0, 200)})`);
  }
  say(`keytar is there (${Math.round((Date.now() - started) / 1000)} s).`);
}

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

/** Bundles into dist/ when a source is newer than what is there. */
export function prepareBuild(node) {
  const built = ['cli.mjs', 'transfer.cjs', 'main.mjs', 'preload.cjs', 'renderer/index.html'].map((file) => join(root, 'dist', file));
  const sources = [
    'src-main',
    'src-preload',
    'src-renderer',
    'workers',
    'lab',
    'resources/icon.svg',
    'scripts/bundle.mjs',
    'scripts/bundle-renderer.mjs',
    'package-lock.json',
  ].map((path) => newest(join(root, path)));
  if (built.every(existsSync) && Math.min(...built.map((path) => statSync(path).mtimeMs)) > Math.max(...sources)) return;
  say('building …');
  if (spawnSync(node, [join(root, 'scripts', 'bundle.mjs')], { cwd: root, stdio: ['ignore', 2, 2] }).status !== 0)
    fail('the build failed; see its message above.');
}

/** An environment in which `node` and npx find the right Node. */
export function nodeEnvironment(node) {
  return { ...process.env, PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` };
}
