import fs from 'node:fs';
import { constants, type FileHandle, open, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { ALIGNMENT, isAligned } from '../blocks/aligned-memory.ts';
import { checkSignal } from '../check-range.ts';
import { OctopusError } from '../octopus-error.ts';

/** What reading back and re-zeroing a range takes at once. Bytes. */
const ZERO_CHUNK = 256 * 1024;
const zeros = Buffer.alloc(ZERO_CHUNK);
/** Bytes from which a write goes past the page cache. Below, the cache sorts and joins what the device would take one by one. */
const DIRECT_BYTES = 256 * 1024;
/** statfs(2): file systems that take direct writes from any aligned memory, also into holes. The others keep the page cache. */
const DIRECT_FILE_SYSTEMS = [0xef53 /* ext4 */, 0x58465342 /* XFS */];

/**
 * A file that is written by position and stays sparse. Knows when it was removed under it. Every error is `target.*`.
 * The descriptor outlives calls that are under way.
 */
export class ImageFile {
  readonly path: string;
  readonly created: boolean;
  private readonly handle: FileHandle;
  /** The same file past the page cache, where it can be had. */
  private readonly direct: FileHandle | undefined;
  private directWorks = true;
  private readonly pending = new Set<Promise<void>>();
  private closing: Promise<void> | undefined;

  private constructor(file: string, handle: FileHandle, created: boolean, direct: FileHandle | undefined) {
    this.path = file;
    this.handle = handle;
    this.created = created;
    this.direct = direct;
  }

  /** Opens for writing; creates the file, not its folder. */
  static async open(file: string, signal?: AbortSignal): Promise<ImageFile> {
    checkSignal(signal);
    try {
      try {
        const handle = await open(file, constants.O_RDWR);
        const found = await handle.stat();
        if (!found.isFile()) {
          await handle.close();
          throw new OctopusError('argument.invalid', `${file} is not a regular file.`, { field: 'target' });
        }
        return new ImageFile(file, handle, false, await openDirect(file, handle));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);
        return new ImageFile(file, handle, true, await openDirect(file, handle));
      }
    } catch (error) {
      throw writeError(file, error);
    }
  }

  async length(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async resize(size: number): Promise<void> {
    await this.run(() => this.handle.truncate(size));
  }

  async read(offset: number, buffer: Buffer): Promise<void> {
    await this.run(() => this.readAt(offset, buffer));
  }

  async write(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    await this.run(() => this.writeAt(offset, buffer), signal);
  }

  /**
   * Node has no fallocate, so nothing can be punched out: zeros are written where something else stood, and what reads as zeros
   * already (a hole above all) is left alone.
   */
  async zero(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    await this.run(async () => {
      const held = Buffer.allocUnsafe(Math.min(ZERO_CHUNK, length));
      for (let at = offset; at < offset + length; at += ZERO_CHUNK) {
        checkSignal(signal);
        const part = held.subarray(0, Math.min(ZERO_CHUNK, offset + length - at));
        await this.readAt(at, part);
        const blank = zeros.subarray(0, part.length);
        if (!part.equals(blank)) await this.writeAt(at, blank);
      }
    }, signal);
  }

  /** fsync, and proof that the path still names this file. */
  async flush(signal?: AbortSignal): Promise<void> {
    await this.run(async () => {
      await this.handle.sync();
      const mine = await this.handle.stat({ bigint: true });
      const there = await stat(this.path, { bigint: true }).catch((error) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
        throw error;
      });
      if (mine.nlink === 0n || there === undefined || there.ino !== mine.ino || there.dev !== mine.dev) {
        throw new OctopusError('target.missing', `${this.path} was removed or replaced while it was written.`);
      }
      if (this.created) await syncFolder(path.dirname(this.path));
    }, signal);
  }

  get closed(): boolean {
    return this.closing !== undefined;
  }

  close(): Promise<void> {
    this.closing ??= Promise.allSettled([...this.pending]).then(async () => {
      await this.direct?.close();
      await this.handle.close();
    });
    return this.closing;
  }

  private async run(step: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    if (this.closing !== undefined) throw new OctopusError('operation.cancelled', `${this.path} was closed.`);
    const work = step();
    this.pending.add(work);
    try {
      await work;
    } catch (error) {
      throw writeError(this.path, error);
    } finally {
      this.pending.delete(work);
    }
  }

  private async readAt(offset: number, buffer: Buffer): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const count = await new Promise<number>((resolve, reject) => {
        fs.read(this.handle.fd, buffer, done, buffer.length - done, offset + done, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        );
      });
      if (count === 0) throw new OctopusError('target.write', `${this.path} became shorter while it was written.`);
      done += count;
    }
  }

  /**
   * Whole blocks go past the page cache: it would hold the disk a second time, and 2 GiB of it cost 6 to 8 s where the device takes them in
   * 1.6 (measured, ext4). What is small or not aligned goes through it; the kernel keeps the two in step (open(2), NOTES, O_DIRECT).
   */
  private async writeAt(offset: number, buffer: Buffer): Promise<void> {
    let done = 0;
    if (this.direct !== undefined && this.directWorks && buffer.length >= DIRECT_BYTES && offset % ALIGNMENT === 0 && isAligned(buffer)) {
      try {
        done = await writeSome(this.direct, offset, buffer);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
        // Not here, whatever the file system said when it was opened.
        this.directWorks = false;
      }
    }
    while (done < buffer.length) done += await writeSome(this.handle, offset + done, buffer.subarray(done));
  }
}

function writeSome(handle: FileHandle, offset: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(handle.fd, buffer, 0, buffer.length, offset, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** A second descriptor of the same file for direct I/O, or undefined where that cannot be had or does not pay. */
async function openDirect(file: string, same: FileHandle): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux') return undefined;
  let handle: FileHandle | undefined;
  try {
    if (!DIRECT_FILE_SYSTEMS.includes((await statfs(file)).type)) return undefined;
    handle = await open(file, constants.O_RDWR | constants.O_DIRECT);
    const [mine, its] = await Promise.all([handle.stat({ bigint: true }), same.stat({ bigint: true })]);
    if (mine.ino === its.ino && mine.dev === its.dev) return handle;
  } catch {
    // The page cache will do.
  }
  await handle?.close();
  return undefined;
}

/** Makes a new name durable. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function writeError(file: string, error: unknown): OctopusError {
  if (error instanceof OctopusError) return error;
  const system = error as NodeJS.ErrnoException;
  switch (system.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new OctopusError('target.full', `No space is left for ${file}.`, { cause: error });
    case 'EFBIG':
      return new OctopusError('target.full', `${file} is larger than the file system or limit allows.`, { cause: error });
    case 'EROFS':
      return new OctopusError('target.denied', `${file} is on a read-only file system.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new OctopusError('target.denied', `${file} may not be written (permissions).`, { cause: error });
    case 'ENOENT':
    case 'ENOTDIR':
      return new OctopusError('target.missing', `The folder of ${file} does not exist.`, { cause: error });
    case 'EISDIR':
      return new OctopusError('argument.invalid', `${file} is a folder; name a file.`, { field: 'target', cause: error });
    default:
      return new OctopusError('target.write', `${file} could not be written: ${system.message}.`, {
        retryable: system.code === 'EIO',
        cause: error,
      });
  }
}
