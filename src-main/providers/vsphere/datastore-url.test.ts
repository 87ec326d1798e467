import { describe, expect, it } from 'vitest';
import { datastoreUrl } from './datastore-url.ts';
import type { DiskDevice } from './machine-inventory.ts';

const disk = (changes: Partial<DiskDevice> = {}): DiskDevice => ({
  key: 2000,
  objectId: '1-2000',
  label: 'Hard disk 1',
  capacity: 1024,
  datastore: 'ds',
  path: '[ds] vm/vm.vmdk',
  thin: true,
  excluded: undefined,
  changeId: undefined,
  datastoreRef: 'datastore-1',
  untrackable: undefined,
  hasParent: false,
  encrypted: false,
  ...changes,
});

describe('the address of a flat extent', () => {
  it('is encoded in each part', () => {
    const path = '[SAN 1 & 2] web #1/100%/ä?_1.vmdk';
    expect(datastoreUrl('https://vc.example:8443/sdk', disk({ path }), 'Nord/DC a%2fb', 'VMFS')).toBe(
      'https://vc.example:8443/folder/web%20%231/100%25/%C3%A4%3F_1-flat.vmdk?dcPath=Nord%2FDC%20a%252fb&dsName=SAN%201%20%26%202',
    );
  });
  it.each([
    ['an older snapshot below', disk({ hasParent: true }), 'VMFS', /older snapshots/],
    ['a delta file', disk({ path: '[ds] vm/vm-000002.vmdk' }), 'VMFS', /older snapshots/],
    ['vSAN', disk(), 'vsan', /of type vsan/],
    ['vVol', disk(), 'VVOL', /of type VVOL/],
    ['encryption', disk({ encrypted: true }), 'VMFS', /encrypted/],
    ['an independent disk', disk({ excluded: 'It is an independent disk.' }), 'VMFS', /independent/],
    ['no file', disk({ path: '' }), 'VMFS', /no flat extent/],
  ])('does not exist for %s', (_what, device, type, sentence) => {
    expect(() => datastoreUrl('https://h/sdk', device, 'DC', type)).toThrow(sentence);
  });
});
