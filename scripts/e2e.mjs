// `npm run e2e`: the journeys of e2e/ in the real application and in a browser. What must be fetched is fetched before; they themselves run
// in a network of their own (Linux: a namespace), from which nothing but this machine can be reached.
//   npm run e2e -- --project=web first-start    as Playwright takes it
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepareElectron } from './electron.mjs';
import { root, say } from './prepare.mjs';

const run = (program, args, env = process.env) => spawnSync(program, args, { cwd: root, stdio: 'inherit', env }).status;

/** What comes before a command for it to run alone; undefined where the system has no such thing or does not allow it. */
function aloneBy() {
  if (process.platform !== 'linux') return undefined;
  const up = 'ip link set lo up && exec "$@"';
  // An ordinary user needs a user namespace around it.
  const ways = [process.getuid?.() === 0 ? ['unshare', '-n'] : ['unshare', '-rn'], ['unshare', '-rn']];
  for (const way of ways) {
    const [program, ...args] = [...way, 'sh', '-c', up, 'sh'];
    if (spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0) return [program, ...args];
  }
  return undefined;
}

const asked = process.argv.slice(2);
await prepareElectron();
// The packed application, if it is asked for.
const projects = asked.filter((argument) => argument.startsWith('--project'));
if (projects.length === 0 || projects.some((argument) => argument.includes('packed'))) {
  const status = run(process.execPath, [join(root, 'scripts', 'package.mjs'), '--test', '--stale']);
  if (status !== 0) process.exit(status ?? 1);
}
const command = [process.execPath, join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test', ...asked];
const alone = aloneBy();
if (!alone) {
  say('the journeys cannot be cut off from the network here (unshare -rn, ip): what reaches out is seen in the pages only.');
  if (process.env.CI === 'true') process.exit(1);
}
const [program, ...args] = [...(alone ?? []), ...command];
process.exitCode = run(program, args, { ...process.env, ...(alone ? { OCTOPUS_E2E_ALONE: 'yes' } : {}) }) ?? 1;
