// `npm start`: prepares what is missing, then opens the desktop application.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { holdBackBusErrors } from './bus-errors.mjs';
import { findNode, nodeEnvironment, prepareBuild, prepareDependencies, prepareKeychain, root, say } from './prepare.mjs';

function fail(line) {
  say(line);
  process.exit(1);
}

prepareDependencies();
const node = findNode();
const { forgetElectron, knownElectron, rememberElectron } = await import('./electron.mjs');
let electron = knownElectron();
if (!electron) {
  electron = prepareAnew(await lackingPackages());
  rememberElectron(electron);
}
prepareBuild(node);
if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
  fail(
    'there is no display to open a window on. Everything is prepared; try `xvfb-run -a npm start`, or `npx octopus serve` without a window.',
  );

const flags = [];
if (process.getuid?.() === 0) {
  say("running as root: Chromium's sandbox cannot be used. Run it as an ordinary user for daily work.");
  flags.push('--no-sandbox');
}
const child = spawn(electron, [...flags, root, ...process.argv.slice(2)], {
  // Where something else than a person reads it, nothing is held back.
  stdio: ['inherit', 'inherit', process.platform === 'linux' && process.stderr.isTTY ? 'pipe' : 'inherit'],
  env: nodeEnvironment(node),
});
if (child.stderr) holdBackBusErrors(child.stderr, process.stderr, join(root, '.cache', 'bus-errors.log'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  forgetElectron();
  fail(`Electron could not be started: ${error.message}`);
});
child.on('exit', (code, signal) => {
  // The status of a program whose libraries are not there.
  if (code === 127) forgetElectron();
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
});

async function lackingPackages() {
  if (process.platform !== 'linux') return [];
  const { electronPackages, prepareDebianPackages } = await import('./debian.mjs');
  return prepareDebianPackages(electronPackages, 'the desktop application');
}

function prepareAnew(lacking) {
  // Other systems than Debian have these libraries under other names: it may still run.
  if (lacking.length > 0 && process.env.CI === 'true') fail(`with CI=true nothing may be left out; missing: ${lacking.join(' ')}`);
  prepareKeychain(node);
  const prepared = spawnSync(node, [join(root, 'scripts', 'electron.mjs')], {
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
    env: nodeEnvironment(node),
  });
  if (prepared.status !== 0)
    fail('the desktop application cannot be opened without Electron; see the message above. The command line works without it.');
  return prepared.stdout.trim();
}
