import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress, TlsTrust } from '../protocol.ts';

/** IANA's port of NBD. */
const DEFAULT_PORT = 10809;
const DEFAULT_CONNECTIONS = 4;

/**
 * Reads nbd://host[:port][/export], nbds://…, nbd+unix:///[export]?socket=PATH and nbds+unix://…, after the NBD URI specification.
 * Own parameters: `connections=N` (1 to 16), and for TLS `thumbprint=AA:BB:…` (SHA-256) or `ca=FILE.pem`.
 */
export function parseNbdUri(text: string): NbdAddress {
  const scheme = /^(nbds?)(\+unix)?:\/\//i.exec(text);
  if (scheme === null) throw wrong(`'${text}' is not an NBD URI; write nbd://HOST:PORT/EXPORT or nbd+unix:///EXPORT?socket=PATH`);
  const unix = scheme[2] !== undefined;
  const secure = scheme[1]?.toLowerCase() === 'nbds';
  const named = text.slice(scheme[0].length).split(/[/?#]/, 1)[0] ?? '';
  if (!unix && (named === '' || named.startsWith(':'))) throw wrong(`'${text}' lacks its host: nbd://HOST:PORT/EXPORT`);
  let url: URL;
  try {
    // Only special schemes get all of the host checks; http stands in, with a port that it does not swallow.
    url = new URL(`http://${text.slice(scheme[0].length).replace(/^(?=[/?]|$)/, 'none')}`);
  } catch {
    throw wrong(`'${text}' is not a valid NBD URI: check the host and the port (1 to 65535)`);
  }
  if (url.username !== '' || url.password !== '') throw wrong('an NBD URI with a user name or password is not supported');
  if (url.hash !== '') throw wrong(`'${text}' holds '#', which must be written %23 in an export name`);
  const endpoint = unix ? unixEndpoint(text, named, url) : tcpEndpoint(text, named, url);
  const known = new Set(['socket', 'connections', 'thumbprint', 'ca']);
  for (const name of url.searchParams.keys()) {
    if (!known.has(name)) throw wrong(`the NBD URI's parameter '${name}' is not known; known are ${[...known].join(', ')}`);
  }
  const trust = secure ? trustOf(url) : undefined;
  if (!secure && (url.searchParams.has('thumbprint') || url.searchParams.has('ca'))) {
    throw wrong('thumbprint and ca are for TLS: write nbds:// in place of nbd://');
  }
  return { endpoint, exportName: exportNameOf(text, url), connections: connectionsOf(url), ...(trust === undefined ? {} : { tls: trust }) };
}

export function isNbdUri(text: string): boolean {
  return /^nbds?(\+unix)?:\/\//i.test(text);
}

function unixEndpoint(text: string, named: string, url: URL): NbdAddress['endpoint'] {
  if (named !== '') throw wrong(`'${text}' names a host; a unix URI has three slashes: nbd+unix:///EXPORT?socket=PATH`);
  const socketPath = url.searchParams.get('socket');
  if (socketPath === null || socketPath === '') throw wrong(`'${text}' lacks its socket: nbd+unix:///EXPORT?socket=PATH`);
  return { socketPath };
}

function tcpEndpoint(text: string, named: string, url: URL): NbdAddress['endpoint'] {
  if (url.searchParams.has('socket')) throw wrong('socket= is for nbd+unix:// only');
  const port = /:(\d+)$/.exec(named)?.[1];
  if (port === '0') throw wrong(`'${text}' is not a valid NBD URI: check the host and the port (1 to 65535)`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) };
}

function exportNameOf(text: string, url: URL): string {
  let name: string;
  try {
    name = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw wrong(`the export name of '${text}' is not valid percent-encoding`);
  }
  if (Buffer.byteLength(name) > 4096) throw wrong('the export name is longer than the 4096 bytes that NBD allows');
  return name;
}

function connectionsOf(url: URL): number {
  const text = url.searchParams.get('connections');
  if (text === null) return DEFAULT_CONNECTIONS;
  const connections = Number(text);
  if (!/^\d+$/.test(text) || connections < 1 || connections > 16) throw wrong(`connections=${text} must be a number from 1 to 16`);
  return connections;
}

function trustOf(url: URL): TlsTrust {
  const thumbprint = url.searchParams.get('thumbprint');
  const caFile = url.searchParams.get('ca');
  if ((thumbprint === null) === (caFile === null)) {
    throw wrong('nbds:// needs either ?thumbprint=AA:BB:… (SHA-256 of the server certificate) or ?ca=FILE.pem');
  }
  if (caFile !== null) return { caFile };
  const hex = (thumbprint ?? '').replaceAll(':', '').toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(hex)) throw wrong('the thumbprint must be 32 hex pairs: the SHA-256 of the server certificate');
  return { thumbprint: hex.replace(/(..)(?=.)/g, '$1:') };
}

function wrong(message: string): OctopusError {
  return new OctopusError('argument.invalid', `${message}.`, { field: 'uri' });
}
