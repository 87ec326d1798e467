import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import { NbdChannel } from './nbd-channel.ts';
import { Command, REQUEST_MAGIC } from './nbd-constants.ts';
import type { NbdFaults } from './nbd-faults.ts';
import { type NbdExport, negotiate } from './nbd-handshake.ts';
import { NbdReceiver } from './nbd-receiver.ts';
import type { NbdRequest } from './nbd-request.ts';

/** Milliseconds that a cancelled request may take to end in good order; cancelling must be done within a second. */
const RELEASE_MS = 400;

export interface NbdTimes {
  /** Milliseconds for connecting and negotiating. */
  connectMs: number;
  /** Milliseconds without a byte while requests are open; then the connection counts as lost. */
  idleMs: number;
}

/** One connection in its transmission phase. Tells its owner once when it ends, with the requests that were open. */
export class NbdConnection {
  readonly exported: NbdExport;
  private readonly channel: NbdChannel;
  private readonly receiver: NbdReceiver;
  private readonly open = new Map<number, NbdRequest>();
  private readonly epoch: number;
  private next = 1;
  /** Bytes asked for and not answered. */
  load = 0;
  /** Set once; send() must not be called any more. */
  closed = false;
  private readonly onAnswer: () => void;
  private readonly faults: NbdFaults;
  private onDrained: (() => void) | undefined;

  private constructor(channel: NbdChannel, exported: NbdExport, faults: NbdFaults, epoch: number, onAnswer: () => void) {
    this.channel = channel;
    this.exported = exported;
    this.epoch = epoch;
    this.onAnswer = onAnswer;
    this.faults = faults;
    this.receiver = new NbdReceiver(
      faults,
      exported,
      (handle, seenEpoch) => {
        const request = seenEpoch === epoch ? this.open.get(handle) : undefined;
        return request?.answered ? undefined : request;
      },
      (handle, request) => this.complete(handle, request),
    );
  }

  /** `epoch` differs for every connection, so that a reply of another one is recognised as foreign. */
  static async open(
    address: NbdAddress,
    faults: NbdFaults,
    options: {
      signal: AbortSignal;
      times: NbdTimes;
      epoch: number;
      onAnswer: () => void;
      onLost: (error: unknown, open: NbdRequest[]) => void;
    },
  ): Promise<NbdConnection> {
    const wait = { signal: options.signal, timeoutMs: options.times.connectMs };
    const channel = await NbdChannel.open(address, faults, wait);
    const onAbort = () => channel.destroy(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
    const timer = setTimeout(() => channel.destroy(faults.unreachable('the negotiation took too long')), wait.timeoutMs);
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const exported = await negotiate(channel, address, faults, wait);
      const connection = new NbdConnection(channel, exported, faults, options.epoch, options.onAnswer);
      channel.transmit(
        connection.receiver,
        (error) => {
          connection.closed = true;
          const requests = [...connection.open.values()];
          connection.open.clear();
          options.onLost(error, requests);
          connection.onDrained?.();
        },
        options.times.idleMs,
        () => {
          if (connection.open.size > 0) channel.destroy(faults.unreachable(`no answer for ${options.times.idleMs / 1000} s`));
        },
      );
      return connection;
    } catch (error) {
      channel.destroy(error);
      throw error;
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  send(request: NbdRequest): void {
    const handle = this.next++;
    if (this.next > 0xffffffff) this.next = 1;
    this.open.set(handle, request);
    this.load += request.length;
    request.tries++;
    this.channel.write(encode(request.command, this.epoch, handle, request.offset, request.length));
    if (request.command === Command.write && request.data !== undefined) {
      const sentTry = request.tries;
      this.channel.writePayload(request.data, () => {
        if (request.tries !== sentTry) return;
        request.payloadSent = true;
        if (request.answered) this.settle(handle, request);
      });
    }
  }

  /**
   * Lets go of a request whose caller leaves. `release` is called when nothing reads from or writes into its buffer any more: mostly at
   * once; where the buffer is just being filled or sent, when that is done. A server that takes too long over it loses the connection.
   */
  abandon(request: NbdRequest, release: () => void): void {
    request.abandoned = true;
    if (!this.receiver.isReceiving(request) && request.payloadSent) {
      release();
      return;
    }
    const timer = setTimeout(() => this.channel.destroy(this.faults.unreachable('a cancelled request did not end')), RELEASE_MS);
    request.release = () => {
      clearTimeout(timer);
      request.release = undefined;
      release();
    };
  }

  /** Rejects what is open with `error`, waits briefly for the answers under way, says goodbye. A rude end makes some servers fall over. */
  async close(error: unknown): Promise<void> {
    for (const request of this.open.values()) if (!request.abandoned) this.abandon(request, () => request.reject(error));
    if (this.open.size > 0 && !this.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RELEASE_MS);
        this.onDrained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.closed) return;
    if (this.open.size > 0) {
      this.channel.destroy(error);
      return;
    }
    this.channel.write(encode(Command.disconnect, this.epoch, 0, 0, 0));
    this.channel.end();
  }

  holds(request: NbdRequest): boolean {
    for (const open of this.open.values()) if (open === request) return true;
    return false;
  }

  destroy(error: unknown): void {
    this.channel.destroy(error);
  }

  private complete(handle: number, request: NbdRequest): void {
    this.load -= request.length;
    request.answered = true;
    this.onAnswer();
    // An answer that overtakes its payload settles once the payload left: the caller's buffer is in use until then.
    if (request.payloadSent) this.settle(handle, request);
  }

  private settle(handle: number, request: NbdRequest): void {
    this.open.delete(handle);
    if (this.open.size === 0) this.onDrained?.();
    if (request.abandoned) request.release?.();
    else if (request.failure === undefined) request.resolve();
    else request.reject(request.failure);
  }
}

function encode(command: number, epoch: number, handle: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(28);
  bytes.writeUInt32BE(REQUEST_MAGIC, 0);
  bytes.writeUInt16BE(0, 4);
  bytes.writeUInt16BE(command, 6);
  bytes.writeUInt32BE(epoch, 8);
  bytes.writeUInt32BE(handle, 12);
  bytes.writeUInt32BE(Math.floor(offset / 0x100000000), 16);
  bytes.writeUInt32BE(offset % 0x100000000, 20);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}
