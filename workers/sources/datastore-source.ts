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
  private readonly turns: Turns;

  constructor(descriptor: DatastoreDescriptor, options: DatastoreOptions) {
    this.descriptor = descriptor;
    this.options = options;
    this.size = descriptor.size;
    this.parallelism = Math.min(16, Math.max(1, descriptor.connections));
    this.turns = new Turns(this.parallelism);
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
        // The agent counts a connection only once it is open; without turns a burst of reads would open one each.
        await this.turns.take(both);
        try {
          return await this.readOnce(offset, buffer, both);
        } finally {
          this.turns.give();
        }
      } catch (error) {
        this.check(signal);
        const known = error instanceof OctopusError ? error : this.brokenOff(offset, error);
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
      const finish = () => {
        settled = true;
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (error: unknown) => {
        if (settled) return;
        finish();
        // A connection whose answer is not wanted to its end cannot carry another request.
        request.destroy();
        reject(error);
      };
      const lost = (cause: unknown) => {
        if (settled) return;
        this.reconnects++;
        fail(this.brokenOff(offset, cause));
      };
      const onAbort = () => fail(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('timeout', () => lost(new Error(`no byte for ${this.options.idleMs / 1000} s`)));
      request.on('error', (error) => {
        if (error instanceof OctopusError) fail(error);
        // Without a socket nothing was lost: it could not be opened.
        else if (request.socket === null) fail(this.unreachable(error));
        else lost(error);
      });
      request.on('response', (response) => {
        response.on('error', lost);
        const refusal = this.judge(response, offset, buffer.length);
        if (refusal === 'status') void this.statusError(response).then(fail, fail);
        else if (refusal !== undefined) fail(refusal);
        else {
          let filled = 0;
          response.on('data', (bytes: Buffer) => {
            // The caller may have its buffer back already.
            if (settled) return;
            if (filled + bytes.length > buffer.length) {
              fail(this.protocol(`it sent more than the ${buffer.length} bytes that were asked for`));
              return;
            }
            bytes.copy(buffer, filled);
            filled += bytes.length;
          });
          response.on('end', () => {
            if (settled || filled < buffer.length) return;
            finish();
            // By then the agent has its connection back, for the next read to use.
            setImmediate(resolve);
          });
          response.on('close', () => lost(new Error(`the answer ended after ${filled} of ${buffer.length} bytes`)));
        }
      });
      request.end();
      if (signal.aborted) onAbort();
    });
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

  private brokenOff(offset: number, cause: unknown): OctopusError {
    return new OctopusError('source.read', `The read at ${offset} from ${this.url.host} broke off: ${reason(cause)}.`, {
      retryable: true,
      cause,
    });
  }

  private unreachable(cause: unknown): OctopusError {
    return new OctopusError('source.unreachable', `${this.url.host} cannot be reached: ${reason(cause)}.`, { retryable: true, cause });
  }

  private protocol(what: string): OctopusError {
    return new OctopusError('source.protocol', `${this.url.host} broke its protocol: ${what}.`);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
}

/** So many at a time, the others in order. */
class Turns {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  async take(signal: AbortSignal): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const mine = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        const at = this.waiting.indexOf(mine);
        if (at >= 0) this.waiting.splice(at, 1);
        reject(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(mine);
    });
  }

  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
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
