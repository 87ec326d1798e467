import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStatus } from './status.ts';
import { keepingTerminal } from './testing/run-command.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('without a terminal: a plain line every five seconds, also when nothing moves', () => {
  const { terminal: plain, err: lines } = keepingTerminal();
  using status = openStatus(plain);
  status.show('copy 1 %');
  vi.advanceTimersByTime(4000);
  status.show('copy 2 %');
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(lines).toEqual(['copy 2 %']);
  vi.advanceTimersByTime(5000);
  expect(lines.slice(1)).toEqual(['copy 2 % (for 6 s)']);
  status.clear();
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(2);
});

test('on a terminal it is drawn at once, and no line is added', () => {
  const { terminal: screen, err: lines, drawn } = keepingTerminal({ interactive: true });
  using status = openStatus(screen);
  status.show('copy 1 %');
  vi.advanceTimersByTime(60_000);
  expect(drawn).toEqual(['copy 1 %']);
  expect(lines).toEqual([]);
});
