import { expect, test, vi } from 'vitest';
import { progressOf } from './progress.ts';
import { keepingTerminal } from './testing/run-command.ts';

test.each([
  [true, '1.0 MiB/s sent'],
  [false, '50.0 MiB/s'],
])('the rate, limited: %j', (limited, expected) => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const { terminal, drawn } = keepingTerminal({ interactive: true });
    const draw = progressOf(terminal, limited);
    const MiB = 2 ** 20;
    draw({ activity: 'copy', done: 0, total: 1000 * MiB, counts: { sent: 0 } });
    vi.advanceTimersByTime(10_000);
    // Most of it is zeros.
    draw({ activity: 'copy', done: 500 * MiB, total: 1000 * MiB, counts: { sent: 10 * MiB } });
    expect(drawn.at(-1)).toMatch(new RegExp(`50 %  500\\.0 MiB of 1000\\.0 MiB  ${expected}$`));
  } finally {
    vi.useRealTimers();
  }
});
