import { readFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { OctopusError } from './octopus-error.ts';
import type { TlsTrust } from './protocol.ts';

/**
 * Opens TLS to a peer that is trusted by exactly one certificate or by a CA file. Nothing but the handshake has been sent when it
 * answers, so no secret ever reaches a peer with another certificate. The socket is destroyed when it throws.
 */
export async function connectTrusted(
  peer: { host: string; port: number } | { host: string; socket: net.Socket },
  trust: TlsTrust,
  options: { signal?: AbortSignal | undefined; timeoutMs: number },
): Promise<tls.TLSSocket> {
  const pinned = 'thumbprint' in trust;
  const socket = tls.connect({
    ...('socket' in peer ? { socket: peer.socket, host: peer.host } : { host: peer.host, port: peer.port }),
    // SNI names hosts only; an address in it is refused by RFC 6066.
    ...(net.isIP(peer.host) ? {} : { servername: peer.host }),
    // The pin replaces the chain check for this one connection: the thumbprint is compared below, before anything is sent.
    ...(pinned ? { rejectUnauthorized: false } : { ca: await readAuthority(trust.caFile) }),
  });
  try {
    await handshakeDone(socket, options);
  } catch (error) {
    socket.destroy();
    if (error instanceof Error && isChainFailure(error)) {
      throw new OctopusError('source.certificate', `The certificate of ${peer.host} is not trusted: ${error.message}.`, { cause: error });
    }
    throw error;
  }
  if (pinned) {
    const seen = socket.getPeerCertificate().fingerprint256;
    if (seen === undefined || normalize(seen) !== normalize(trust.thumbprint)) {
      socket.destroy();
      throw new OctopusError(
        'source.certificate',
        `The certificate of ${peer.host} has the thumbprint ${seen ?? '(none)'}, not the accepted ${trust.thumbprint}. Accept it anew if the change is known.`,
        { details: { seen: seen ?? '', accepted: trust.thumbprint } },
      );
    }
  }
  socket.setNoDelay(true);
  return socket;
}

function normalize(thumbprint: string): string {
  return thumbprint.replaceAll(':', '').toUpperCase();
}

async function readAuthority(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new OctopusError('argument.invalid', `The CA file ${file} cannot be read.`, { field: 'caFile', cause: error });
  }
}

function isChainFailure(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return /CERT|SIGNED|ISSUER|VERIFY|TLS_CERT_ALTNAME/.test(code);
}

function handshakeDone(socket: tls.TLSSocket, options: { signal?: AbortSignal | undefined; timeoutMs: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('the TLS handshake took too long')), options.timeoutMs);
    const onAbort = () => fail(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
    const onClose = () => fail(new Error('the connection was closed during the TLS handshake'));
    const done = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.off('secureConnect', onSecure).off('close', onClose);
    };
    const fail = (error: Error) => {
      done();
      reject(error);
    };
    const onSecure = () => {
      done();
      socket.off('error', fail);
      resolve();
    };
    // The error listener stays after a failure: a destroyed socket may report once more.
    socket.on('secureConnect', onSecure).on('error', fail).on('close', onClose);
    if (options.signal?.aborted) onAbort();
    else options.signal?.addEventListener('abort', onAbort, { once: true });
  });
}
