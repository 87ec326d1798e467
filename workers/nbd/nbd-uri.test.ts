import { describe, expect, it } from 'vitest';
import { OctopusError } from '../octopus-error.ts';
import { isNbdUri, parseNbdUri } from './nbd-uri.ts';

const print = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':');

describe('parseNbdUri', () => {
  it.each([
    ['nbd://host', { endpoint: { host: 'host', port: 10809 }, exportName: '', connections: 4 }],
    ['nbd://host/', { endpoint: { host: 'host', port: 10809 }, exportName: '', connections: 4 }],
    ['nbd://Host.example:80/a%20b/c', { endpoint: { host: 'host.example', port: 80 }, exportName: 'a b/c', connections: 4 }],
    ['nbd://[::1]:10810/x?connections=16', { endpoint: { host: '::1', port: 10810 }, exportName: 'x', connections: 16 }],
    ['nbd+unix:///?socket=/run/a.sock', { endpoint: { socketPath: '/run/a.sock' }, exportName: '', connections: 4 }],
    ['nbd+unix://?socket=/run/a.sock', { endpoint: { socketPath: '/run/a.sock' }, exportName: '', connections: 4 }],
    ['nbd+unix:///disk%231?socket=a%20b', { endpoint: { socketPath: 'a b' }, exportName: 'disk#1', connections: 4 }],
    [
      'nbds://h/e?ca=/etc/ca.pem',
      { endpoint: { host: 'h', port: 10809 }, exportName: 'e', connections: 4, tls: { caFile: '/etc/ca.pem' } },
    ],
    [
      `nbds+unix:///e?socket=/s&thumbprint=${print.replaceAll(':', '').toLowerCase()}`,
      { endpoint: { socketPath: '/s' }, exportName: 'e', connections: 4, tls: { thumbprint: print } },
    ],
  ])('reads %s', (uri, address) => {
    expect(isNbdUri(uri)).toBe(true);
    expect(parseNbdUri(uri)).toEqual(address);
  });

  it.each([
    ['disk.raw', /not an NBD URI/],
    ['http://host/', /not an NBD URI/],
    ['nbd://', /lacks its host/],
    ['nbd:///export', /lacks its host/],
    ['nbd://:10809/', /lacks its host/],
    ['nbd://host:0/', /1 to 65535/],
    ['nbd://host:70000/', /1 to 65535/],
    ['nbd://host:x/', /1 to 65535/],
    ['nbd://user@host/', /user name/],
    ['nbd://host/a#b', /%23/],
    ['nbd://host/%zz', /percent-encoding/],
    ['nbd://host/?conections=3', /'conections' is not known/],
    ['nbd://host/?connections=0', /1 to 16/],
    ['nbd://host/?connections=17', /1 to 16/],
    ['nbd://host/?socket=/a', /nbd\+unix/],
    ['nbd://host/?ca=/a', /nbds:\/\//],
    ['nbd+unix:///', /lacks its socket/],
    ['nbd+unix://host/?socket=/a', /three slashes/],
    ['nbds://host/', /thumbprint=/],
    ['nbds://host/?thumbprint=AB', /32 hex pairs/],
    [`nbds://host/?thumbprint=${print}&ca=/a`, /either/],
    [`nbd://host/${'x'.repeat(4097)}`, /4096/],
  ])('refuses %s', (uri, reason) => {
    let error: unknown;
    try {
      parseNbdUri(uri);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(OctopusError);
    expect(error).toMatchObject({ code: 'argument.invalid', field: 'uri' });
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).not.toContain('\n');
  });
});
