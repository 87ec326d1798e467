import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

/** npx runs a shell that runs the script. npm passes SIGTERM to the shell, which dies of it and tells no one. */
test('SIGTERM to npx ends what it started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-script-test-'));
  const info = join(folder, 'lab.json');
  await writeFile(join(folder, 'disk.raw'), Buffer.alloc(4096));
  const script = `node scripts/octopus.mjs lab --machine name=a,disk=${join(folder, 'disk.raw')} --info ${info}; true`;
  const shell = spawn('sh', ['-c', script], { env: { ...process.env, npm_command: 'exec' }, stdio: 'ignore', detached: true });
  try {
    while (!existsSync(info)) {
      expect(shell.exitCode).toBeNull();
      await sleep(50);
    }
    shell.kill('SIGTERM');
    // The lab removes it when it ends in order.
    for (let tries = 0; existsSync(info) && tries < 1200; tries++) await sleep(50);
    expect(existsSync(info)).toBe(false);
    let alive = true;
    for (let tries = 0; alive && tries < 1200; tries++) {
      await sleep(50);
      try {
        process.kill(-shell.pid!, 0);
      } catch {
        alive = false;
      }
    }
    expect(alive).toBe(false);
  } finally {
    try {
      process.kill(-shell.pid!, 'SIGKILL');
    } catch {
      // It ended, as it should.
    }
    await rm(folder, { recursive: true, force: true });
  }
});
