import { BlockList, isIP } from 'node:net';
import { OctopusError } from '../../workers/octopus-error.ts';

/** Whose X-Forwarded-* headers are believed: addresses, networks like 10.0.0.0/8, or `loopback`. */
export function createTrustedProxies(list: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const entry of list.flatMap((one) => (one === 'loopback' ? ['127.0.0.0/8', '::1'] : [one]))) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 || !Number.isInteger(length) || length < 0 || length > most) {
      throw new OctopusError('argument.invalid', `'${entry}' is no address or network of a proxy.`, { field: 'trust-proxy' });
    }
    trusted.addSubnet(address, length, family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
