import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockSource, SourceExtent } from '../blocks/block-source.ts';
import { checkRange, checkSignal } from '../check-range.ts';
import { OctopusError } from '../octopus-error.ts';
import type { Extent, SourceDescriptor } from '../protocol.ts';
import { connectTrusted } from '../tls-trust.ts';

export type DatastoreDescriptor = Extract<SourceDescriptor, { kind: 'datastore' }>;

export interface DatastoreOptions {
  /** Tries of one range before the error goes up. */
  tries: number;
  /** Milliseconds before the second try; doubles up to 5 s. */
  backoffMs: number;
  /** Milliseconds without a byte before a request counts as lost. */
  idleMs: number;
}

const defaults: DatastoreOptions = { tries: 5, backoffMs: 200, idleMs: 30_000 };
/** Of an error's body: enough to recognise a lock, not enough to be flooded. */
const ERROR_BODY_BYTES = 4096;

/** A flat extent file in a datastore, read with HTTP Range over kept-alive connections. Proves session, file and size before it answers. */
export async function openDatastoreSource(
  descriptor: DatastoreDescriptor,
  signal?: AbortSignal,
  options: Partial<DatastoreOptions> = {},
): Promise<BlockSource> {
  checkSignal(signal);
  const source = new DatastoreSource(descriptor, { ...defaults, ...options });
  try {
    if (descriptor.size > 0) await source.read(0, Buffer.alloc(Math.min(512, descriptor.size)), signal);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

class DatastoreSource implements BlockSource {
  readonly size: number;
  readonly parallelism: number;
  reconnects = 0;
  private readonly descriptor: DatastoreDescriptor;
  private readonly options: DatastoreOptions;
  private readonly url: URL;
  private readonly agent: https.Agent;
  private readonly stop = new AbortController();

  constructor(descriptor: DatastoreDescriptor, options: DatastoreOptions) {
    this.descriptor = descriptor;
    this.options = options;
    this.size = descriptor.size;
    this.parallelism = Math.min(16, Math.max(1, descriptor.connections));
    this.url = parseUrl(descriptor.url);
    this.agent = new https.Agent({ keepAlive: true, maxSockets: this.parallelism, maxFreeSockets: this.parallelism });
    // The agent waits for the callback, so a request's headers (the cookie among them) leave only after the thumbprint was compared.
    Object.assign(this.agent, {
      createConnection: (_: unknown, done: (error: unknown, socket?: Duplex) => void) => void this.connect(done),
    });
  }

  /** HTTP cannot tell what is allocated. */
  async extents(range: Extent, signal?: AbortSignal): Promise<SourceExtent[]> {
    checkRange(this.size, range.offset, range.length);
    this.check(signal);
    return range.length === 0 ? [] : [{ ...range, kind: 'data' }];
  }

  async read(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void> {
    checkRange(this.size, offset, buffer.length);
    this.check(signal);
    if (buffer.length === 0) return;
    const both = signal === undefined ? this.stop.signal : AbortSignal.any([signal, this.stop.signal]);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.readOnce(offset, buffer, both);
      } catch (error) {
        this.check(signal);
        const known = error instanceof OctopusError ? error : this.lost(offset, error);
        if (!known.retryable || attempt >= this.options.tries) throw known;
        await sleep(Math.min(5000, this.options.backoffMs * 2 ** (attempt - 1)), undefined, { signal: both }).catch(() =>
          this.check(signal),
        );
        this.check(signal);
      }
    }
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.agent.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private check(signal: AbortSignal | undefined): void {
    checkSignal(signal);
    if (this.stop.signal.aborted) throw new OctopusError('operation.cancelled', 'The datastore connection was closed.');
  }

  private async connect(done: (error: unknown, socket?: Duplex) => void): Promise<void> {
    try {
      const port = this.url.port === '' ? 443 : Number(this.url.port);
      const host = this.url.hostname.replace(/^\[|\]$/g, '');
      const wait = { signal: this.stop.signal, timeoutMs: this.options.idleMs };
      done(null, await connectTrusted({ host, port }, { thumbprint: this.descriptor.thumbprint }, wait));
    } catch (error) {
      done(error);
    }
  }

  private readOnce(offset: number, buffer: Buffer, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let settled = false;
      const request = https.request(this.url, {
        agent: this.agent,
        headers: { cookie: this.descriptor.cookie, range: `bytes=${offset}-${offset + buffer.length - 1}` },
        timeout: this.options.idleMs,
      });
      const settle = (error?: unknown) => {
        if (settled) return;
        settled = true;
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) return resolve();
        // A connection whose answer is not wanted to its end cannot carry another request.
        request.destroy();
        reject(error);
      };
      const onAbort = () => settle(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('timeout', () => settle(this.lost(offset, new Error(`no byte for ${this.options.idleMs / 1000} s`))));
      request.on('error', (error) =>
        settle(error instanceof OctopusError ? error : this.lost(offset, error, !request.reusedSocket && request.socket === null)),
      );
      request.on('response', (response) => {
        response.on('error', (error) => settle(this.lost(offset, error)));
        const refusal = this.judge(response, offset, buffer.length);
        if (refusal === 'status') void this.statusError(response).then(settle, settle);
        else if (refusal !== undefined) settle(refusal);
        else this.receive(response, offset, buffer, () => settled, settle);
      });
      request.end();
      if (signal.aborted) onAbort();
    });
  }

  private receive(
    response: IncomingMessage,
    offset: number,
    buffer: Buffer,
    settled: () => boolean,
    settle: (error?: unknown) => void,
  ): void {
    let filled = 0;
    response.on('data', (bytes: Buffer) => {
      // The caller may have its buffer back already.
      if (settled()) return;
      if (filled + bytes.length > buffer.length)
        return settle(this.protocol(`it sent more than the ${buffer.length} bytes that were asked for`));
      bytes.copy(buffer, filled);
      filled += bytes.length;
    });
    response.on('end', () => {
      if (filled === buffer.length) settle();
      else settle(this.lost(offset, new Error(`it sent ${filled} of ${buffer.length} bytes`)));
    });
    response.on('close', () => settle(this.lost(offset, new Error(`the connection ended after ${filled} of ${buffer.length} bytes`))));
  }

  /** What speaks against an answer; 'status' where its body may say why. */
  private judge(response: IncomingMessage, offset: number, length: number): OctopusError | 'status' | undefined {
    if (response.statusCode !== 206 && response.statusCode !== 200) return 'status';
    if (response.statusCode === 200) return this.protocol('it ignored the Range header (200 in place of 206)');
    const range = response.headers['content-range'] ?? '';
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range);
    if (match === null) return this.protocol(`its Content-Range '${range.slice(0, 80)}' is malformed`);
    const total = Number(match[3]);
    if (total !== this.size) {
      return new OctopusError('source.protocol', `The disk file on ${this.url.host} has ${total} bytes, but the disk has ${this.size}.`, {
        details: { seen: total, expected: this.size },
      });
    }
    if (Number(match[1]) !== offset || Number(match[2]) !== offset + length - 1)
      return this.protocol(`it answered ${range} to a request for ${length} bytes at ${offset}`);
    const said = response.headers['content-length'];
    if (said !== undefined && Number(said) !== length) return this.protocol(`its Content-Length is ${said}, not ${length}`);
    const encoding = response.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      return this.protocol(`it sent the encoding ${encoding}, which was not asked for`);
    return undefined;
  }

  private async statusError(response: IncomingMessage): Promise<OctopusError> {
    const status = response.statusCode ?? 0;
    const host = this.url.host;
    const details = { status };
    if (status === 401) return new OctopusError('source.session', `The session on ${host} has ended; log in again.`, { details });
    if (status === 403)
      return new OctopusError('source.denied', `${host} refuses the disk file: Datastore.Browse and Datastore.FileManagement are needed.`, {
        details,
      });
    if (status === 404) return new OctopusError('source.missing', `The disk file is not in the datastore on ${host}.`, { details });
    const locked = status === 423 || /lock/i.test(await beginning(response));
    if (locked)
      return new OctopusError('source.locked', `The disk file on ${host} is locked by a running machine; read it from a snapshot.`, {
        details,
      });
    if (status >= 500 || status === 408 || status === 429) {
      return new OctopusError('source.read', `${host} answered status ${status} to a read.`, { retryable: true, details });
    }
    return new OctopusError('source.protocol', `${host} answered status ${status} to a read.`, { details });
  }

  /** A broken connection; the next try opens another one. */
  private lost(offset: number, cause: unknown, neverOpened = false): OctopusError {
    const text = cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
    if (neverOpened)
      return new OctopusError('source.unreachable', `${this.url.host} cannot be reached: ${text}.`, { retryable: true, cause });
    this.reconnects++;
    return new OctopusError('source.read', `The read at ${offset} from ${this.url.host} broke off: ${text}.`, { retryable: true, cause });
  }

  private protocol(what: string): OctopusError {
    return new OctopusError('source.protocol', `${this.url.host} broke its protocol: ${what}.`);
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:')
    throw new OctopusError('argument.invalid', 'The URL of a disk file must begin with https://.', { field: 'url' });
  return url;
}

async function beginning(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= ERROR_BODY_BYTES) break;
    }
  } catch {
    // The status alone is answer enough.
  }
  return Buffer.concat(parts).toString('latin1', 0, ERROR_BODY_BYTES);
}
