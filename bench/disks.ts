import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const MiB = 1024 * 1024;
export const DISK_SIZE = 4096 * MiB;
/** Two disks of which half is data, and a little. */
const ROOM = 6 * 1024 * MiB;

export interface BenchFolder extends AsyncDisposable {
  path: string;
  /** For people. */
  where: string;
}

/** The folder on a disk is what people copy to; the one in memory, where there is room, compares the engines without the disk below them. */
export async function benchFolders(): Promise<{ disk: BenchFolder; memory: BenchFolder }> {
  const memory = await statfs('/dev/shm').catch(() => undefined);
  const inMemory = memory !== undefined && memory.bavail * memory.bsize > ROOM;
  const disk = await makeFolder(tmpdir(), `a disk (${tmpdir()})`);
  return { disk, memory: inMemory ? await makeFolder('/dev/shm', 'memory (/dev/shm)') : disk };
}

async function makeFolder(parent: string, where: string): Promise<BenchFolder> {
  const path = await mkdtemp(join(parent, 'octopus-bench-'));
  return { path, where, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Half data: 64 MiB of random bytes, 64 MiB of hole, and so on. */
export async function makeHalfFull(path: string): Promise<void> {
  const stretch = Buffer.allocUnsafe(64 * MiB);
  await makeDisk(path, async (handle) => {
    for (let offset = 0; offset < DISK_SIZE; offset += 2 * stretch.length) {
      await handle.write(randomFillSync(stretch), 0, stretch.length, offset);
    }
  });
}

/** Nearly empty: 160 pieces of 256 KiB, as a fresh file system leaves them. */
export async function makeNearlyEmpty(path: string): Promise<void> {
  const piece = Buffer.allocUnsafe(256 * 1024);
  await makeDisk(path, async (handle) => {
    for (let i = 0; i < 160; i++) await handle.write(randomFillSync(piece), 0, piece.length, (i * 25 * MiB + i * 4096) % (DISK_SIZE - MiB));
  });
}

async function makeDisk(path: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, 'w');
  await handle.truncate(DISK_SIZE);
  await fill(handle);
  await handle.close();
}

export interface Served extends AsyncDisposable {
  socket: string;
  uri: string;
}

/** nbdkit's file plugin over a unix socket, as all peers read it. */
export async function serve(disk: string): Promise<Served> {
  const socket = `${disk}.sock`;
  const child: ChildProcess = spawn('nbdkit', ['-f', '-U', socket, 'file', disk], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.on('error', (error) => {
    throw error;
  });
  while (!existsSync(socket)) {
    if (child.exitCode !== null) throw new Error('nbdkit did not start');
    await sleep(10);
  }
  return {
    socket,
    uri: `nbd+unix:///?socket=${socket}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      // nbdkit leaves it behind.
      await rm(socket, { force: true });
    },
  };
}
