import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImageFormat } from './find-images.ts';
import { type ImagePrograms, toolsNeeded } from './image-programs.ts';

export interface ServedImage {
  socketPath: string;
  /** Ends it. */
  close(): Promise<void>;
}

/** Milliseconds until qemu-nbd listens. */
const START = 20_000;

/**
 * Starts qemu-nbd for one image, read-only, on a unix socket of its own. While it runs it holds QEMU's locks, so that no machine of QEMU
 * can begin to write to the image. It ends with its last client, and this process is one: it ends as well when this process is killed.
 */
export async function serveImage(
  image: { path: string; format: ImageFormat; capacity: number },
  programs: ImagePrograms,
  signal?: AbortSignal,
): Promise<ServedImage> {
  if (programs.nbd === undefined) throw new OctopusError('tool.missing', `To read ${image.path}, ${toolsNeeded}.`);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-nbd-'));
  const socketPath = join(folder, 'nbd.sock');
  // --shared=0: as many clients as come.
  const argv = ['--read-only', '--shared=0', `--format=${image.format}`, `--socket=${socketPath}`, image.path];
  const child = spawn(programs.nbd, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  let line: net.Socket | undefined;
  const close = async () => {
    line?.destroy();
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const deadline = performance.now() + START;
    while (line === undefined) {
      signal?.throwIfAborted();
      if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) throw startError(image.path, said, failure);
      if (performance.now() > deadline) throw new OctopusError('source.read', `qemu-nbd did not begin to serve ${image.path} in time.`);
      line = await openLifeline(socketPath, image.capacity);
      if (line === undefined) await sleep(15);
    }
    return { socketPath, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startError(path: string, said: string, failure: Error | undefined): OctopusError {
  const reason = said.trim().split('\n').join(' ').slice(0, 500) || failure?.message || 'it said nothing';
  if (/Failed to get .*lock|another process using/i.test(reason)) {
    return new OctopusError('source.busy', `${path} is in use: another program has it open for writing.`);
  }
  return new OctopusError('source.read', `qemu-nbd cannot read ${path}: ${reason}`);
}

/**
 * A client that negotiates and then asks for nothing (NBD protocol, NBD_OPT_EXPORT_NAME): qemu-nbd ends only after a client that did.
 * Undefined while nobody listens.
 */
function openLifeline(socketPath: string, capacity: number): Promise<net.Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let got = Buffer.alloc(0);
    let asked = false;
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
    socket.on('data', (bytes) => {
      got = Buffer.concat([got, bytes]);
      // NBDMAGIC, IHAVEOPT, 16 bits of flags.
      if (!asked && got.length >= 18) {
        asked = true;
        got = got.subarray(18);
        const option = Buffer.alloc(4 + 16);
        option.writeUInt32BE(3, 0); // fixed newstyle, no zeroes
        option.write('IHAVEOPT', 4, 'latin1');
        option.writeUInt32BE(1, 12); // NBD_OPT_EXPORT_NAME of the default export
        socket.write(option);
      } else if (asked && got.length >= 10) {
        socket.removeAllListeners('data');
        socket.resume();
        const size = Number(got.readBigUInt64BE(0));
        if (size === capacity) resolve(socket);
        else {
          socket.destroy();
          reject(new OctopusError('source.busy', `The disk image has ${size} bytes now and had ${capacity}: it was changed.`));
        }
      }
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(timer);
}
