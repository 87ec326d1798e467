import { expect, test } from 'vitest';
import { beginsAt } from '../domain/quiet-until.ts';
import type { QuietWindow, Timing } from '../domain/schedule.ts';
import { beginTimes } from './begin-times.ts';

const working = [1, 2, 3, 4, 5];
const every = [1, 2, 3, 4, 5, 6, 7];
const quiet = (days: number[], from: string, to: string): QuietWindow => ({ zone: 'UTC', days, from, to });
const times = (timing: Timing, windows: QuietWindow[], now: string, count = 3) =>
  beginTimes({ timing, windows, createdAt: '2026-11-23T00:07:00.000Z' }, new Date(now), count).map((at) => at.slice(5, 16));

test('what is planned within a quiet window begins once, at its end', () => {
  const windows = [quiet(working, '08:00', '23:00')];
  expect(beginsAt(windows, '2026-11-23T21:22:00.000Z')).toBe('2026-11-23T23:00:00.000Z');
  expect(beginsAt(windows, '2026-11-23T23:07:00.000Z')).toBe('2026-11-23T23:07:00.000Z');
  expect(beginsAt([], '2026-11-23T21:22:00.000Z')).toBe('2026-11-23T21:22:00.000Z');
  const quarters: Timing = { type: 'every', minutes: 15 };
  expect(times(quarters, windows, '2026-11-23T21:07:30Z')).toEqual(['11-23T23:00', '11-23T23:07', '11-23T23:22']);
  expect(times(quarters, windows, '2026-11-24T07:40:00Z')).toEqual(['11-24T07:52', '11-24T23:00', '11-24T23:07']);
});

test('a window over midnight; a time planned for its very end begins once', () => {
  const hourly: Timing = { type: 'cron', expression: '0 * * * *', zone: 'UTC' };
  expect(times(hourly, [quiet(every, '22:00', '06:00')], '2026-11-23T20:30:00Z')).toEqual(['11-23T21:00', '11-24T06:00', '11-24T07:00']);
  expect(times(hourly, [quiet(every, '22:00', '06:00')], '2026-11-24T02:30:00Z', 2)).toEqual(['11-24T06:00', '11-24T07:00']);
});

test('what comes once is told once, and never more than there is', () => {
  const once: Timing = { type: 'once', at: '2026-11-23T12:00:00.000Z', checkLeadMs: 0, graceMs: 0 };
  expect(times(once, [quiet(working, '08:00', '23:00')], '2026-11-23T09:00:00Z')).toEqual(['11-23T23:00']);
  expect(times(once, [], '2026-11-23T13:00:00Z')).toEqual([]);
});
