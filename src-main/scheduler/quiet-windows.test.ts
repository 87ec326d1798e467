import { expect, test } from 'vitest';
import { quietUntil } from '../domain/quiet-until.ts';
import type { QuietWindow } from '../domain/schedule.ts';
import { checkWindows } from './quiet-windows.ts';

const week = [1, 2, 3, 4, 5];
const every = [1, 2, 3, 4, 5, 6, 7];
const quiet = (days: number[], from: string, to: string, zone = 'Europe/Berlin'): QuietWindow => ({ zone, days, from, to });
const until = (windows: QuietWindow[], at: string) => quietUntil(windows, new Date(at))?.toISOString().slice(0, 16);

test.each([
  ['2026-06-01T05:59:59Z', undefined], // a Monday, 07:59:59
  ['2026-06-01T06:00:00Z', '2026-06-01T16:00'],
  ['2026-06-01T15:59:59.999Z', '2026-06-01T16:00'],
  ['2026-06-01T16:00:00Z', undefined],
  ['2026-06-06T10:00:00Z', undefined], // a Saturday
  ['2026-01-05T07:00:00Z', '2026-01-05T17:00'], // winter
])('working hours at %s: quiet until %s', (at, end) => {
  expect(until([quiet(week, '08:00', '18:00')], at)).toBe(end);
});

test('a window over midnight belongs to the day on which it begins', () => {
  const night = [quiet([5], '22:00', '06:00')];
  expect(until(night, '2026-06-05T21:00:00Z')).toBe('2026-06-06T04:00');
  expect(until(night, '2026-06-06T03:59:00Z')).toBe('2026-06-06T04:00');
  expect(until(night, '2026-06-06T21:00:00Z')).toBeUndefined();
  expect(until(night, '2026-06-05T03:00:00Z')).toBeUndefined();
});

test('windows that follow on each other, in several zones, are one; the end is exact when the clocks change inside', () => {
  expect(until([quiet(every, '08:00', '12:00'), quiet(every, '12:00', '18:00', 'UTC')], '2026-06-01T09:00:00Z')).toBe('2026-06-01T10:00');
  expect(until([quiet(every, '08:00', '14:00'), quiet(every, '12:00', '18:00', 'UTC')], '2026-06-01T09:00:00Z')).toBe('2026-06-01T18:00');
  expect(until([quiet(every, '22:00', '05:07')], '2026-03-28T21:30:00Z')).toBe('2026-03-29T03:07');
  expect(until([quiet(every, '22:00', '05:07')], '2026-10-24T20:30:00Z')).toBe('2026-10-25T04:07');
  // The gap swallows the end.
  expect(until([quiet(every, '22:00', '02:30')], '2026-03-28T21:30:00Z')).toBe('2026-03-29T01:00');
});

test('a whole day is a window whose ends are the same', () => {
  expect(until([quiet([6, 7], '00:00', '00:00', 'UTC')], '2026-06-06T00:00:00Z')).toBe('2026-06-08T00:00');
});

test.each([
  ['windows.0.from', quiet(week, '8:00', '18:00')],
  ['windows.0.to', quiet(week, '08:00', '24:00')],
  ['windows.0.days', quiet([0], '08:00', '18:00')],
  ['windows.0.days', quiet([], '08:00', '18:00')],
  ['windows.0.zone', quiet(week, '08:00', '18:00', 'No/Where')],
  ['windows', quiet(every, '00:00', '00:00')],
])('refuses wrong %s', (field, window) => {
  expect(() => checkWindows([window])).toThrow(expect.objectContaining({ code: 'argument.invalid', field }));
});
