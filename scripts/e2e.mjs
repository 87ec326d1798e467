// `npm run e2e`: the journeys of e2e/ in the real application and in a browser. What must be fetched is fetched before; they themselves run
// in a network of their own (Linux: a namespace), from which nothing but this machine can be reached.
//   npm run e2e -- --project=web first-start    as Playwright takes it
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareElectron } from './electron.mjs';
import { root, say } from './prepare.mjs';

const run = (program, args, env = process.env) => spawnSync(program, args, { cwd: root, stdio: 'inherit', env }).status;

/** What comes before a command for it to run alone; undefined where the system has no such thing or does not allow it. */
function aloneBy() {
  if (process.platform !== 'linux') return undefined;
  const names = join(root, '.cache', 'names-asked-of-this-machine');
  mkdirSync(dirname(names), { recursive: true });
  writeFileSync(names, 'nameserver 127.0.0.1\n');
  const up = `ip link set lo up && mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"`;
  // An ordinary user needs a user namespace around it.
  for (const flags of process.getuid?.() === 0 ? ['-nm', '-rnm'] : ['-rnm']) {
    const [program, ...args] = ['unshare', flags, 'sh', '-c', up, names];
    if (spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0) return [program, ...args];
  }
  return undefined;
}

const asked = process.argv.slice(2);
// The journeys need not look for it again: they could not.
const electron = dirname(await prepareElectron());
// The packed application, if it is asked for.
const projects = asked.filter((argument) => argument.startsWith('--project'));
if (projects.length === 0 || projects.some((argument) => argument.includes('packed'))) {
  const status = run(process.execPath, [join(root, 'scripts', 'package.mjs'), '--test', '--stale']);
  if (status !== 0) process.exit(status ?? 1);
}
const command = [process.execPath, join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test', ...asked];
const alone = aloneBy();
// A container may forbid it, whoever asks; nothing that could be installed would help.
if (!alone)
  say('NOT cut off from the network: this system forbids it (unshare -rn, ip). What reaches out is looked for in the pages only.');
const [program, ...args] = [...(alone ?? []), ...command];
process.exitCode =
  run(program, args, { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: electron, ...(alone ? { OCTOPUS_E2E_ALONE: 'yes' } : {}) }) ?? 1;
