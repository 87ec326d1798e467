import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

export interface ShownCertificate {
  thumbprint: string;
  subject: string;
  issuer: string;
  validFrom: string;
  validTo: string;
  /** For this address, by the authorities that this computer trusts. */
  trusted: boolean;
}

/** A TCP connection, or the system's error. */
export function connectTcp(host: string, port: number, timeoutMs: number, signal?: AbortSignal): Promise<net.Socket> {
  return opened(net.connect({ host, port, autoSelectFamily: true }), 'connect', timeoutMs, signal);
}

/** The TLS handshake on it and no byte more. Chain and name are looked at, but not insisted on. */
export async function shownCertificate(
  raw: net.Socket,
  host: string,
  authorities: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ShownCertificate> {
  const servername = net.isIP(host) === 0 ? host : '';
  const ca = [...systemAuthorities(), ...authorities];
  const socket = tls.connect({ socket: raw, host, servername, rejectUnauthorized: false, ca });
  try {
    await opened(socket, 'secureConnect', timeoutMs, signal);
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) throw Object.assign(new Error('the server shows no certificate'), { code: 'ENOCERT' });
    return told(certificate, socket.authorized);
  } finally {
    socket.destroy();
    raw.destroy();
  }
}

function told(certificate: X509Certificate, trusted: boolean): ShownCertificate {
  return {
    thumbprint: certificate.fingerprint256,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validTo: new Date(certificate.validTo).toISOString(),
    trusted,
  };
}

const oneLine = (name: string | undefined) => (name ?? '').split('\n').join(', ').slice(0, 500);

let known: string[] | undefined;
/** Node's own list and the system's. */
function systemAuthorities(): readonly string[] {
  try {
    known ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
  } catch {
    known = [...tls.rootCertificates];
  }
  return known;
}

function opened<Socket extends net.Socket>(socket: Socket, event: string, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      socket.destroy();
      reject(error);
    };
    const cancel = () => fail(signal?.reason);
    const timer = setTimeout(() => fail(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })), timeoutMs);
    if (signal?.aborted) return cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    socket.once('error', fail);
    socket.once('close', () => fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })));
    socket.once(event, () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      socket.removeAllListeners('close');
      // Whoever takes over listens for what comes later; nothing may go unheard until then.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
