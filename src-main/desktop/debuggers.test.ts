import { expect, test } from 'vitest';
import { refusedDebugger } from './debuggers.ts';

const packed = { isPackaged: true, isNodeOpen: false };

test.each([
  '--remote-debugging-port=9222',
  '--remote-debugging-port',
  '--remote-debugging-pipe',
  '--inspect',
  '--inspect-brk=0',
  '-inspect',
])('a packed application refuses %s', (argument) => {
  expect(refusedDebugger(['--hidden', argument], packed)).toBe(argument.replace(/=.*/, ''));
  expect(refusedDebugger([argument], { isPackaged: false, isNodeOpen: false })).toBeUndefined();
  expect(refusedDebugger([argument], { isPackaged: true, isNodeOpen: true })).toBeUndefined();
});

test('what is no debugger passes', () => {
  expect(refusedDebugger(['--data', '/inspect', '--hidden', '--inspector-of-goods', '--no-sandbox', 'inspect'], packed)).toBeUndefined();
});
