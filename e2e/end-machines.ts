import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Ends machines that were cut over to replicas somewhere in this folder: they run on when Octopus ends, as they should. */
export async function endMachines(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('qemu.pid'))) {
    const pid = Number(await readFile(join(folder, file), 'utf8').catch(() => ''));
    // Only if it is still that one.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (pid > 0 && command.includes(folder)) process.kill(pid, 'SIGKILL');
  }
}
