import type { BlockSource, SourceExtent } from '../blocks/block-source.ts';
import { checkRange, checkSignal } from '../check-range.ts';
import { NbdClient, type NbdClientOptions } from '../nbd/nbd-client.ts';
import { OctopusError } from '../octopus-error.ts';
import type { Extent, NbdAddress } from '../protocol.ts';
import { appendExtent } from './coalesce-extents.ts';

export async function openNbdSource(address: NbdAddress, signal?: AbortSignal, options?: Partial<NbdClientOptions>): Promise<BlockSource> {
  checkSignal(signal);
  return new NbdSource(await NbdClient.open(address, 'source', signal, options));
}

class NbdSource implements BlockSource {
  readonly size: number;
  readonly parallelism: number;
  private readonly client: NbdClient;
  /** False once the server refused a block status request though it had agreed to them. */
  private tellsStatus = true;

  constructor(client: NbdClient) {
    this.client = client;
    this.size = client.size;
    // 16 in flight saturate one connection; each further one adds a server thread's worth.
    this.parallelism = Math.min(64, 16 + 8 * (client.connections - 1));
  }

  get reconnects(): number {
    return this.client.reconnects;
  }

  async extents(range: Extent, signal?: AbortSignal): Promise<SourceExtent[]> {
    checkRange(this.size, range.offset, range.length);
    checkSignal(signal);
    const end = range.offset + range.length;
    const block = this.client.exported.minimumBlock;
    const found: SourceExtent[] = [];
    // Asked in whole blocks; the size is a multiple of them.
    let at = range.offset - (range.offset % block);
    const alignedEnd = Math.ceil(end / block) * block;
    while (at < alignedEnd && range.length > 0) {
      for (const extent of await this.status(at, alignedEnd - at, signal)) {
        const from = Math.max(extent.offset, range.offset);
        const length = Math.min(extent.offset + extent.length, end) - from;
        if (length > 0) appendExtent(found, { offset: from, length, kind: extent.kind });
        at = extent.offset + extent.length;
      }
    }
    return found;
  }

  async read(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    checkRange(this.size, offset, buffer.length);
    checkSignal(signal);
    if (buffer.length === 0) return;
    const block = this.client.exported.minimumBlock;
    const before = offset % block;
    const length = Math.ceil((before + buffer.length) / block) * block;
    if (length === buffer.length) return this.client.read(offset, buffer, signal);
    const whole = Buffer.allocUnsafe(length);
    await this.client.read(offset - before, whole, signal);
    whole.copy(buffer, 0, before, before + buffer.length);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async status(offset: number, length: number, signal?: AbortSignal): Promise<SourceExtent[]> {
    if (this.tellsStatus) {
      try {
        return await this.client.blockStatus(offset, length, signal);
      } catch (error) {
        // EINVAL, ENOTSUP: it cannot tell, which costs time only. Any other failure is one.
        const errno = error instanceof OctopusError ? error.details.errno : undefined;
        if (errno !== 22 && errno !== 95) throw error;
        this.tellsStatus = false;
      }
    }
    return [{ offset, length, kind: 'data' }];
  }
}
