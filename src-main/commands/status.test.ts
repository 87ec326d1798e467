import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Terminal } from './command.ts';
import { openStatus } from './status.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function terminal(interactive: boolean) {
  const lines: string[] = [];
  const drawn: string[] = [];
  const it = { interactive, err: (line: string) => lines.push(line), status: (line: string) => drawn.push(line) };
  return { terminal: it as unknown as Terminal, lines, drawn };
}

test('without a terminal: a plain line every five seconds, also when nothing moves', () => {
  const { terminal: plain, lines } = terminal(false);
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
  const { terminal: screen, lines, drawn } = terminal(true);
  using status = openStatus(screen);
  status.show('copy 1 %');
  vi.advanceTimersByTime(60_000);
  expect(drawn).toEqual(['copy 1 %']);
  expect(lines).toEqual([]);
});
