import { expect, test } from 'vitest';
import { isPath, pathsOf, serviceUrl } from './address.ts';

test.each([
  ['vcenter.example', 'https://vcenter.example/sdk'],
  [' vcenter.example:8443 ', 'https://vcenter.example:8443/sdk'],
  ['https://vcenter.example/ui/', 'https://vcenter.example/sdk'],
  ['http://10.0.0.1', 'https://10.0.0.1/sdk'],
  ['https://proxy.example/vc1/sdk', 'https://proxy.example/vc1/sdk'],
  ['[fd00::1]', 'https://[fd00::1]/sdk'],
])('%s is %s', (typed, url) => expect(serviceUrl(typed)).toBe(url));

test.each(['', '   ', 'two words', 'ftp://vcenter.example', 'https://'])('%j is no address', (typed) => {
  expect(serviceUrl(typed)).toBeUndefined();
});

test('paths as a file manager copies them', () => {
  expect(pathsOf(' /srv/a.vmdk\r\n\n"C:\\disks\\b.vhdx"\n/srv/a.vmdk')).toEqual(['/srv/a.vmdk', 'C:\\disks\\b.vhdx']);
  expect(['/srv', 'C:\\disks', 'srv', ''].map(isPath)).toEqual([true, true, false, false]);
});
