import type { SourceExtent } from '../blocks/block-source.ts';
import type { ByteReceiver } from './nbd-channel.ts';
import { Allocation, CHUNK_DONE, Chunk, Command, SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC } from './nbd-constants.ts';
import type { NbdFaults } from './nbd-faults.ts';
import type { NbdExport } from './nbd-handshake.ts';
import { commandName, type NbdRequest } from './nbd-request.ts';

/** Below this it is cheaper to copy out of the scratch buffer than to make a read of its own. */
const DIRECT_BYTES = 4096;
/** A block status reply of a million extents, which is where nbdkit stops. */
const MAX_STATUS_BYTES = 8 * 1024 * 1024 + 4;
const MAX_ERROR_BYTES = 6 + 8 + 4096;

/** Reads replies. Believes nothing: a reply that does not fit its request throws, and the connection ends. */
export class NbdReceiver implements ByteReceiver {
  private readonly head = Buffer.alloc(32);
  private headFilled = 0;
  private headNeeded = 16;
  /** Where the payload goes; undefined drops it (its caller went away). */
  private payload: Buffer | undefined;
  private payloadLength = 0;
  private payloadFilled = 0;
  private afterPayload: (() => void) | undefined;
  private current: NbdRequest | undefined;
  private readonly faults: NbdFaults;
  private readonly exported: NbdExport;
  private readonly find: (handle: number, epoch: number) => NbdRequest | undefined;
  private readonly complete: (handle: number, request: NbdRequest) => void;

  constructor(
    faults: NbdFaults,
    exported: NbdExport,
    find: (handle: number, epoch: number) => NbdRequest | undefined,
    complete: (handle: number, request: NbdRequest) => void,
  ) {
    this.faults = faults;
    this.exported = exported;
    this.find = find;
    this.complete = complete;
  }

  /** True while the kernel may write into this request's buffer. */
  isReceiving(request: NbdRequest): boolean {
    return this.current === request && this.payload !== undefined;
  }

  nextDirect(): Buffer | undefined {
    if (this.payload === undefined || this.payloadLength - this.payloadFilled < DIRECT_BYTES) return undefined;
    return this.payload.subarray(this.payloadFilled, this.payloadLength);
  }

  advance(count: number): void {
    this.payloadFilled += count;
    if (this.payloadFilled === this.payloadLength) this.endPayload();
  }

  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.afterPayload !== undefined) {
        const count = Math.min(bytes.length - at, this.payloadLength - this.payloadFilled);
        if (this.payload !== undefined) bytes.copy(this.payload, this.payloadFilled, at, at + count);
        at += count;
        this.advance(count);
      } else {
        const count = Math.min(bytes.length - at, this.headNeeded - this.headFilled);
        bytes.copy(this.head, this.headFilled, at, at + count);
        at += count;
        this.headFilled += count;
        if (this.headFilled === this.headNeeded) this.onHead();
      }
    }
  }

  private onHead(): void {
    const magic = this.head.readUInt32BE(0);
    if (magic === SIMPLE_REPLY_MAGIC) {
      this.onSimple();
      return;
    }
    if (magic !== STRUCTURED_REPLY_MAGIC) throw this.faults.protocol(`a reply begins with the wrong magic ${magic.toString(16)}`);
    if (!this.exported.structuredReplies) throw this.faults.protocol('it sent a structured reply that was not negotiated');
    if (this.headNeeded === 16) {
      this.headNeeded = 20;
      return;
    }
    this.onChunk();
  }

  private request(): NbdRequest {
    const request = this.find(this.head.readUInt32BE(12), this.head.readUInt32BE(8));
    if (request === undefined) throw this.faults.protocol('it answered a request that was never made (unknown handle)');
    return request;
  }

  private onSimple(): void {
    const request = this.request();
    const error = this.head.readUInt32BE(4);
    if (error !== 0) {
      if (request.command === Command.read && this.exported.structuredReplies)
        throw this.faults.protocol('it answered a read with a simple reply');
      request.failure = this.faults.errno(error, commandName(request.command), '');
      this.done(request);
      return;
    }
    if (request.command === Command.blockStatus) throw this.faults.protocol('it answered a block status request with a simple reply');
    if (request.command !== Command.read) {
      this.done(request);
      return;
    }
    if (this.exported.structuredReplies) throw this.faults.protocol('it answered a read with a simple reply');
    this.receive(request, request.abandoned ? undefined : request.data, request.length, () => {
      request.received = request.length;
      this.done(request);
    });
  }

  private onChunk(): void {
    const request = this.request();
    const type = this.head.readUInt16BE(6);
    const length = this.head.readUInt32BE(16);
    switch (type) {
      case Chunk.none:
        if (length !== 0 || !this.isLast()) throw this.faults.protocol('an empty chunk is malformed');
        this.endChunk(request);
        return;
      case Chunk.offsetData:
      case Chunk.offsetHole:
        this.onContent(request, type === Chunk.offsetHole, length);
        return;
      case Chunk.blockStatus:
        this.onStatus(request, length);
        return;
      default:
        if ((type & 0x8000) === 0) throw this.faults.protocol(`it sent a chunk of the unknown type ${type}`);
        this.onError(request, length);
        return;
    }
  }

  private onContent(request: NbdRequest, hole: boolean, length: number): void {
    if (request.command !== Command.read) throw this.faults.protocol(`it sent data in answer to ${commandName(request.command)}`);
    if (hole ? length !== 12 : length < 9) throw this.faults.protocol(`a content chunk of ${length} bytes is malformed`);
    const needed = hole ? 32 : 28;
    if (this.headNeeded < needed) {
      this.headNeeded = needed;
      return;
    }
    const start = Number(this.head.readBigUInt64BE(20)) - request.offset;
    const count = hole ? this.head.readUInt32BE(28) : length - 8;
    if (count === 0 || start < 0 || start + count > request.length) {
      throw this.faults.protocol(`a chunk lies outside of the ${request.length} bytes that were asked for`);
    }
    this.claim(request, start, count);
    if (hole) {
      if (!request.abandoned) request.data?.fill(0, start, start + count);
      this.endChunk(request);
      return;
    }
    this.receive(request, request.abandoned ? undefined : request.data?.subarray(start, start + count), count, () =>
      this.endChunk(request),
    );
  }

  /** Every byte of a read is answered once. */
  private claim(request: NbdRequest, start: number, count: number): void {
    for (let i = 0; i < request.ranges.length; i += 2) {
      const from = request.ranges[i] ?? 0;
      if (start < from + (request.ranges[i + 1] ?? 0) && from < start + count) throw this.faults.protocol('chunks of one reply overlap');
    }
    // A chunk right behind the last one extends it: replies cut into many small chunks stay cheap to check.
    const last = request.ranges.length - 2;
    if (last >= 0 && (request.ranges[last] ?? 0) + (request.ranges[last + 1] ?? 0) === start) request.ranges[last + 1]! += count;
    else request.ranges.push(start, count);
    request.received += count;
  }

  private onStatus(request: NbdRequest, length: number): void {
    if (request.command !== Command.blockStatus || request.extents !== undefined)
      throw this.faults.protocol('it sent a block status that was not asked for');
    if (length < 12 || (length - 4) % 8 !== 0 || length > MAX_STATUS_BYTES)
      throw this.faults.protocol(`a block status of ${length} bytes is malformed`);
    const body = Buffer.allocUnsafe(length);
    this.receive(request, body, length, () => {
      if (body.readUInt32BE(0) !== this.exported.allocationContext) throw this.faults.protocol('a block status is of an unknown context');
      request.extents = this.readExtents(request, body);
      this.endChunk(request);
    });
  }

  private readExtents(request: NbdRequest, body: Buffer): SourceExtent[] {
    const end = request.offset + request.length;
    const extents: SourceExtent[] = [];
    let offset = request.offset;
    for (let at = 4; at < body.length; at += 8) {
      const length = body.readUInt32BE(at);
      const flags = body.readUInt32BE(at + 4);
      if (length === 0 || length % this.exported.minimumBlock !== 0)
        throw this.faults.protocol(`a block status extent has ${length} bytes`);
      // Only the last extent may reach past what was asked for.
      if (offset >= end) throw this.faults.protocol('a block status reaches past what was asked for');
      const kind = (flags & Allocation.zero) === 0 ? 'data' : (flags & Allocation.hole) === 0 ? 'zero' : 'hole';
      extents.push({ offset, length: Math.min(length, end - offset), kind });
      offset += length;
    }
    return extents;
  }

  private onError(request: NbdRequest, length: number): void {
    if (length < 6 || length > MAX_ERROR_BYTES) throw this.faults.protocol(`an error chunk of ${length} bytes is malformed`);
    const body = Buffer.allocUnsafe(length);
    this.receive(request, body, length, () => {
      const number = body.readUInt32BE(0);
      const textLength = body.readUInt16BE(4);
      if (number === 0 || 6 + textLength > length) throw this.faults.protocol('an error chunk is malformed');
      const text = body.toString('utf8', 6, 6 + textLength).replace(/[^\x20-\x7e]/g, ' ');
      request.failure ??= this.faults.errno(number, commandName(request.command), text);
      this.endChunk(request);
    });
  }

  private receive(request: NbdRequest, into: Buffer | undefined, length: number, then: () => void): void {
    this.current = request;
    this.payload = into;
    this.payloadLength = length;
    this.payloadFilled = 0;
    this.afterPayload = then;
  }

  private endPayload(): void {
    const then = this.afterPayload;
    this.payload = undefined;
    this.afterPayload = undefined;
    this.current = undefined;
    then?.();
  }

  private isLast(): boolean {
    return (this.head.readUInt16BE(4) & CHUNK_DONE) !== 0;
  }

  private endChunk(request: NbdRequest): void {
    if (this.isLast()) {
      this.done(request);
      return;
    }
    this.headFilled = 0;
    this.headNeeded = 16;
  }

  private done(request: NbdRequest): void {
    if (request.failure === undefined) {
      if (request.command === Command.read && request.received !== request.length) {
        throw this.faults.protocol(`it answered ${request.received} of ${request.length} bytes and called that complete`);
      }
      if (request.command === Command.blockStatus && request.extents === undefined)
        throw this.faults.protocol('a block status holds no extents');
    }
    const handle = this.head.readUInt32BE(12);
    this.headFilled = 0;
    this.headNeeded = 16;
    this.complete(handle, request);
  }
}
