#!/usr/bin/env node
// `npx octopus …` and `npm run demo`: prepares what is missing, then runs the command line on a Node that is new enough.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeFlags } from './node-flags.mjs';
import { findNode, nodeEnvironment, prepareBuild, prepareDependencies, prepareKeychain, root, say } from './prepare.mjs';

prepareDependencies();
const node = findNode();
prepareBuild(node);
// Not where the encrypted file was chosen: then nobody needs the keychain.
if (process.argv[2] === 'serve' && !/ --vault[= ]file\b/.test(process.argv.join(' '))) prepareKeychain(node);
const environment = nodeEnvironment(node);
if (process.argv[2] === 'demo') {
  const { bootPackages, prepareDebianPackages } = await import('./debian.mjs');
  const lacking = prepareDebianPackages(bootPackages, 'booting the replicas');
  if (lacking.length > 0) {
    if (process.env.CI === 'true') {
      say(`with CI=true nothing may be left out; missing: ${lacking.join(' ')}`);
      process.exit(1);
    }
    environment.OCTOPUS_DEMO_WITHOUT_BOOT = lacking.join(' ');
  }
}
const child = spawn(node, ['--enable-source-maps', ...nodeFlags, join(root, 'dist', 'cli.mjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: environment,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npx passes a signal to a shell that dies of it without passing it on: that the shell is gone is then all there is to see.
if (process.env.npm_command === 'exec' || process.env.npm_lifecycle_event === 'demo') {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 200);
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
