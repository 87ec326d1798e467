// The npm scripts: prepares what is missing, then runs the task's program on a Node that is new enough.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findNode, nodeEnvironment, prepareBuild, prepareDependencies, prepareKeychain, root, say } from './prepare.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const tasks = {
  build: () => [],
  test: () => [[bin('vitest'), 'run']],
  soak: () => [[bin('vitest'), 'run', '--config', 'vitest.soak.config.ts']],
  lint: () => [[bin('biome'), 'check', '--error-on-warnings', '.']],
  format: () => [[bin('biome'), 'check', '--write', '.']],
  types: () => [
    [bin('tsc'), '-p', '.'],
    [bin('tsc'), '-p', 'src-renderer'],
  ],
  rules: () => [
    [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src-main', 'src-preload', 'src-renderer', 'workers', 'lab', 'bench'],
  ],
  bench: () => [['node', join(root, 'bench', 'run.ts')]],
  e2e: () => [['node', join(root, 'scripts', 'e2e.mjs')]],
  screenshots: () => [['node', join(root, 'scripts', 'screenshots.mjs')]],
  package: () => [['node', join(root, 'scripts', 'package.mjs')]],
};

const [name, ...rest] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  say(`no such task: ${name}. There are: ${Object.keys(tasks).join(', ')}`);
  process.exit(2);
}
prepareDependencies();
const node = findNode();
const env = nodeEnvironment(node);
if (['test', 'soak', 'bench'].includes(name)) {
  const { prepareDebianPackages, testPackages } = await import('./debian.mjs');
  const lacking = prepareDebianPackages(testPackages, name === 'bench' ? 'the bench' : 'the test suite');
  if (lacking.length > 0) process.exit(1);
}
if (['e2e', 'screenshots'].includes(name)) {
  const { e2ePackages, prepareDebianPackages } = await import('./debian.mjs');
  if (prepareDebianPackages(e2ePackages, 'the end-to-end suite').length > 0) process.exit(1);
}
if (['test', 'package', 'e2e', 'screenshots'].includes(name)) prepareKeychain(node);
if (['build', 'bench', 'e2e', 'screenshots'].includes(name)) prepareBuild(node);
for (const [program, ...args] of task()) {
  const { status } = spawnSync(program, [...args, ...rest], { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
