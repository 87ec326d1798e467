import type { X509Certificate } from 'node:crypto';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { OctopusError } from '../../../workers/octopus-error.ts';

/** Milliseconds until a connection with TLS must stand. */
const CONNECT_TIMEOUT = 30_000;

/** Upper-case hex pairs joined by ':', whatever the separators and case given. Throws `argument.invalid`. */
export function normalizeThumbprint(thumbprint: string): string {
  const hex = thumbprint.replace(/[^0-9a-fA-F]/g, '').toUpperCase();
  if (hex.length !== 64 || /[^0-9a-fA-F:\s-]/.test(thumbprint.replace(/^sha-?256[:\s]+/i, ''))) {
    throw new OctopusError('argument.invalid', 'A thumbprint is the SHA-256 of the certificate: 32 pairs of hex digits joined by colons.', {
      field: 'thumbprint',
    });
  }
  return (hex.match(/../g) as string[]).join(':');
}

/**
 * Trusts exactly one certificate. Chain and name checks are off for these connections only, and the certificate is compared
 * before the socket is handed out, so that not one byte of a request (cookie, password) reaches another server.
 */
export class PinnedAgent extends https.Agent {
  readonly thumbprint: string;
  /** The pinned certificate, once a connection has shown it. */
  certificate: X509Certificate | undefined;
  readonly #destroyed = new AbortController();

  constructor(thumbprint: string) {
    super({ keepAlive: true, maxSockets: 16, maxFreeSockets: 4 });
    this.thumbprint = normalizeThumbprint(thumbprint);
  }

  // Answering by the callback alone makes Node wait for the comparison. No session is offered: a resumed one shows no certificate.
  override createConnection(options: tls.ConnectionOptions, callback?: (error: Error | null, stream: net.Socket) => void): undefined {
    connectTls(options, this.#destroyed.signal).then(
      (socket) => {
        const certificate = peerCertificate(socket);
        if (certificate?.fingerprint256 === this.thumbprint) {
          this.certificate = certificate;
          callback?.(null, socket);
          return;
        }
        socket.destroy();
        const shown = certificate?.fingerprint256 ?? 'none';
        const message = `The server's certificate is not the accepted one: it shows the SHA-256 thumbprint ${shown}, accepted was ${this.thumbprint}. If the certificate was renewed, accept the new thumbprint.`;
        callback?.(new OctopusError('source.certificate', message, { details: { shown, accepted: this.thumbprint } }), socket);
      },
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  }

  // Node's own forgets those that are still connecting: they came into a pool that nobody would close any more.
  override destroy(): void {
    this.#destroyed.abort();
    super.destroy();
  }
}

function peerCertificate(socket: tls.TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate();
}

/** `signal` ends it while it connects. */
function connectTls(options: tls.ConnectionOptions, signal?: AbortSignal): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const ended = () => Object.assign(new Error('the connection is not wanted any more'), { code: 'ECONNABORTED' });
    if (signal?.aborted) return reject(ended());
    const host = options.host ?? 'localhost';
    const socket = tls.connect({
      host,
      port: Number(options.port ?? 443),
      // An address is not a valid server name.
      servername: net.isIP(host) === 0 ? host : '',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('connecting timed out'), { code: 'ETIMEDOUT' })),
      CONNECT_TIMEOUT,
    );
    const end = () => socket.destroy(ended());
    signal?.addEventListener('abort', end, { once: true });
    const failed = (error: Error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('close', () => failed(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      socket.removeListener('error', failed);
      // Until the HTTP client takes over, an error must not go unheard.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** The SHA-256 thumbprint that a server shows: for a person to compare and accept. Sends nothing but the TLS handshake. */
export async function fetchThumbprint(url: string, signal?: AbortSignal): Promise<string> {
  const { hostname, port } = new URL(url);
  signal?.throwIfAborted();
  let socket: tls.TLSSocket;
  try {
    socket = await connectTls({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) } as tls.ConnectionOptions);
  } catch (error) {
    throw unreachable(url, error);
  }
  const certificate = peerCertificate(socket);
  socket.destroy();
  if (certificate === undefined) throw new OctopusError('source.protocol', `${hostname} showed no certificate.`);
  return certificate.fingerprint256;
}

export function unreachable(url: string, cause: unknown): OctopusError {
  const { host } = new URL(url);
  const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  return new OctopusError('source.unreachable', `${host} cannot be reached (${reason}).`, { retryable: true, cause, details: { reason } });
}
