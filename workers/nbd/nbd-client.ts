import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceExtent } from '../blocks/block-source.ts';
import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import { NbdConnection, type NbdTimes } from './nbd-connection.ts';
import { Command, type CommandCode, ExportFlag } from './nbd-constants.ts';
import { describeAddress, type NbdFaults, type NbdSide, nbdFaults } from './nbd-faults.ts';
import type { NbdExport } from './nbd-handshake.ts';
import { createRequest, type NbdRequest, resetRequest } from './nbd-request.ts';

export interface NbdClientOptions extends NbdTimes {
  /** Connections lost or refused in a row, without an answer in between, before it gives up. */
  tries: number;
  /** Milliseconds before the second try; doubles up to 5 s. */
  backoffMs: number;
}

const defaults: NbdClientOptions = { connectMs: 10_000, idleMs: 30_000, tries: 10, backoffMs: 50 };
/** Length of a command without payload: far below the 4 GiB that fit, so that a slow server keeps answering within its time. */
const LONG_RANGE = 128 * 1024 * 1024;
const STATUS_RANGE = 2 * 1024 * 1024 * 1024;

interface Slot {
  connection: NbdConnection | undefined;
  /** Losses and refusals in a row, without an answer on any connection in between. */
  failures: number;
}

/**
 * An NBD export over one or several connections. A lost connection is opened again and what it had open is sent again; all commands
 * used here may be repeated. Ranges are the caller's, within the size and multiples of the minimum block; payloads are cut at the maximum.
 */
export class NbdClient {
  readonly exported: NbdExport;
  /** Times a lost connection was opened again. */
  reconnects = 0;
  /** Times a connection was lost, also where no other one could be opened. */
  losses = 0;
  readonly faults: NbdFaults;
  private readonly address: NbdAddress;
  private readonly options: NbdClientOptions;
  private readonly slots: Slot[] = [];
  private waiting: NbdRequest[] = [];
  private readonly stop = new AbortController();
  private reviving = 0;
  private epoch = 1;
  /** Set once: closed, or a server that broke its protocol. */
  private ended: unknown;
  private closing: Promise<void> | undefined;

  private constructor(address: NbdAddress, faults: NbdFaults, options: NbdClientOptions, exported: NbdExport) {
    this.address = address;
    this.faults = faults;
    this.options = options;
    this.exported = exported;
  }

  static async open(address: NbdAddress, side: NbdSide, signal?: AbortSignal, options: Partial<NbdClientOptions> = {}): Promise<NbdClient> {
    signal?.throwIfAborted();
    const faults = nbdFaults(side, address);
    const all = { ...defaults, ...options };
    // The first connection is opened without a second try: a wrong address should be told at once.
    let client: NbdClient | undefined;
    const slot: Slot = { connection: undefined, failures: 0 };
    const first = await NbdConnection.open(address, faults, {
      signal: signal ?? new AbortController().signal,
      times: all,
      epoch: 1,
      onAnswer: () => client?.progressed(),
      onLost: (error, open) => client?.lost(slot, error, open),
    });
    if (first.closed) throw faults.unreachable('the server closed the connection');
    client = new NbdClient(address, faults, all, first.exported);
    slot.connection = first;
    client.slots.push(slot);
    if (client.has(ExportFlag.multiConnection)) {
      const more = Math.min(16, Math.max(1, address.connections)) - 1;
      await Promise.all(Array.from({ length: more }, () => client.extend(signal)));
    }
    return client;
  }

  get size(): number {
    return this.exported.size;
  }

  get connections(): number {
    return this.slots.length;
  }

  has(flag: number): boolean {
    return (this.exported.flags & flag) !== 0;
  }

  read(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    return this.payload(Command.read, offset, buffer, signal);
  }

  write(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    return this.payload(Command.write, offset, buffer, signal);
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    for (let at = offset; at < offset + length; at += LONG_RANGE) {
      await this.submit(Command.writeZeroes, at, Math.min(LONG_RANGE, offset + length - at), undefined, signal);
    }
  }

  /** Advisory: the range may or may not read as zeros afterwards. */
  async trim(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    if (!this.has(ExportFlag.trim)) return;
    for (let at = offset; at < offset + length; at += LONG_RANGE) {
      await this.submit(Command.trim, at, Math.min(LONG_RANGE, offset + length - at), undefined, signal);
    }
  }

  async flush(signal?: AbortSignal): Promise<void> {
    if (this.has(ExportFlag.flush)) await this.submit(Command.flush, 0, 0, undefined, signal);
  }

  /** Allocation of a part of the range from its beginning on: servers may answer for less than they were asked. At least one extent. */
  async blockStatus(offset: number, length: number, signal?: AbortSignal): Promise<SourceExtent[]> {
    const asked = Math.min(length, STATUS_RANGE);
    if (this.ended !== undefined) throw this.ended;
    if (this.exported.allocationContext === undefined) return [{ offset, length: asked, kind: 'data' }];
    const request = await this.submit(Command.blockStatus, offset, asked, undefined, signal);
    return request.extents ?? [];
  }

  /** Pending calls fail with `operation.cancelled`; when it returns, no buffer is touched any more. */
  close(): Promise<void> {
    this.closing ??= this.disconnect();
    return this.closing;
  }

  private async disconnect(): Promise<void> {
    if (this.ended !== undefined) return;
    const error = new OctopusError('operation.cancelled', `${describeAddress(this.address)}: the connection was closed.`);
    const live = this.slots.flatMap(({ connection }) => connection ?? []);
    this.end(error, false);
    await Promise.all(live.map((connection) => connection.close(error)));
  }

  private async payload(command: CommandCode, offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    const most = this.exported.maximumPayload;
    if (buffer.length <= most) {
      await this.submit(command, offset, buffer.length, buffer, signal);
      return;
    }
    const parts: Promise<NbdRequest>[] = [];
    for (let at = 0; at < buffer.length; at += most) {
      const part = buffer.subarray(at, Math.min(buffer.length, at + most));
      parts.push(this.submit(command, offset + at, part.length, part, signal));
    }
    // All parts settle before the buffer goes back to its owner.
    const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private submit(
    command: CommandCode,
    offset: number,
    length: number,
    data: Buffer | undefined,
    signal?: AbortSignal,
  ): Promise<NbdRequest> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled());
      if (this.ended !== undefined) return reject(this.ended);
      const onAbort = () => {
        signal?.removeEventListener('abort', onAbort);
        this.abandon(request, () => reject(cancelled()));
      };
      const request = createRequest(command, offset, length, data, {
        resolve: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(request);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort);
      this.dispatch(request);
    });
  }

  private dispatch(request: NbdRequest): void {
    let best: NbdConnection | undefined;
    for (const { connection } of this.slots) {
      if (connection !== undefined && (best === undefined || connection.load < best.load)) best = connection;
    }
    if (best !== undefined) {
      best.send(request);
      return;
    }
    this.waiting.push(request);
    // After it gave up, the next call is a new chance.
    if (this.reviving === 0 && this.slots[0] !== undefined) void this.revive(this.slots[0]);
  }

  private abandon(request: NbdRequest, release: () => void): void {
    for (const { connection } of this.slots) {
      if (connection?.holds(request)) {
        connection.abandon(request, release);
        return;
      }
    }
    request.abandoned = true;
    this.waiting = this.waiting.filter((other) => other !== request);
    release();
  }

  private progressed(): void {
    for (const slot of this.slots) slot.failures = 0;
  }

  private lost(slot: Slot, error: unknown, open: NbdRequest[]): void {
    for (const request of open) request.release?.();
    if (this.ended !== undefined || (error instanceof OctopusError && !error.retryable)) {
      for (const request of open) if (!request.abandoned) request.reject(this.ended ?? error);
      if (this.ended !== undefined) return;
      slot.connection = undefined;
      this.end(error, true);
      return;
    }
    slot.connection = undefined;
    this.losses++;
    slot.failures++;
    for (const request of open) {
      if (request.abandoned) continue;
      if (request.tries > 4 * this.options.tries) {
        request.reject(this.faults.io(`a request was lost with its connection ${request.tries} times`, error));
        continue;
      }
      resetRequest(request);
      this.waiting.push(request);
    }
    if (slot.failures < this.options.tries) void this.revive(slot);
    else this.giveUp(slot, error);
    const waiting = this.waiting;
    if (this.slots.some(({ connection }) => connection !== undefined)) {
      this.waiting = [];
      for (const request of waiting) this.dispatch(request);
    }
  }

  /** Opens a slot's connection again, with growing pauses; fails what waits when nothing is left to wait for. */
  private async revive(slot: Slot): Promise<void> {
    this.reviving++;
    let last: unknown;
    try {
      while (this.ended === undefined) {
        // The first loss after an answer is repaired at once; only failures in a row wait.
        const wait = slot.failures <= 1 ? 0 : Math.min(5000, this.options.backoffMs * 2 ** (slot.failures - 2));
        if (wait > 0) await sleep(wait, undefined, { signal: this.stop.signal });
        try {
          await this.connect(slot, this.stop.signal);
          this.reconnects++;
          const waiting = this.waiting;
          this.waiting = [];
          for (const request of waiting) this.dispatch(request);
          return;
        } catch (error) {
          if (this.ended !== undefined) return;
          if (error instanceof OctopusError && !error.retryable) return this.end(error, true);
          last = error;
          if (++slot.failures >= this.options.tries) break;
        }
      }
    } catch {
      // The pause was ended by close().
    } finally {
      this.reviving--;
    }
    this.giveUp(slot, last);
  }

  /** What waits fails when no connection is left nor being opened. */
  private giveUp(slot: Slot, last: unknown): void {
    slot.failures = 0;
    if (this.ended !== undefined || this.reviving > 0 || this.slots.some(({ connection }) => connection !== undefined)) return;
    const waiting = this.waiting;
    this.waiting = [];
    const error = this.faults.unreachable(`the connection was lost and could not be opened again in ${this.options.tries} tries`, last);
    for (const request of waiting) request.reject(error);
  }

  private async connect(slot: Slot, signal: AbortSignal): Promise<void> {
    let current: NbdConnection | undefined;
    const connection = await NbdConnection.open(this.address, this.faults, {
      signal,
      times: this.options,
      epoch: ++this.epoch,
      onAnswer: () => this.progressed(),
      onLost: (error, open) => {
        if (current !== undefined && (slot.connection === current || this.ended !== undefined)) this.lost(slot, error, open);
      },
    });
    current = connection;
    if (connection.closed) throw this.faults.unreachable('the server closed the connection');
    if (this.ended !== undefined) {
      await connection.close(this.ended);
      throw this.ended;
    }
    const { size, flags, minimumBlock, maximumPayload } = connection.exported;
    const known = this.exported;
    if (size !== known.size || flags !== known.flags || minimumBlock !== known.minimumBlock || maximumPayload < known.maximumPayload) {
      connection.destroy(cancelled());
      throw this.faults.protocol(`the export changed while it was in use (${known.size} bytes before, ${size} now)`);
    }
    slot.connection = connection;
  }

  /** One more connection at the start. A server that limits their number is used with what it allows. */
  private async extend(signal?: AbortSignal): Promise<void> {
    const slot: Slot = { connection: undefined, failures: 0 };
    try {
      await this.connect(slot, signal === undefined ? this.stop.signal : AbortSignal.any([signal, this.stop.signal]));
      this.slots.push(slot);
    } catch (error) {
      if (signal?.aborted || (error instanceof OctopusError && !error.retryable)) {
        await this.close();
        throw error;
      }
    }
  }

  /** Refuses everything from now on. Connections are closed by the caller, or `broken` off. */
  private end(error: unknown, broken: boolean): void {
    this.ended = error;
    this.stop.abort();
    const waiting = this.waiting;
    this.waiting = [];
    for (const slot of this.slots) {
      const connection = slot.connection;
      slot.connection = undefined;
      // Its open requests come back through lost().
      if (broken) connection?.destroy(error);
    }
    for (const request of waiting) if (!request.abandoned) request.reject(error);
  }
}

function cancelled(): OctopusError {
  return new OctopusError('operation.cancelled', 'The operation was cancelled.');
}
