import fs from 'node:fs';
import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { DirectFile } from '../blocks/direct-file.ts';
import { syncFolder } from '../blocks/durable-file.ts';
import { checkSignal } from '../check-range.ts';
import { OctopusError } from '../octopus-error.ts';

/** What reading back and re-zeroing a range takes at once. Bytes. */
const ZERO_CHUNK = 256 * 1024;
const zeros = Buffer.alloc(ZERO_CHUNK);

/**
 * A file that is written by position and stays sparse. Knows when it was removed under it. Every error is `target.*`.
 * The descriptor outlives calls that are under way.
 */
export class ImageFile {
  readonly path: string;
  readonly created: boolean;
  private readonly handle: FileHandle;
  private readonly direct: DirectFile | undefined;
  private readonly pending = new Set<Promise<void>>();
  private closing: Promise<void> | undefined;

  private constructor(file: string, handle: FileHandle, created: boolean, direct: DirectFile | undefined) {
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
        return new ImageFile(file, handle, false, await DirectFile.open(file, handle, 'write'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);
        return new ImageFile(file, handle, true, await DirectFile.open(file, handle, 'write'));
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

  private async writeAt(offset: number, buffer: Buffer): Promise<void> {
    for (let done = (await this.direct?.write(offset, buffer)) ?? 0; done < buffer.length; ) {
      done += await new Promise<number>((resolve, reject) => {
        fs.write(this.handle.fd, buffer, done, buffer.length - done, offset + done, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        );
      });
    }
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
