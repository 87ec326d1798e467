import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';

/** The same process may hold it several times (two jobs of one application are kept apart by the store). */
const held = new Map<string, number>();

/**
 * Keeps two processes from writing the same replica. Answers the release. The lock of a process that is gone, or whose number was
 * given to another one since, does not count. It guards against mistakes on one computer, not against two that share a network folder.
 */
export async function lockMachine(path: string): Promise<() => Promise<void>> {
  const own = `${process.pid} ${startTime(process.pid)}`;
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, own, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (holder === own) break;
    const pid = Number(holder.split(' ')[0]);
    if ((pid > 0 && holder === `${pid} ${startTime(pid)}` && startTime(pid) !== '') || attempt > 20) {
      throw new OctopusError(
        'target.busy',
        `Process ${pid} is replicating to ${path.replace(/[^/\\]*$/, '')}; wait until it has ended, or end it.`,
        {
          retryable: true,
          details: { pid },
        },
      );
    }
    await rm(path, { force: true });
  }
  held.set(path, (held.get(path) ?? 0) + 1);
  let released = false;
  return async () => {
    if (released) return;
    released = true;
    const left = (held.get(path) ?? 1) - 1;
    if (left > 0) held.set(path, left);
    else {
      held.delete(path);
      await rm(path, { force: true });
    }
  };
}

/** In clock ticks since the computer started (field 22 of /proc/<pid>/stat); '' where there is no such process or no /proc. */
export function startTime(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
