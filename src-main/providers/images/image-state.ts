import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImageFile } from './find-images.ts';
import { type ImagePrograms, runTool } from './image-programs.ts';

/**
 * Changes whenever one of the files was written, replaced, or resized. Without the device's number: Linux gives the same disk another one
 * after a restart, which a run must be able to live through.
 */
export async function fingerprintOf(files: readonly string[]): Promise<string> {
  const marks: string[] = [];
  for (const file of files) {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      marks.push([file, ino, size, mtimeNs, ctimeNs].join(':'));
    } catch (error) {
      throw new OctopusError('source.missing', `The disk image ${file} is not there any more.`, { cause: error });
    }
  }
  return marks.join('\n');
}

/** Which file of the disk another program has open for writing, as far as that can be known; undefined where none is. */
export async function fileInUse(
  image: ImageFile,
  files: readonly string[],
  programs: ImagePrograms,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (const file of files) {
    // VMware's products mark a disk in use by a folder beside it.
    if (existsSync(`${file}.lck`) || (await isLockedForWriting(file))) return basename(file);
  }
  if (programs.image === undefined) return undefined;
  try {
    // Without -U it asks for the locks that a reader takes.
    await runTool(programs.image, ['info', '-f', image.format, '--output=json', files[0] ?? image.path], signal);
    return undefined;
  } catch (error) {
    if (error instanceof OctopusError && /Failed to get .*lock|another process using/i.test(error.message)) return basename(image.path);
    throw error;
  }
}

/**
 * What Linux knows of locks (proc(5), /proc/locks). QEMU holds a read lock on byte 101 while it may write, and one on byte 201 while it
 * does not let others write (block/file-posix.c, RAW_LOCK_PERM_BASE); a write lock of any kind is a writer's.
 */
async function isLockedForWriting(file: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const text = await readFile('/proc/locks', 'utf8').catch(() => '');
  if (text === '') return false;
  const { dev, ino } = await stat(file);
  const place = `${hex(deviceMajor(dev))}:${hex(deviceMinor(dev))}:${ino}`;
  for (const line of text.split('\n')) {
    // 1: OFDLCK ADVISORY  READ  -1 fe:01:1183457 101 101
    const [, , , access, , at, from, to] = line.trim().split(/\s+/);
    if (at !== place) continue;
    if (access === 'WRITE') return true;
    if (line.includes('OFDLCK') && Number(from) <= 101 && (to === 'EOF' ? from === '101' : Number(to) >= 101)) return true;
  }
  return false;
}

const hex = (part: number) => part.toString(16).padStart(2, '0');
/** As glibc's gnu_dev_major and gnu_dev_minor do. */
const deviceMajor = (dev: number) => Math.floor(dev / 256) % 4096;
const deviceMinor = (dev: number) => (dev % 256) + Math.floor(dev / 2 ** 20) * 256;
