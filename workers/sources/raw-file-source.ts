import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { BlockSource, SourceExtent } from '../blocks/block-source.ts';
import { DirectFile } from '../blocks/direct-file.ts';
import { checkRange, checkSignal } from '../check-range.ts';
import { OctopusError } from '../octopus-error.ts';
import type { Extent } from '../protocol.ts';
import { appendExtent } from './coalesce-extents.ts';
import { findHoles } from './file-holes.ts';

/** A raw image. Holes are found where the system can tell. `direct`: what the device holds, rather than what the page cache does. */
export async function openRawFileSource(path: string, direct: boolean, signal?: AbortSignal): Promise<BlockSource> {
  checkSignal(signal);
  const handle = await open(path, 'r').catch((error) => {
    throw readError(path, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new OctopusError('argument.invalid', `${path} is not a regular file.`, { field: 'source' });
    return new RawFileSource(path, handle, stat.size, direct ? await DirectFile.open(path, handle, 'read') : undefined);
  } catch (error) {
    await handle.close();
    throw error instanceof OctopusError ? error : readError(path, error);
  }
}

class RawFileSource implements BlockSource {
  readonly size: number;
  /** Two a thread of Node's pool of four keep it busy; more only cost memory. */
  readonly parallelism = 8;
  readonly reconnects = 0;
  private readonly path: string;
  private readonly handle: FileHandle;
  private readonly direct: DirectFile | undefined;
  private readonly pending = new Set<Promise<void>>();
  private closing: Promise<void> | undefined;
  private map: { version: string; extents: SourceExtent[] | undefined } | undefined;

  constructor(path: string, handle: FileHandle, size: number, direct: DirectFile | undefined) {
    this.path = path;
    this.direct = direct;
    this.handle = handle;
    this.size = size;
  }

  async extents(range: Extent, signal?: AbortSignal): Promise<SourceExtent[]> {
    checkRange(this.size, range.offset, range.length);
    this.check(signal);
    if (range.length === 0) return [];
    const all = await this.holes(signal);
    this.check(signal);
    if (all === undefined) return [{ ...range, kind: 'data' }];
    const end = range.offset + range.length;
    const found: SourceExtent[] = [];
    for (let i = firstEndingAfter(all, range.offset); i < all.length; i++) {
      const extent = all[i];
      if (extent === undefined || extent.offset >= end) break;
      const from = Math.max(extent.offset, range.offset);
      appendExtent(found, { offset: from, length: Math.min(extent.offset + extent.length, end) - from, kind: extent.kind });
    }
    return found;
  }

  async read(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    checkRange(this.size, offset, buffer.length);
    this.check(signal);
    const work = this.readFully(offset, buffer);
    this.pending.add(work);
    try {
      await work;
    } finally {
      this.pending.delete(work);
    }
    // The kernel is done with the buffer before the caller hears of the cancel.
    this.check(signal);
  }

  close(): Promise<void> {
    // The descriptor must outlive reads that are under way: its number could be given to another file.
    this.closing ??= Promise.allSettled([...this.pending]).then(async () => {
      await this.direct?.close();
      await this.handle.close();
    });
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async readFully(offset: number, buffer: Buffer): Promise<void> {
    try {
      for (let filled = (await this.direct?.read(offset, buffer)) ?? 0; filled < buffer.length; ) {
        const count = await new Promise<number>((resolve, reject) => {
          fs.read(this.handle.fd, buffer, filled, buffer.length - filled, offset + filled, (error, bytes) =>
            error ? reject(error) : resolve(bytes),
          );
        });
        if (count === 0) {
          throw new OctopusError('source.read', `${this.path} ends at ${offset + filled}: it became shorter while it was read.`);
        }
        filled += count;
      }
    } catch (error) {
      throw error instanceof OctopusError ? error : readError(this.path, error);
    }
  }

  private check(signal: AbortSignal | undefined): void {
    checkSignal(signal);
    if (this.closing !== undefined) throw new OctopusError('operation.cancelled', `${this.path} was closed.`);
  }

  /** Kept until the file changes: a target that is verified may still be written by another task. */
  private async holes(signal?: AbortSignal): Promise<SourceExtent[] | undefined> {
    const stat = await this.handle.stat({ bigint: true }).catch((error) => {
      throw readError(this.path, error);
    });
    if (stat.blocks === 0n && stat.size > 0n) return [{ offset: 0, length: this.size, kind: 'hole' }];
    const version = `${stat.mtimeNs} ${stat.blocks}`;
    if (this.map?.version !== version) {
      // By the open descriptor: the path may name another file by now.
      this.map = { version, extents: await findHoles(`/proc/${process.pid}/fd/${this.handle.fd}`, this.size, signal) };
    }
    return this.map.extents;
  }
}

function firstEndingAfter(extents: SourceExtent[], offset: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const extent = extents[middle];
    if (extent !== undefined && extent.offset + extent.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readError(path: string, error: unknown): OctopusError {
  const system = error as NodeJS.ErrnoException;
  switch (system.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new OctopusError('source.missing', `${path} does not exist.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new OctopusError('source.denied', `${path} may not be read (permissions).`, { cause: error });
    default:
      return new OctopusError('source.read', `${path} could not be read: ${system.message}.`, {
        retryable: system.code === 'EIO',
        cause: error,
      });
  }
}
