import net from 'node:net';
import type tls from 'node:tls';
import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import type { NbdFaults } from './nbd-faults.ts';

/** Bytes read at once where no large payload is due; also the most of a payload that is ever copied. */
const SCRATCH_BYTES = 16 * 1024;

/** Takes the bytes of the transmission phase. */
export interface ByteReceiver {
  feed(bytes: Buffer): void;
  /** Where the next bytes belong, when they may be read straight into place. */
  nextDirect(): Buffer | undefined;
  /** `count` bytes were read into what nextDirect() answered. */
  advance(count: number): void;
}

/**
 * The byte pipe below one NBD connection. Plain sockets read by `onread` into the buffer that the receiver names, so a block goes from
 * the kernel into the caller's memory without a copy or an allocation; TLS hands out its own buffers, which are copied.
 */
export class NbdChannel {
  private socket: net.Socket;
  private readonly faults: NbdFaults;
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  private receiver: ByteReceiver | undefined;
  private queue: Buffer[] = [];
  private queued = 0;
  private waiter: { count: number; resolve(bytes: Buffer): void; reject(error: unknown): void } | undefined;
  private ended: unknown;
  private onClosed: ((error: unknown) => void) | undefined;
  private corked = false;

  private constructor(faults: NbdFaults, endpoint: NbdAddress['endpoint'], direct: boolean) {
    this.faults = faults;
    const target = 'socketPath' in endpoint ? { path: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port, noDelay: true };
    let current: Buffer = this.scratch;
    const onread = {
      buffer: () => {
        current = this.receiver?.nextDirect() ?? this.scratch;
        return current;
      },
      callback: (count: number) => {
        if (current === this.scratch) this.take(this.scratch.subarray(0, count));
        else this.guard(() => this.receiver?.advance(count));
        return true;
      },
    };
    // onread cannot be combined with a later TLS upgrade, which takes the socket's handle over.
    this.socket = net.connect(direct ? { ...target, onread } : target);
    if (!direct) this.socket.on('data', this.take);
    this.listen(this.socket);
  }

  static async open(address: NbdAddress, faults: NbdFaults, options: { signal: AbortSignal; timeoutMs: number }): Promise<NbdChannel> {
    const channel = new NbdChannel(faults, address.endpoint, address.tls === undefined);
    try {
      await channel.connected(options);
      return channel;
    } catch (error) {
      channel.destroy(error);
      throw faults.connect(error);
    }
  }

  /** The next `count` bytes of the negotiation. */
  read(count: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      this.waiter = { count, resolve, reject };
      this.serve();
    });
  }

  write(bytes: Buffer): void {
    this.cork();
    this.socket.write(bytes);
  }

  /** As write(); `written` is called once the bytes are the kernel's, so that their memory may change. */
  writePayload(bytes: Buffer, written: () => void): void {
    this.cork();
    this.socket.write(bytes, (error) => {
      if (error === undefined || error === null) written();
    });
  }

  async upgrade(address: NbdAddress, options: { signal: AbortSignal; timeoutMs: number }): Promise<void> {
    // What came before the handshake came unprotected: taking it as part of the session is the STARTTLS injection.
    if (this.queued > 0) throw this.faults.protocol('it sent plain bytes between NBD_OPT_STARTTLS and the TLS handshake');
    if (address.tls === undefined) throw new OctopusError('internal.unexpected', 'upgrade() without tls');
    const plain = this.socket;
    plain.off('data', this.take);
    plain.pause();
    const host = 'host' in address.endpoint ? address.endpoint.host : 'localhost';
    let secured: tls.TLSSocket;
    try {
      // Loaded only here: TLS costs a plain connection's process 20 ms.
      const { connectTrusted } = await import('../tls-trust.ts');
      secured = await connectTrusted({ host, socket: plain }, address.tls, options);
    } catch (error) {
      throw this.faults.connect(error);
    }
    this.socket = secured;
    secured.on('data', this.take);
    this.listen(secured);
  }

  /** From here on bytes go to the receiver, and the end of the connection to `onClosed`. */
  transmit(receiver: ByteReceiver, onClosed: (error: unknown) => void, idleMs: number, onIdle: () => void): void {
    this.receiver = receiver;
    if (this.ended !== undefined) {
      onClosed(this.ended);
      return;
    }
    this.onClosed = onClosed;
    this.socket.setTimeout(idleMs, onIdle);
    const early = this.queue;
    this.queue = [];
    this.queued = 0;
    for (const bytes of early) this.guard(() => receiver.feed(bytes));
  }

  /** Nothing is read into a caller's memory any more after it returns. */
  destroy(error: unknown): void {
    this.finish(error);
    this.socket.destroy();
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.finish(new OctopusError('operation.cancelled', 'The connection was closed.'));
    // A server that never closes its side must not keep the process alive.
    const timer = setTimeout(() => this.socket.destroy(), 1000);
    timer.unref();
    this.socket.once('close', () => clearTimeout(timer));
    this.socket.end();
    this.socket.unref();
  }

  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    const socket = this.socket;
    socket.cork();
    // Requests of one turn leave in one system call.
    process.nextTick(() => {
      this.corked = false;
      socket.uncork();
    });
  }

  private readonly take = (bytes: Buffer): void => {
    const receiver = this.receiver;
    if (receiver !== undefined) {
      this.guard(() => receiver.feed(bytes));
      return;
    }
    this.queue.push(Buffer.from(bytes));
    this.queued += bytes.length;
    // The negotiation is a few kilobytes; a peer that talks on without being asked is not an NBD server.
    if (this.queued > 1024 * 1024) this.destroy(this.faults.protocol('it sends without end during the negotiation'));
    this.serve();
  };

  private serve(): void {
    const waiter = this.waiter;
    if (waiter === undefined || this.queued < waiter.count) return;
    this.waiter = undefined;
    const all = this.queue.length === 1 && this.queue[0] !== undefined ? this.queue[0] : Buffer.concat(this.queue);
    this.queued -= waiter.count;
    this.queue = this.queued > 0 ? [all.subarray(waiter.count)] : [];
    waiter.resolve(all.subarray(0, waiter.count));
  }

  private guard(step: () => void): void {
    if (this.ended !== undefined) return;
    try {
      step();
    } catch (error) {
      this.destroy(error);
    }
  }

  private listen(socket: net.Socket): void {
    socket.on('error', (error) => this.finish(this.faults.unreachable(`the connection broke (${error.message})`, error)));
    socket.on('close', () => this.finish(this.faults.unreachable('the server closed the connection')));
    socket.resume();
  }

  private finish(error: unknown): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    this.waiter?.reject(error);
    this.waiter = undefined;
    // A broken socket is destroyed before its requests are handed on: nothing may be read into their buffers any more.
    if (!(error instanceof OctopusError && error.code === 'operation.cancelled')) this.socket.destroy();
    this.onClosed?.(error);
  }

  private connected(options: { signal: AbortSignal; timeoutMs: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error('connecting took too long')), options.timeoutMs);
      const onAbort = () => settle(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      const settle = (error?: unknown) => {
        clearTimeout(timer);
        options.signal.removeEventListener('abort', onAbort);
        this.socket.off('error', settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.socket.prependOnceListener('error', settle);
      this.socket.once('connect', () => settle());
      if (options.signal.aborted) onAbort();
      else options.signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
