import fs from 'node:fs';
import { constants, type FileHandle, open, statfs } from 'node:fs/promises';
import { ALIGNMENT, isAligned } from './aligned-memory.ts';

/** Bytes from which a call goes past the page cache. Below, the cache sorts and joins what the device would take one by one. */
const LEAST_BYTES = 256 * 1024;
/** statfs(2): file systems that take direct I/O with any aligned memory, also into holes. The others keep the page cache. */
const FILE_SYSTEMS = [0xef53 /* ext4 */, 0x58465342 /* XFS */];

/** What fs.read and fs.write have in common. */
type Call = (
  fd: number,
  buffer: Buffer,
  from: number,
  length: number,
  position: number,
  done: (error: NodeJS.ErrnoException | null, bytes: number) => void,
) => void;

/**
 * A second descriptor of a file, for direct I/O. The page cache would hold the disk once more, and 2 GiB through it cost 6 to 8 s to write
 * and 7 to 10 s to read where the device takes 1.6 (measured, ext4); and what is read past it is what the device holds. The kernel keeps
 * both ways in step (open(2), NOTES, O_DIRECT).
 */
export class DirectFile {
  private readonly handle: FileHandle;
  private works = true;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** Undefined where direct I/O cannot be had or does not pay. `same` is the file's ordinary descriptor. */
  static async open(path: string, same: FileHandle, access: 'read' | 'write'): Promise<DirectFile | undefined> {
    if (process.platform !== 'linux') return undefined;
    let handle: FileHandle | undefined;
    try {
      if (!FILE_SYSTEMS.includes((await statfs(path)).type)) return undefined;
      handle = await open(path, (access === 'read' ? constants.O_RDONLY : constants.O_RDWR) | constants.O_DIRECT);
      const [mine, its] = await Promise.all([handle.stat({ bigint: true }), same.stat({ bigint: true })]);
      if (mine.ino === its.ino && mine.dev === its.dev) return new DirectFile(handle);
    } catch {
      // The page cache will do.
    }
    await handle?.close();
    return undefined;
  }

  /** Bytes written, at least one; 0 where this is for the page cache to do. Fails as write(2). */
  write(offset: number, buffer: Buffer): Promise<number> {
    return this.attempt(fs.write, offset, buffer);
  }

  /** Bytes read; 0 where this is for the page cache to do, or at the end of the file. Fails as read(2). */
  read(offset: number, buffer: Buffer): Promise<number> {
    return this.attempt(fs.read, offset, buffer);
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private attempt(call: Call, offset: number, buffer: Buffer): Promise<number> {
    if (!this.works || buffer.length < LEAST_BYTES || offset % ALIGNMENT !== 0 || !isAligned(buffer)) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      call(this.handle.fd, buffer, 0, buffer.length, offset, (error, bytes) => {
        if (error === null) return resolve(bytes);
        if (error.code !== 'EINVAL') return reject(error);
        // Not here, whatever the file system said when it was opened.
        this.works = false;
        resolve(0);
      });
    });
  }
}
