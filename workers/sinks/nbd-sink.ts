import type { BlockSink } from '../blocks/block-sink.ts';
import { checkAligned, checkSignal } from '../check-range.ts';
import { NbdClient, type NbdClientOptions } from '../nbd/nbd-client.ts';
import { ExportFlag } from '../nbd/nbd-constants.ts';
import { OctopusError } from '../octopus-error.ts';
import type { SinkDescriptor } from '../protocol.ts';
import { findLost, UnflushedWrites } from './unflushed-writes.ts';

/** Sector: the least that is worth a request, also where the server takes single bytes. */
const LEAST_GRANULARITY = 512;
const ZERO_CHUNK = 1024 * 1024;
/** Times a flush is repeated because a connection broke meanwhile. */
const FLUSH_TRIES = 5;
const zeros = Buffer.alloc(ZERO_CHUNK);

export async function openNbdSink(
  descriptor: Extract<SinkDescriptor, { kind: 'nbd' }>,
  signal?: AbortSignal,
  options?: Partial<NbdClientOptions>,
): Promise<BlockSink> {
  checkSignal(signal);
  const client = await NbdClient.open(descriptor, 'target', signal, options);
  try {
    if (client.has(ExportFlag.readOnly)) throw client.faults.denied('the export is read-only');
    if (client.size !== descriptor.size) {
      throw new OctopusError('argument.invalid', `The NBD export has ${client.size} bytes, but the disk has ${descriptor.size}.`, {
        field: 'target',
        details: { seen: client.size, expected: descriptor.size },
      });
    }
    return new NbdSink(client);
  } catch (error) {
    await client.close();
    throw error;
  }
}

class NbdSink implements BlockSink {
  readonly size: number;
  readonly granularity: number;
  readonly capabilities: { parallel: number; zero: boolean };
  private readonly client: NbdClient;
  private readonly unflushed = new UnflushedWrites();
  private zeroes: boolean;
  private flushing: Promise<void> = Promise.resolve();

  constructor(client: NbdClient) {
    this.client = client;
    this.size = client.size;
    this.granularity = Math.max(LEAST_GRANULARITY, client.exported.minimumBlock);
    this.zeroes = client.has(ExportFlag.writeZeroes);
    this.capabilities = { parallel: Math.min(64, 16 + 8 * (client.connections - 1)), zero: this.zeroes };
  }

  get reconnects(): number {
    return this.client.reconnects;
  }

  async write(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    checkAligned(this.size, this.granularity, offset, buffer.length);
    checkSignal(signal);
    if (buffer.length === 0) return;
    await this.client.write(offset, buffer, signal);
    this.unflushed.wrote(offset, buffer, this.client.losses);
  }

  async zero(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    checkAligned(this.size, this.granularity, offset, length);
    checkSignal(signal);
    if (length === 0) return;
    if (!(this.zeroes && (await this.tryZeroes(offset, length, signal)))) {
      const step = Math.min(ZERO_CHUNK, this.client.exported.maximumPayload);
      for (let at = offset; at < offset + length; at += step) {
        await this.client.write(at, zeros.subarray(0, Math.min(step, offset + length - at)), signal);
      }
    }
    this.unflushed.zeroed(offset, length, this.client.losses);
  }

  flush(signal?: AbortSignal): Promise<void> {
    // One at a time: each takes what was acknowledged before it.
    const mine = this.flushing.catch(() => undefined).then(() => this.flushOnce(signal));
    this.flushing = mine;
    return mine;
  }

  async finish(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.client.close();
    }
  }

  async abort(): Promise<void> {
    await this.client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  private async flushOnce(signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    const taken = this.unflushed.take();
    try {
      for (let attempt = 1; attempt <= FLUSH_TRIES; attempt++) {
        const losses = this.client.losses;
        if (taken.some((write) => write.losses !== losses)) {
          const lost = await findLost(taken, (offset, buffer) => this.client.read(offset, buffer, signal));
          if (lost !== undefined) {
            throw new OctopusError(
              'target.write',
              `The NBD server lost the acknowledged write at ${lost.offset} of ${lost.length} bytes; run again to resume.`,
              {
                details: lost,
              },
            );
          }
        }
        await this.client.flush(signal);
        if (this.client.losses === losses) return;
      }
      throw new OctopusError('target.unreachable', 'The NBD server lost its connection at every try to flush.', { retryable: true });
    } catch (error) {
      this.unflushed.putBack(taken);
      throw error;
    }
  }

  /** False where the server turns out not to support it. */
  private async tryZeroes(offset: number, length: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.client.writeZeroes(offset, length, signal);
      return true;
    } catch (error) {
      // EINVAL, ENOTSUP: zeros are written as data from now on.
      const errno = error instanceof OctopusError ? error.details.errno : undefined;
      if (errno !== 22 && errno !== 95) throw error;
      this.zeroes = false;
      return false;
    }
  }
}
