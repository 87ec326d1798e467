import type { BlockSink } from '../blocks/block-sink.ts';
import { checkAligned } from '../check-range.ts';
import { OctopusError } from '../octopus-error.ts';
import type { ImageFile } from './image-file.ts';

/** Sector: the least that a guest writes. */
const GRANULARITY = 512;

/** A disk at the beginning of a file; `footer`, written by finish(), stands behind it. */
export class FileSink implements BlockSink {
  readonly size: number;
  readonly granularity = GRANULARITY;
  /** Eight keep the four threads of Node's pool busy. zero() has to read first, so it is no cheaper than writing. */
  readonly capabilities = { parallel: 8, zero: false };
  readonly reconnects = 0;
  private readonly file: ImageFile;
  private readonly footer: (() => Promise<Buffer>) | undefined;

  constructor(file: ImageFile, size: number, footer?: () => Promise<Buffer>) {
    this.file = file;
    this.size = size;
    this.footer = footer;
  }

  async write(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    checkAligned(this.size, GRANULARITY, offset, buffer.length);
    await this.file.write(offset, buffer, signal);
  }

  async zero(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    checkAligned(this.size, GRANULARITY, offset, length);
    await this.file.zero(offset, length, signal);
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await this.file.flush(signal);
  }

  async finish(): Promise<void> {
    if (this.file.closed) throw new OctopusError('operation.cancelled', `${this.file.path} was closed.`);
    try {
      if (this.footer !== undefined) await this.file.write(this.size, await this.footer());
      await this.file.flush();
    } finally {
      await this.file.close();
    }
  }

  async abort(): Promise<void> {
    await this.file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }
}
