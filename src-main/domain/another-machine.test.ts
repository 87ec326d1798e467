import { expect, test } from 'vitest';
import { isAnotherMachine } from './another-machine.ts';
import type { MachineInventory } from './machine.ts';

const disk = (key: number, capacity: number, objectId = `101-${key}`) => ({ key, objectId, capacity }) as MachineInventory['disks'][number];
const machine = (name: string, ...disks: MachineInventory['disks']) => ({ name, instanceUuid: 'i', disks }) as MachineInventory;

test.each([
  ['the same', machine('web', disk(2000, 5)), false],
  ['renamed', machine('www', disk(2000, 5)), false],
  ['renamed and registered anew', machine('www', disk(2000, 5, '202-2000')), false],
  ['renamed, with one disk grown', machine('www', disk(2000, 9), disk(2001, 7)), false],
  ['grown', machine('web', disk(2000, 9)), false],
  ['all its disks replaced', machine('web', disk(2003, 9, 'x')), false],
  ['read without its disks', machine('www'), false],
  ['another, whose disks have the same keys', machine('file server', disk(2000, 169), disk(2001, 170)), true],
  ['another', machine('file server', disk(2004, 5, 'x')), true],
])('%s', (_what, now, another) => {
  expect(isAnotherMachine(machine('web', disk(2000, 5), disk(2001, 7)), now)).toBe(another);
});
