import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = dirname(import.meta.dirname);

export interface LabProcess extends AsyncDisposable {
  /** As sources.create takes it. */
  login: { url: string; username: string; password: string; thumbprint: string };
}

/** The simulated vCenter in a process of its own: it outlives Octopus, as a real one does. One machine, `web`, of that many bytes. */
export async function startLabProcess(folder: string, bytes: number): Promise<LabProcess> {
  const [disk, info] = [join(folder, 'web.raw'), join(folder, 'lab.json')];
  await writeFile(disk, randomBytes(bytes));
  await rm(info, { force: true });
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.mjs'), 'lab', '--machine', `name=web,disk=${disk}`, '--info', info], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += String(data);
  });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };
  for (;;) {
    const text = await readFile(info, 'utf8').catch(() => undefined);
    if (text !== undefined) return { login: JSON.parse(text), [Symbol.asyncDispose]: end };
    if (child.exitCode !== null) throw new Error(`octopus lab ended with ${child.exitCode}: ${said}`);
    await sleep(50);
  }
}
