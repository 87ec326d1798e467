import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import tls, { connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, type Entry } from 'ldapts';
import { type DirectoryStep, describeFailure } from './failure.ts';
import type { DirectoryServer, DirectorySettings } from './settings.ts';

const startTlsRequest = '1.3.6.1.4.1.1466.20037'; // RFC 4511, section 4.14.1

export interface SearchRequest {
  scope: 'base' | 'sub';
  filter: string;
  attributes: string[];
  /** The server answers no more entries than this. */
  sizeLimit?: number;
  paged?: boolean;
}

/** One connection, inside TLS; it never reconnects by itself. Errors of `bind` and `search` are raw: see describeFailure. */
export interface DirectoryConnection extends AsyncDisposable {
  readonly server: DirectoryServer;
  bind(dn: string, password: string): Promise<void>;
  search(base: string, request: SearchRequest): Promise<Entry[]>;
}

/** `onStep` hears what is tried next. Rejects with an OctopusError that says which step failed. */
export async function openConnection(
  server: DirectoryServer,
  settings: DirectorySettings,
  signal?: AbortSignal,
  onStep: (step: DirectoryStep) => void = () => {},
): Promise<DirectoryConnection> {
  let step: DirectoryStep = 'resolve';
  const begin = (next: DirectoryStep) => {
    signal?.throwIfAborted();
    step = next;
    onStep(next);
  };
  const timeout = settings.connectTimeoutMs;
  let socket: Socket | undefined;
  try {
    begin('resolve');
    const addresses = await within(timeout, lookup(server.host, { all: true }));
    begin('connect');
    socket = connectTcp({
      host: server.host,
      port: server.port,
      // The answer of the step before; Node tries the addresses in turn.
      lookup: (_host, options, callback) => {
        if (options.all) callback(null, addresses);
        else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
      },
    });
    await opened(socket, 'connect', timeout, signal);
    begin('tls');
    if (!server.immediateTls) await requestTls(socket, settings);
    socket.on('error', () => {});
    const secure = connectTls({
      socket,
      // Not the socket's own idea of its name: the certificate must be for what the person typed.
      host: server.host,
      ...(isIP(server.host) ? {} : { servername: server.host }),
      ca: trusted(settings),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
    });
    await opened(secure, 'secureConnect', timeout, signal);
    // Until ldapts listens itself; the next operation fails in any case.
    secure.on('error', () => {});
    return overSocket(server, secure, settings, signal);
  } catch (error) {
    socket?.destroy();
    if (signal?.aborted) throw signal.reason;
    throw describeFailure(step, server, error);
  }
}

function overSocket(server: DirectoryServer, socket: TLSSocket, settings: DirectorySettings, signal?: AbortSignal): DirectoryConnection {
  const client = new Client({
    url: `ldaps://${isIP(server.host) === 6 ? `[${server.host}]` : server.host}:${server.port}`,
    timeout: settings.operationTimeoutMs,
    createSecureConnection: once(socket),
  });
  const stop = () => socket.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  async function unlessAborted<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw error;
    }
  }
  return {
    server,
    async bind(dn, password) {
      // RFC 4513, section 5.1.2: without a password a bind succeeds as nobody, which proves nothing.
      if (dn === '' || password === '') throw new Error('A bind needs a name and a password.');
      await unlessAborted(() => client.bind(dn, password));
    },
    async search(base, request) {
      const { searchEntries } = await unlessAborted(() =>
        client.search(base, {
          ...request,
          derefAliases: 'never',
          timeLimit: Math.ceil(settings.operationTimeoutMs / 1000),
        }),
      );
      // Referrals (searchReferences) are dropped: another server would get the service account's password.
      return searchEntries;
    },
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', stop);
      await client.unbind().catch(() => {});
      socket.destroy();
    },
  };
}

/** Asks for TLS on a plain connection. Whatever else came in the clear stays with the client that is dropped here. */
async function requestTls(socket: Socket, settings: DirectorySettings): Promise<void> {
  const client = new Client({ url: 'ldap://plain', timeout: settings.operationTimeoutMs, createConnection: once(socket) });
  await client.exop(startTlsRequest);
  socket.removeAllListeners('data');
  socket.removeAllListeners('error');
}

/** ldapts opens a new connection when one is lost; a bind would then go out over it, whatever it is. So there is only one. */
function once<Connection extends Socket>(socket: Connection): () => Connection {
  let taken = false;
  return () => {
    // ldapts would wait for ever for a socket that is no longer open.
    if (taken || socket.readyState !== 'open') throw new Error('The connection was lost');
    taken = true;
    return socket;
  };
}

function trusted(settings: DirectorySettings): string[] {
  if (settings.ca !== undefined) return [settings.ca];
  // Older than Node 22.15, which an Electron may be: the system's authorities cannot be asked for.
  if (!('getCACertificates' in tls)) return [...(tls as typeof import('node:tls')).rootCertificates];
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
}

function opened(socket: Socket, event: 'connect' | 'secureConnect', milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.off(event, ready).off('error', end).off('close', closed);
      signal?.removeEventListener('abort', stop);
      if (!error) return resolve();
      // A later error of a socket that is being destroyed interests nobody.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const ready = () => end();
    const closed = () => end(new Error('The connection was closed'));
    const stop = () => end(new Error('Cancelled'));
    const timer = setTimeout(() => end(new Error(`timed out after ${milliseconds} ms`)), milliseconds);
    socket.once(event, ready).once('error', end).once('close', closed);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function within<Answer>(milliseconds: number, work: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
