import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Firmware } from '../../domain/machine.ts';
import type { ImageFormat } from './find-images.ts';
import { type ImagePrograms, runTool } from './image-programs.ts';

const SECTOR = 512;
/** Protective MBR, GPT header and its 128 entries (UEFI specification, 5.3). */
const HEAD = 34 * SECTOR;
/** As they stand on the disk: the first three fields are little-endian. */
const systemPartition = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');
const biosBoot = Buffer.from('4861682149646f6e744e656564454649', 'hex');

/**
 * How a machine starts from this disk: an EFI system partition without one for the BIOS means UEFI. What has both starts either way, and
 * the BIOS needs no firmware of its own. Undefined where the disk does not say.
 */
export function firmwareOf(head: Buffer): Firmware | undefined {
  if (head.length < 2 * SECTOR || head.readUInt16LE(510) !== 0xaa55) return undefined;
  if (head.toString('latin1', SECTOR, SECTOR + 8) !== 'EFI PART') {
    const types = [0, 1, 2, 3].map((entry) => head[446 + entry * 16 + 4]);
    return types.includes(0xef) ? 'efi' : types.some((type) => type !== 0) ? 'bios' : undefined;
  }
  const size = Math.max(128, head.readUInt32LE(SECTOR + 84));
  let found: Firmware | undefined;
  for (let at = 2 * SECTOR; at + 16 <= head.length; at += size) {
    const type = head.subarray(at, at + 16);
    if (type.equals(biosBoot)) return 'bios';
    if (type.equals(systemPartition)) found = 'efi';
  }
  return found;
}

/** The disk's first bytes, whatever the image's format; fewer where it holds fewer. */
export async function readHead(
  image: { path: string; format: ImageFormat; capacity: number },
  programs: ImagePrograms,
  signal?: AbortSignal,
): Promise<Buffer> {
  const length = Math.min(HEAD, image.capacity);
  if (image.format === 'raw') return firstBytes(image.path, length);
  if (programs.image === undefined) return Buffer.alloc(0);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-head-'));
  try {
    const to = join(folder, 'head');
    const argv = ['dd', '-U', '-f', image.format, '-O', 'raw', `bs=${SECTOR}`, `count=${length / SECTOR}`, `if=${image.path}`, `of=${to}`];
    await runTool(programs.image, argv, signal);
    return await firstBytes(to, length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstBytes(path: string, length: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
