import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { type ImageFile, type ImageFormat, stemOf } from './find-images.ts';
import { type ImagePrograms, runTool, toolsNeeded } from './image-programs.ts';

export interface ImageDescription {
  /** Bytes that the machine sees. */
  capacity: number;
  /** Everything that makes up the disk: the image, what it stands on, its parts. Real paths. */
  files: string[];
  /** Why it cannot be read, in a sentence. */
  excluded: string | undefined;
}

interface Info {
  'virtual-size': number;
  encrypted?: boolean;
  'backing-filename'?: string;
  'full-backing-filename'?: string;
  'backing-filename-format'?: string;
  'format-specific'?: { data?: { extents?: { filename?: string }[]; 'data-file'?: string } };
}

/** Most images that stand on each other. */
const LONGEST_CHAIN = 32;
const formats: readonly string[] = ['raw', 'qcow2', 'vmdk', 'vpc', 'vhdx'];

/** Never throws for an image that is wrong: the machine is shown, and says what is the matter with its disk. */
export async function describeImage(image: ImageFile, programs: ImagePrograms, signal?: AbortSignal): Promise<ImageDescription> {
  try {
    const path = await realpath(image.path);
    const found = await stat(path);
    if (!found.isFile()) return excluded('It is not a regular file.');
    if (image.format === 'raw') return await describeRaw(path, found.size);
    if (programs.image === undefined || programs.nbd === undefined)
      return excluded(`To read ${nameOf(image.format)} images, ${toolsNeeded}.`);
    return await describeChain(path, image.format, programs.image, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OctopusError) return excluded(error.message.endsWith('.') ? error.message : `${error.message}.`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return excluded('The file is not there (any more).');
    if (code === 'EACCES' || code === 'EPERM') return excluded('The file may not be read.');
    return excluded(`The file cannot be read (${code ?? 'unknown'}).`);
  }
}

const excluded = (why: string): ImageDescription => ({ capacity: 0, files: [], excluded: why });
export const nameOf = (format: ImageFormat) =>
  format === 'vpc' ? 'VHD' : format === 'vhdx' || format === 'vmdk' ? format.toUpperCase() : format;

async function describeRaw(path: string, size: number): Promise<ImageDescription> {
  if (size === 0) return excluded('The file is empty.');
  const handle = await open(path, 'r');
  try {
    const head = Buffer.alloc(68);
    await handle.read(head, 0, head.length, 0);
    const other = contentOf(head);
    // Taken as raw it would be copied with its format around it, and no machine would start from that.
    if (other !== undefined) return excluded(`It is named like a raw image but begins like a ${other} image: give it its right ending.`);
    return { capacity: size, files: [path], excluded: undefined };
  } finally {
    await handle.close();
  }
}

function contentOf(head: Buffer): string | undefined {
  const text = head.toString('latin1');
  if (text.startsWith('QFI\xfb')) return 'qcow2';
  if (text.startsWith('KDMV') || text.startsWith('COWD') || text.startsWith('# Disk Desc')) return 'VMDK';
  if (text.startsWith('vhdxfile')) return 'VHDX';
  if (text.startsWith('conectix')) return 'VHD';
  return head.readUInt32LE(64) === 0xbeda107f ? 'VDI' : undefined;
}

/** The image and what it stands on. Everything must lie in its own folder: an image from elsewhere must not name files of this computer. */
async function describeChain(path: string, format: ImageFormat, program: string, signal?: AbortSignal): Promise<ImageDescription> {
  const home = dirname(path);
  const files: string[] = [];
  let capacity: number | undefined;
  let next: { path: string; format: string } | undefined = { path, format };
  while (next) {
    const at: { path: string; format: string } = next;
    if (files.length > LONGEST_CHAIN * 4 || files.includes(at.path)) return excluded('Too many images stand on each other.');
    files.push(at.path);
    if (at.format === 'vmdk') {
      const snapshot = await snapshotOf(at.path);
      if (snapshot)
        return excluded(`Its machine has a snapshot (${snapshot}), without which it is not whole: consolidate the machine's disks.`);
    }
    // -U: only what its header says, also while it is in use.
    const info = JSON.parse(await runTool(program, ['info', '-U', '-f', at.format, '--output=json', at.path], signal)) as Info;
    capacity ??= info['virtual-size'];
    if (info.encrypted) return excluded('It is encrypted.');
    const data = info['format-specific']?.data;
    const parts = [...(data?.extents ?? []).map(({ filename }) => filename), data?.['data-file']];
    for (const part of parts) {
      if (part === undefined) continue;
      const real = await within(home, part);
      if (real === undefined) return excluded(`It takes data from ${part}, which is not in its folder.`);
      if (!files.includes(real)) files.push(real);
    }
    next = undefined;
    const below = info['full-backing-filename'] ?? info['backing-filename'];
    if (below === undefined) continue;
    const belowFormat = info['backing-filename-format'] ?? (at.format === 'vmdk' ? 'vmdk' : undefined);
    if (belowFormat === undefined || !formats.includes(belowFormat)) {
      return excluded(`It stands on ${below} without saying what format that has: set it with qemu-img rebase -u -F.`);
    }
    const real = await within(home, below);
    if (real === undefined) return excluded(`It stands on ${below}, which is not in its folder.`);
    next = { path: real, format: belowFormat };
  }
  if (!capacity) return excluded('It holds no disk.');
  return { capacity, files, excluded: undefined };
}

/** Undefined where it is a URL, a description for QEMU, or in another folder. */
async function within(home: string, name: string): Promise<string | undefined> {
  if (/^[a-z][a-z0-9+.-]+:/i.test(name)) return undefined;
  const path = isAbsolute(name) ? name : join(home, name);
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw new OctopusError('source.missing', `A part of it, ${basename(path)}, is missing.`);
  return dirname(real) === home && (await stat(real)).isFile() ? real : undefined;
}

/** `web-000001.vmdk` beside `web.vmdk`: what the machine wrote last is there. */
async function snapshotOf(path: string): Promise<string | undefined> {
  const stem = stemOf(path).toLowerCase();
  const names = await readdir(dirname(path));
  return names.find((name) => new RegExp(/-\d{6}\.vmdk$/i).test(name) && name.toLowerCase().slice(0, -12) === stem);
}
