import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { NbdAddress } from '../../workers/protocol.ts';
import { openSource } from '../../workers/sources/open-source.ts';

const run = promisify(execFile);
/** How long another process (one that was just killed) may keep its lock on the image. Milliseconds. */
const LOCK_PATIENCE = 5000;
/** How long qemu-nbd may take to end after its last client has left. Milliseconds. */
const END_PATIENCE = 30_000;

export interface ServedImage extends AsyncDisposable {
  address: NbdAddress;
  /** Bytes of the disk. */
  size: number;
}

/**
 * Serves an image on a unix socket of its own. qemu-nbd ends by itself with its last client, also when this process is killed;
 * disposing waits for that, so that the image is closed afterwards.
 */
export async function serveImage(
  path: string,
  format: 'qcow2',
  options: { readOnly: boolean; connections: number; signal: AbortSignal },
): Promise<ServedImage> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-nbd-'));
  const socketPath = join(folder, 'socket');
  const pidFile = join(folder, 'pid');
  const args = [
    '--fork',
    `--format=${format}`,
    `--socket=${socketPath}`,
    `--shared=${2 * options.connections + 1}`,
    `--pid-file=${pidFile}`,
  ];
  // Discards and zeroes become holes of the image.
  args.push(...(options.readOnly ? ['--read-only'] : ['--discard=unmap']), '--', path);
  const began = performance.now();
  for (;;) {
    options.signal.throwIfAborted();
    try {
      await qemu('qemu-nbd', args);
      break;
    } catch (error) {
      const locked = error instanceof OctopusError && /lock/i.test(error.message);
      if (!locked || performance.now() - began > LOCK_PATIENCE) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      await sleep(100);
    }
  }
  const pid = Number(await readFile(pidFile, 'utf8'));
  const address = { endpoint: { socketPath }, exportName: '', connections: options.connections };
  // Tasks come and go; as long as this one waits, qemu-nbd stays.
  const waiting = await openSource({ kind: 'nbd', ...address, connections: 1 }, options.signal).catch((error: unknown) => {
    process.kill(pid, 'SIGTERM');
    throw error;
  });
  return {
    address,
    size: waiting.size,
    async [Symbol.asyncDispose]() {
      await waiting.close();
      const gone = await ended(pid, 1000);
      // It has had no client, or has not noticed: asked politely it closes the image as well.
      if (!gone) {
        process.kill(pid, 'SIGTERM');
        await ended(pid, END_PATIENCE);
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a QEMU program; its absence and its own words become errors that say what to do. */
export async function qemu(program: 'qemu-img' | 'qemu-nbd', args: string[]): Promise<string> {
  try {
    return (await run(program, args)).stdout;
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException & { stderr?: string };
    if (error.code === 'ENOENT') {
      throw new OctopusError('tool.missing', `${program} is not installed and qcow2 needs it: apt-get install qemu-utils`, {
        cause: error,
      });
    }
    const said = error.stderr?.trim().split('\n').at(-1) ?? error.message;
    throw new OctopusError('target.write', said, { cause: error });
  }
}

async function ended(pid: number, patience: number): Promise<boolean> {
  for (const until = performance.now() + patience; ; ) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    if (performance.now() > until) return false;
    await sleep(5);
  }
}
