import { readSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { OctopusError } from '../octopus-error.ts';
import { DIGEST_SIZE, type DigestAlgorithm, digestOfParts } from './digest.ts';
import { writeDurably, writeFully } from './durable-file.ts';

/** Bytes a block. */
export const BLOCK_SIZE = 1024 * 1024;
/** Bytes of a manifest's file read back at once. */
const READ_BACK_BYTES = 256 * 1024;

/**
 * The digests of a whole disk. The file is one line of JSON {"octopus-manifest":1,algorithm,blockSize,size,blocks,root} and '\n',
 * then the digests, 32 raw bytes a block in order. The last block may be short: its digest is over its real bytes.
 * root = H("octopus-manifest-v1\n<algorithm>\n<blockSize>\n<size>\n" ‖ digests), in hex. This format does not change; another
 * one gets another number.
 */
export interface Manifest {
  algorithm: DigestAlgorithm;
  blockSize: number;
  /** Bytes of the disk. */
  size: number;
  /** Hex. */
  root: string;
  /** 32 bytes a block. */
  digests: Buffer;
}

export function blockCount(size: number, blockSize: number = BLOCK_SIZE): number {
  return Math.ceil(size / blockSize);
}

/** Bytes of block `index`; the last one may be short. */
export function blockLength(index: number, size: number, blockSize: number = BLOCK_SIZE): number {
  return Math.min(blockSize, size - index * blockSize);
}

export function computeRoot(manifest: Omit<Manifest, 'root'>): string {
  return rootOf(manifest, [manifest.digests]);
}

function rootOf({ algorithm, blockSize, size }: Omit<Manifest, 'root' | 'digests'>, digests: Iterable<Buffer>): string {
  const title = Buffer.from(`octopus-manifest-v1\n${algorithm}\n${blockSize}\n${size}\n`);
  const parts = function* (): Generator<Buffer> {
    yield title;
    yield* digests;
  };
  return digestOfParts(parts(), algorithm).toString('hex');
}

/** Reads back what it wrote before the file has its name; fails with `manifest.invalid`, and leaves nothing, where that could not be read. */
export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  const { algorithm, blockSize, size, root, digests } = manifest;
  const header = { 'octopus-manifest': 1, algorithm, blockSize, size, blocks: digests.length / DIGEST_SIZE, root };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  if (header.blocks !== blockCount(size, blockSize)) {
    throw invalid(path, `it should hold ${blockCount(size, blockSize)} digests and was given ${header.blocks}`);
  }
  await writeDurably(path, async (handle) => {
    await writeFully(handle, line, 0);
    await writeFully(handle, digests, line.length);
    const title = Buffer.alloc(line.length);
    await handle.read(title, 0, title.length, 0);
    if (!title.equals(line)) throw invalid(path, 'what was read back of its first line after it was written differs; write it again');
    if (rootOf(manifest, readBack(handle, line.length)) !== root) {
      throw invalid(path, 'what was read back of it after it was written has another root digest; write it again');
    }
  });
}

/** What the file holds from `position` on. Each part is the caller's until it asks for the next one. */
function* readBack(handle: FileHandle, position: number): Generator<Buffer> {
  const part = Buffer.allocUnsafeSlow(READ_BACK_BYTES);
  for (let at = position; ; ) {
    const count = readSync(handle.fd, part, 0, part.length, at);
    if (count === 0) return;
    yield part.subarray(0, count);
    at += count;
  }
}

/** Fails with `manifest.invalid` unless the file is whole and its root digest is right. */
export async function readManifest(path: string): Promise<Manifest> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(path, cause.code === 'ENOENT' ? 'it does not exist' : cause.message, cause);
  });
  const end = bytes.subarray(0, 4096).indexOf(10);
  const header = parseHeader(end < 0 ? '' : bytes.toString('utf8', 0, end));
  if (header === undefined) throw invalid(path, 'it is not an Octopus manifest');
  const { algorithm, blockSize, size, blocks, root } = header;
  const digests = bytes.subarray(end + 1);
  if (blocks !== blockCount(size, blockSize) || digests.length !== blocks * DIGEST_SIZE) {
    throw invalid(path, `it should hold ${blockCount(size, blockSize)} digests and holds ${digests.length / DIGEST_SIZE}`);
  }
  if (computeRoot({ algorithm, blockSize, size, digests }) !== root) throw invalid(path, 'its root digest does not match its content');
  return { algorithm, blockSize, size, root, digests };
}

/** Whether the file begins like a manifest (and is not, for example, a journal). */
export async function isManifestFile(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch((cause: Error) => {
    throw invalid(path, cause.message, cause);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    return buffer.toString('latin1', 0, bytesRead).startsWith('{"octopus-manifest":');
  } finally {
    await handle.close();
  }
}

interface Header extends Omit<Manifest, 'digests'> {
  blocks: number;
}

function parseHeader(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Header & { 'octopus-manifest': unknown };
    const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
    const right =
      header['octopus-manifest'] === 1 &&
      (header.algorithm === 'blake3' || header.algorithm === 'sha256') &&
      whole(header.blockSize) &&
      header.blockSize > 0 &&
      whole(header.size) &&
      whole(header.blocks) &&
      typeof header.root === 'string';
    return right ? header : undefined;
  } catch {
    return undefined;
  }
}

function invalid(path: string, why: string, cause?: unknown): OctopusError {
  return new OctopusError('manifest.invalid', `The manifest ${path} cannot be used: ${why}.`, { cause });
}
