import { beginsAt } from '../domain/quiet-until.ts';
import type { QuietWindow, Timing } from '../domain/schedule.ts';
import { nextAfter } from './timing.ts';

/** The next times at which it begins, the soonest first: what is planned several times within one window begins once. */
export function beginTimes(
  { timing, windows, createdAt }: { timing: Timing; windows: readonly QuietWindow[]; createdAt: string },
  now: Date,
  count: number,
): string[] {
  const times: string[] = [];
  let after = now.getTime();
  while (times.length < count) {
    const planned = nextAfter(timing, createdAt, new Date(after));
    if (planned === undefined) break;
    const begins = beginsAt(windows, planned);
    if (begins !== times.at(-1)) times.push(begins);
    // What is planned for the very end of the window is the same beginning.
    after = Math.max(Date.parse(planned), Date.parse(begins) - 1);
  }
  return times;
}
