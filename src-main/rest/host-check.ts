import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { OctopusError } from '../../workers/octopus-error.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The IP address to listen on. One that others can reach is refused without TLS: passwords and tokens would cross the network in the clear. */
export async function listenAddress(wanted: string, tls: boolean): Promise<string> {
  const address = isIP(wanted) ? wanted : await resolve(wanted);
  if (!tls && !isLoopback(address)) {
    throw new OctopusError(
      'argument.invalid',
      `Octopus listens on ${wanted} only with TLS: give a certificate and its key, or stay on 127.0.0.1.`,
      { field: 'address' },
    );
  }
  return address;
}

async function resolve(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    throw new OctopusError('argument.invalid', `'${name}' is no address of this machine.`, { field: 'address', cause });
  }
}

/** The name in a Host header or an origin, without port and brackets; undefined where it is none. */
export function hostName(header: string | undefined): string | undefined {
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header)) return undefined;
  if (!URL.canParse(`http://${header}`)) return undefined;
  return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/**
 * Which names this server answers to. A page on another site can point its own name at 127.0.0.1 (DNS rebinding) but cannot change the Host
 * header. Ports do not matter: through a tunnel or a proxy they differ.
 */
export function createHostCheck(address: string, names: readonly string[]): (header: string | undefined) => boolean {
  const accepted = new Set(['localhost', ...names.map((name) => hostName(name) ?? name.toLowerCase())]);
  // Listening on all addresses: which of them was used shows in no setting, and an address cannot be rebound.
  const any = address === '0.0.0.0' || address === '::';
  return (header) => {
    const name = hostName(header);
    if (name === undefined) return false;
    return accepted.has(name) || name === address || isLoopback(name) || (any && isIP(name) !== 0);
  };
}
