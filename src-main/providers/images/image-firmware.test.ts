import { expect, test } from 'vitest';
import { firmwareOf } from './image-firmware.ts';

function disk(...types: string[]): Buffer {
  const head = Buffer.alloc(34 * 512);
  head.writeUInt16LE(0xaa55, 510);
  head[446 + 4] = 0xee;
  head.write('EFI PART', 512, 'latin1');
  head.writeUInt32LE(128, 512 + 84);
  for (const [index, type] of types.entries()) {
    const [a = '', b = '', c = '', ...rest] = type.split('-');
    const little = (hex: string) => Buffer.from(hex, 'hex').reverse();
    Buffer.concat([little(a), little(b), little(c), Buffer.from(rest.join(''), 'hex')]).copy(head, 1024 + index * 128);
  }
  return head;
}
const system = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const bios = '21686148-6449-6E6F-744E-656564454649';
const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';

test('a disk says how its machine starts', () => {
  expect(firmwareOf(disk(linux, system))).toBe('efi');
  expect(firmwareOf(disk(linux, bios, system))).toBe('bios');
  expect(firmwareOf(disk(linux))).toBeUndefined();
  const mbr = Buffer.alloc(1024);
  mbr.writeUInt16LE(0xaa55, 510);
  expect(firmwareOf(mbr)).toBeUndefined();
  mbr[446 + 4] = 0x83;
  expect(firmwareOf(mbr)).toBe('bios');
  mbr[446 + 16 + 4] = 0xef;
  expect(firmwareOf(mbr)).toBe('efi');
  expect(firmwareOf(Buffer.alloc(512))).toBeUndefined();
  expect(firmwareOf(Buffer.alloc(0))).toBeUndefined();
});
