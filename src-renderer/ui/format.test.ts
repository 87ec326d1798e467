import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatMoment,
  formatNumber,
  formatPercent,
  formatRate,
  formatTime,
  formatWhen,
  setFormatLocale,
} from './format.ts';

beforeEach(() => setFormatLocale('en-GB', 'UTC'));
afterEach(() => setFormatLocale(undefined));

test.each([
  [0, '0 B'],
  [1023, '1,023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [10.25 * 1024, '10.3 KiB'],
  [1024 ** 2 - 1, '1 MiB'],
  [500 * 1024 ** 3, '500 GiB'],
  [1024 ** 5 * 2048, '2,048 PiB'],
  [undefined, '–'],
])('%s bytes', (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));

test.each([
  [250, '250 ms'],
  [9_900, '9.9 s'],
  [59_600, '1 min'],
  [65_000, '1 min 5 s'],
  [2 * 3600_000 + 5 * 60_000 + 9_000, '2 h 5 min'],
  [86_400_000 + 30_000, '1 d'],
  [undefined, '–'],
])('%s milliseconds', (milliseconds, shown) => expect(formatDuration(milliseconds)).toBe(shown));

test('what is not quite whole does not show 100 %', () => {
  expect([0, 0.999, 1, 1.2, undefined].map(formatPercent)).toEqual(['0%', '99%', '100%', '100%', '–']);
});

test('the person’s locale', () => {
  setFormatLocale('de-AT', 'Europe/Vienna');
  expect(formatBytes(1.5 * 1024 ** 3)).toBe('1,5 GiB');
  expect(formatRate(1.5 * 1024 ** 2)).toBe('1,5 MiB/s');
  expect(formatNumber(1_234_567)).toMatch(/^1\D234\D567$/);
  expect(formatTime('2030-07-01T12:00:00Z')).toContain('14:00:00');
});

test.each([
  [0, 'just now'],
  [-9.9, 'just now'],
  [-10, '10 sec ago'],
  [-45, '45 sec ago'],
  [-59.9, '59 sec ago'],
  [-60, '1 min ago'],
  [-2600, '43 min ago'],
  [1.5, 'just now'],
  [5, 'now'],
  [30, 'in 30 sec'],
  [-3600, '1 hr ago'],
  [2 * 3600, 'in 2 hr'],
  [-86_400, 'yesterday'],
  [-40 * 86_400, '22 Nov 2029'],
])('%s seconds from now', (seconds, shown) => {
  const now = Date.UTC(2030, 0, 1, 12);
  expect(formatWhen(now + seconds * 1000, now)).toBe(shown);
});

test.each([
  ['2030-01-15T23:30:00Z', '2030-01-17T01:30:00Z', 'in 2 days'],
  ['2030-01-15T23:30:00Z', '2030-01-16T23:00:00Z', 'tomorrow'],
  ['2030-01-15T23:30:00Z', '2030-01-15T00:30:00Z', '23 hr ago'],
  ['2030-01-15T01:00:00Z', '2030-01-13T14:00:00Z', '2 days ago'],
])('yesterday and tomorrow are days of the calendar: at %s, %s', (now, at, shown) => {
  expect(formatWhen(at, Date.parse(now))).toBe(shown);
});

test('a moment tells its year where it is another one on the clock it is shown by', () => {
  const newYear = Date.parse('2031-01-01T03:00:00Z');
  expect(formatMoment(newYear, 'America/New_York', Date.parse('2030-12-31T12:00:00Z'))).not.toMatch(/203/);
  expect(formatMoment(newYear, 'America/New_York', Date.parse('2031-01-01T12:00:00Z'))).toContain('2030');
});
