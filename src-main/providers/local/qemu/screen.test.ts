import { expect, test } from 'vitest';
import { consoleMatcher } from './expectation.ts';
import { findDeadEnd, findSystemLine, isKernelRunning, plainConsole, readPpm, textLines } from './screen.ts';

const ppm = (pixels: number[]) => Buffer.concat([Buffer.from(`P6\n${pixels.length / 3} 1\n255\n`), Buffer.from(pixels)]);

test('a screen that shows no more than a cursor is blank, and what is no picture is none', () => {
  const picture = (drawn: number) => ppm(Array.from({ length: 3000 }, (_, index) => (index < drawn * 3 ? 200 : 9)));
  expect(readPpm(picture(0))).toMatchObject({ width: 1000, height: 1, blank: true });
  expect(readPpm(picture(16))).toMatchObject({ blank: true });
  expect(readPpm(picture(300))).toMatchObject({ blank: false });
  expect(readPpm(Buffer.from('P5\n1 1\n255\n0'))).toBeUndefined();
  expect(readPpm(ppm([9, 8, 7]).subarray(0, -1))).toBeUndefined();
});

test('text memory becomes lines', () => {
  const memory = Buffer.alloc(80 * 25 * 2);
  for (const [index, character] of [...'login:'].entries()) memory.write(character, 160 * 3 + index * 2, 'latin1');
  expect(textLines(memory)).toEqual(['login:']);
});

test('what the firmware says is told apart from a system and from a dead end', () => {
  const firmware = ['SeaBIOS (version 1.16.2)', 'iPXE (https://ipxe.org)', 'Booting from Hard Disk...'];
  expect(findSystemLine(firmware)).toBeUndefined();
  expect(findDeadEnd(firmware)).toBeUndefined();
  expect(findSystemLine([...firmware, 'Debian GNU/Linux 12 web tty1'])).toBe('Debian GNU/Linux 12 web tty1');
  expect(findSystemLine([...firmware, 'No bootable device.'])).toBeUndefined();
  expect(findDeadEnd([...firmware, 'No bootable device.'])).toBe('No bootable device.');
});

test('the console is compared without control sequences, as text or as an expression', () => {
  const text = plainConsole(Buffer.from('\x1b[2J\x1b[01;01Hboot\r\n\x1b[1mweb login:\x1b[0m \r\nend'));
  expect(consoleMatcher('login:')(text)).toBe('web login:');
  expect(consoleMatcher('/^WEB\\b.*:/im')(text)).toBe('web login:');
  expect(consoleMatcher('/absent/')(text)).toBeUndefined();
  expect(() => consoleMatcher('/(/')).toThrow(/cannot be compared/);
  expect(() => consoleMatcher(' ')).toThrow(/empty/);
});

test('a kernel is known by where it runs', () => {
  const dump = (pointer: string, cr0: string) =>
    `\r\nCPU#0\r\nRAX=0000000000000000 RBX=0\r\n${pointer} EFL=00000046\r\nCR0=${cr0} CR2=0\r\n`;
  expect(isKernelRunning(dump('RIP=000000007e1b2c3d', '80010033'))).toBe(false);
  expect(isKernelRunning(dump('RIP=ffffffff81e0f00b', '80050033'))).toBe(true);
  expect(isKernelRunning(dump('RIP=fffff8017a2b0c00', '80050033'))).toBe(true);
  expect(isKernelRunning(dump('EIP=000f3a2b', '00000011'))).toBe(false);
  expect(isKernelRunning(dump('EIP=fffffff0', '60000010'))).toBe(false);
  expect(isKernelRunning(dump('EIP=c0101234', '8005003b'))).toBe(true);
  expect(isKernelRunning(dump('EIP=00007c00', '00000010') + dump('RIP=ffffffff81e0f00b', '80050033'))).toBe(true);
});
