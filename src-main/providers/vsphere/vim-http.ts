import https from 'node:https';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { type PinnedAgent, unreachable } from './pinned-agent.ts';

/** Bytes of the largest answer that is read: 5,000 machines are about 30 MB in pages of a few MB. */
const MAX_ANSWER = 256 * 1024 * 1024;

/** What one call hands to the HTTP client below, through the soap package's options. */
export interface RequestContext {
  cookie: string | undefined;
  /** Milliseconds of silence after which the server counts as unreachable. */
  idleMs: number;
  signal: AbortSignal | undefined;
  onCookie?: (cookie: string) => void;
  /** Takes the body of a good answer; the soap package then sees an empty envelope instead of parsing it. */
  take?: (body: string) => void;
}

export interface HttpAnswer {
  status: number;
  body: string;
}

export interface HttpRequest {
  method: string;
  headers: Record<string, string | number>;
  body?: string;
  signal: AbortSignal | undefined;
  idleMs: number;
  agent: https.Agent;
  onHeaders?: (headers: NodeJS.Dict<string | string[]>) => void;
}

/** One exchange. A connection that breaks, also in the middle of the answer, is `source.unreachable`. */
export function exchange(url: string, request: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      if (error instanceof OctopusError) reject(error);
      else if (request.signal?.aborted) reject(new OctopusError('operation.cancelled', 'The operation was cancelled.', { cause: error }));
      else reject(unreachable(url, error));
    };
    const { method, headers, agent, signal } = request;
    const sent = https.request(url, { method, headers, agent, ...(signal === undefined ? {} : { signal }) }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      request.onHeaders?.(answer.headers);
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > MAX_ANSWER) answer.destroy(new OctopusError('source.protocol', 'The server answers without an end.'));
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      answer.on('error', fail);
      answer.on('close', () => fail(new Error('the answer was cut short')));
    });
    sent.setTimeout(request.idleMs, () => sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
    sent.on('error', fail);
    sent.end(request.body);
  });
}

const EMPTY_ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>';

type SoapCallback = (error: unknown, response?: unknown, body?: string) => void;

/** The soap package's HTTP client: pinned TLS, the session's cookie verbatim, cancellation, and raw bodies where asked. */
export class VimHttpClient {
  readonly #agent: PinnedAgent;

  constructor(agent: PinnedAgent) {
    this.#agent = agent;
  }

  request(
    url: string,
    body: string,
    callback: SoapCallback,
    headers: Record<string, string>,
    options: { context: RequestContext },
  ): undefined {
    const { context } = options;
    const all: Record<string, string | number> = { ...headers, 'Content-Length': Buffer.byteLength(body) };
    if (context.cookie !== undefined) all.Cookie = context.cookie;
    exchange(url, {
      method: 'POST',
      headers: all,
      body,
      signal: context.signal,
      idleMs: context.idleMs,
      agent: this.#agent,
      onHeaders: (answered) => {
        for (const line of answered['set-cookie'] ?? []) {
          // Verbatim up to the attributes: real values are quoted and must go back as they came.
          const cookie = line.split(';', 1)[0] as string;
          if (cookie.startsWith('vmware_soap_session=')) context.onCookie?.(cookie);
        }
      },
    }).then(
      (answer) => {
        if (answer.status !== 200 && !/<[^>]*Fault[\s>]/.test(answer.body)) return callback(notSoap(url, answer));
        let text = answer.body;
        if (answer.status === 200 && context.take !== undefined) {
          context.take(text);
          text = EMPTY_ENVELOPE;
        }
        return callback(null, { status: answer.status, headers: {}, data: text }, text);
      },
      (error) => callback(error),
    );
    return undefined;
  }
}

/** A proxy, or a vCenter that starts up, answers 502, 503 or an HTML page. */
function notSoap(url: string, answer: HttpAnswer): OctopusError {
  const { host } = new URL(url);
  const details = { status: answer.status };
  if (answer.status >= 500 || answer.status === 429) {
    const message = `${host} answers HTTP ${answer.status}: its service is not available at the moment.`;
    return new OctopusError('source.unreachable', message, { retryable: true, details });
  }
  return new OctopusError('source.protocol', `${host} answers HTTP ${answer.status}: there is no vSphere service at this address.`, {
    details,
  });
}
