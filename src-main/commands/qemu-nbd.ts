import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { BlockSource } from '../../workers/blocks/block-source.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { NbdAddress } from '../../workers/protocol.ts';
import { openSource } from '../../workers/sources/open-source.ts';

const run = promisify(execFile);
const PREFIX = 'octopus-nbd-';
/** How long another process (one that was just killed) may keep its lock on the image. Milliseconds. */
const LOCK_PATIENCE = 5000;
/** How long qemu-nbd may take to listen. Milliseconds. */
const START_PATIENCE = 10_000;
/** How long qemu-nbd may take to end after its last client has left, before it is asked to. Milliseconds. */
const END_PATIENCE = 10_000;

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
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const socketPath = join(folder, 'socket');
  const address = { endpoint: { socketPath }, exportName: '', connections: options.connections };
  // Room for the copy, for reading back, and for the client that waits.
  const shared = 2 * options.connections + 1;
  const args = [`--format=${format}`, `--socket=${socketPath}`, `--shared=${shared}`, `--pid-file=${join(folder, 'pid')}`];
  // What is zeroed becomes holes of the image.
  args.push(options.readOnly ? '--read-only' : '--discard=unmap', '--', path);
  const began = performance.now();
  try {
    for (;;) {
      options.signal.throwIfAborted();
      // In a group of its own: Ctrl-C is for us to handle, in order.
      const child = spawn('qemu-nbd', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      try {
        // Tasks come and go; as long as this client waits, qemu-nbd stays.
        const waiting = await connect(child, address, options.signal);
        return {
          address,
          size: waiting.size,
          async [Symbol.asyncDispose]() {
            await waiting.close();
            await ended(child);
            await rm(folder, { recursive: true, force: true });
          },
        };
      } catch (error) {
        child.kill('SIGKILL');
        const locked = error instanceof OctopusError && /lock/i.test(error.message);
        if (!locked || performance.now() - began > LOCK_PATIENCE) throw error;
        await sleep(100);
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function connect(
  child: ChildProcess,
  address: NbdAddress & { endpoint: { socketPath: string } },
  signal: AbortSignal,
): Promise<BlockSource> {
  let said = '';
  let failure: NodeJS.ErrnoException | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('error', (error) => (failure = error));
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const began = performance.now();
  for (;;) {
    signal.throwIfAborted();
    if (failure !== undefined) throw toolError('qemu-nbd', failure, '');
    if (child.exitCode !== null || child.signalCode !== null) {
      await closed;
      throw toolError('qemu-nbd', undefined, said);
    }
    if (existsSync(address.endpoint.socketPath)) {
      try {
        return await openSource({ kind: 'nbd', ...address, connections: 1 }, signal);
      } catch (error) {
        // The socket has its name before anyone listens.
        if (performance.now() - began > START_PATIENCE) throw error;
      }
    } else if (performance.now() - began > START_PATIENCE) {
      throw new OctopusError('target.unreachable', `qemu-nbd did not start within ${START_PATIENCE / 1000} s.`);
    }
    await sleep(5);
  }
}

/** Runs qemu-img; its absence and its own words become errors that say what to do. */
export async function qemuImage(args: string[]): Promise<void> {
  try {
    await run('qemu-img', args);
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException & { stderr?: string };
    throw toolError('qemu-img', error, error.stderr ?? '');
  }
}

function toolError(program: string, cause: NodeJS.ErrnoException | undefined, said: string): OctopusError {
  if (cause?.code === 'ENOENT') {
    return new OctopusError('tool.missing', `${program} is not installed and qcow2 needs it: apt-get install qemu-utils`, { cause });
  }
  const line = said.trim().split('\n').at(-1) || cause?.message || `${program} ended at once.`;
  const code = /permission denied|read-only/i.test(line) ? 'target.denied' : /no space/i.test(line) ? 'target.full' : 'target.write';
  return new OctopusError(code, line, { cause });
}

/** Folders of processes that were killed before they could tidy up. */
async function sweep(): Promise<void> {
  for (const name of (await readdir(tmpdir()).catch(() => [])).filter((one) => one.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => 'none'));
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGTERM'), END_PATIENCE);
  await new Promise((resolve) => child.on('exit', resolve));
  clearTimeout(timer);
}
