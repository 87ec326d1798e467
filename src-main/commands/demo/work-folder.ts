import { existsSync, rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalTarget } from '../../providers/local/local-target.ts';
import { type FolderLock, lockFolder } from '../../store/lock.ts';

const PREFIX = 'octopus-demo-';
/** Names of the folders within a demo's folder. */
const REPLICAS = 'replicas';

export interface WorkFolder extends AsyncDisposable {
  path: string;
  replicas: string;
}

/** A temporary folder for this demo, which goes with it. Only a SIGKILL can leave it; removeLeftovers() finds it then. */
export async function makeWorkFolder(): Promise<WorkFolder> {
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  let lock: FolderLock;
  try {
    lock = await lockFolder(path);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
  // A second Ctrl+C ends the process at once.
  const atExit = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  return {
    path,
    replicas: join(path, REPLICAS),
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
      lock.release();
      process.off('exit', atExit);
    },
  };
}

/**
 * Removes the folders of demos that were killed, and ends the machines that they left running. Answers how many there were. The lock
 * in each tells whether its demo still runs: the system gives it back however a process ends.
 */
export async function removeLeftovers(): Promise<number> {
  let removed = 0;
  for (const name of await readdir(tmpdir())) {
    const path = join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || !existsSync(join(path, 'octopus.lock'))) continue;
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    const lock = await lockFolder(path).catch(() => undefined);
    if (lock === undefined) continue;
    try {
      await stopStarted(join(path, REPLICAS), await namesIn(join(path, REPLICAS)));
      await rm(path, { recursive: true, force: true });
      removed++;
    } catch {
      // The next demo tries again.
    } finally {
      lock.release();
    }
  }
  return removed;
}

/** Ends machines that were started there: they outlive the process that started them. */
export async function stopStarted(replicas: string, machines: string[]): Promise<void> {
  await using target = createLocalTarget({ folder: replicas });
  for (const machine of machines) {
    for (const handle of await namesIn(join(replicas, machine, 'running'))) {
      if (!handle.startsWith('.')) await target.stop(machine, handle);
    }
  }
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
