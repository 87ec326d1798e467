import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { SourceDescriptor } from '../../../workers/protocol.ts';
import { checkCancelled, sleep, unlessCancelled } from './wait.ts';

export interface VddkDisk {
  host: string;
  username: string;
  password: string;
  /** SHA-1 of the pinned certificate: what VDDK checks. */
  sha1Thumbprint: string;
  machine: string;
  snapshot: string;
  /** `[datastore] folder/disk.vmdk` */
  path: string;
}

export interface VddkPrograms {
  /** The program nbdkit; default `nbdkit` on the PATH. */
  nbdkit?: string;
  /** Folder of VMware's library (libdir); default: where nbdkit looks by itself. */
  libraryFolder?: string;
}

/** Milliseconds until nbdkit listens: VDDK loads, logs in and opens the disk at the first connection. */
const START = 30_000;
/** Milliseconds until nbdkit has told of its plugin, which loads VMware's library. */
const TELL = 15_000;

/** Starts `nbdkit vddk` for one disk on a unix socket of its own; close() ends it. */
export async function openVddk(
  disk: VddkDisk,
  programs: VddkPrograms,
  signal?: AbortSignal,
): Promise<{ source: SourceDescriptor; close(): Promise<void> }> {
  const program = programs.nbdkit ?? 'nbdkit';
  const library = libraryOf(programs);
  const missing = await vddkMissing(programs, signal);
  if (missing !== undefined) throw new OctopusError('source.unsupported', `This disk cannot be read with VDDK: ${missing}`);
  checkCancelled(signal);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-vddk-'));
  const socketPath = join(folder, 'nbd.sock');
  const argv = ['--foreground', '--exit-with-parent', '--readonly', '--unix', socketPath, 'vddk', ...library];
  argv.push(`server=${disk.host}`, `user=${disk.username}`, `thumbprint=${disk.sha1Thumbprint}`);
  // -3: the password is read from file descriptor 3; arguments can be seen by every user of this machine.
  argv.push('password=-3', `vm=moref=${disk.machine}`, `snapshot=${disk.snapshot}`, `file=${disk.path}`);
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const pipe = child.stdio[3] as Writable;
  pipe.on('error', () => {}); // nbdkit ended early: reported below
  pipe.end(`${disk.password}\n`);
  const close = async () => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(child, socketPath, () => said, signal);
  } catch (error) {
    await close();
    throw error;
  }
  // VDDK serialises requests of one connection; four keep a disk busy.
  return { source: { kind: 'nbd', endpoint: { socketPath }, exportName: '', connections: 4 }, close };
}

const libraryOf = ({ libraryFolder }: VddkPrograms): string[] => (libraryFolder === undefined ? [] : [`libdir=${libraryFolder}`]);

/** What disks cannot be read with VDDK here for, and what to do; undefined: they can. */
export async function vddkMissing(programs: VddkPrograms, signal?: AbortSignal, tell = TELL): Promise<string | undefined> {
  checkCancelled(signal);
  const child = spawn(programs.nbdkit ?? 'nbdkit', ['vddk', '--dump-plugin', ...libraryOf(programs)], { stdio: 'ignore' });
  const ended = new Promise<number | Error | null>((resolve) => child.on('error', resolve).on('exit', resolve));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, tell);
  const code = await unlessCancelled(ended, signal).finally(() => {
    clearTimeout(timer);
    child.kill('SIGKILL');
  });
  if (code === 0) return undefined;
  if (late) return `nbdkit did not tell of its vddk plugin within ${tell / 1000} s. Try: nbdkit vddk --dump-plugin`;
  const reason =
    code instanceof Error ? `nbdkit is not installed (Debian package 'nbdkit')` : `nbdkit has no vddk plugin or finds no VDDK library`;
  return `${reason}. VMware's VDDK may not be redistributed: install nbdkit with its vddk plugin and VDDK.`;
}

async function listening(child: ChildProcess, socketPath: string, said: () => string, signal?: AbortSignal): Promise<void> {
  let spawnError: Error | undefined;
  child.on('error', (error) => {
    spawnError = error;
  });
  const deadline = Date.now() + START;
  while (Date.now() < deadline) {
    if (spawnError !== undefined || child.exitCode !== null || child.signalCode !== null) {
      const reason = said().trim().split('\n').at(-1) ?? '';
      throw new OctopusError(
        'source.read',
        `nbdkit vddk ended at its start: ${reason || spawnError?.message || `exit status ${child.exitCode}`}`,
      );
    }
    if (await answers(socketPath)) return;
    await sleep(50, signal);
  }
  throw new OctopusError('source.unreachable', 'nbdkit vddk did not start in time.', { retryable: true });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
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
