import { afterEach, expect, test, vi } from 'vitest';
import type { Timing } from '../domain/schedule.ts';
import { checkTiming, nextAfter } from './timing.ts';

afterEach(() => vi.useRealTimers());

function times(timing: Timing, from: string, count: number, createdAt = '2026-01-01T00:00:00.000Z'): string[] {
  const found: string[] = [];
  for (let after = new Date(from); found.length < count; after = new Date(`${found.at(-1)}Z`)) {
    const next = nextAfter(timing, createdAt, after);
    if (next === undefined) break;
    found.push(next.slice(0, 16));
  }
  return found;
}
const cron = (expression: string, zone = 'Europe/Berlin'): Timing => ({ type: 'cron', expression, zone });

test('cron reckons from the time it is given, whatever the system says, and starts no timer', () => {
  vi.useFakeTimers({ now: new Date('1999-05-05T05:05:05Z') });
  expect(times(cron('15 3 * * 1'), '2026-06-01T12:00:00Z', 2)).toEqual(['2026-06-08T01:15', '2026-06-15T01:15']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a time that the clocks skip is run right after the gap, once', () => {
  expect(times(cron('30 2 * * *'), '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
  expect(times(cron('*/30 * * * *'), '2026-03-29T00:00:00Z', 3)).toEqual(['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30']);
});

test('a time that comes twice is run once; a repeating one goes on through the hour', () => {
  expect(times(cron('30 2 * * *'), '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
  expect(times(cron('30 * * * *'), '2026-10-25T00:00:00Z', 3)).toEqual(['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30']);
  // Half an hour of summer time.
  expect(times(cron('30 2 * * *', 'Australia/Lord_Howe'), '2026-04-04T00:00:00Z', 2)).toEqual(['2026-04-04T16:00', '2026-04-05T16:00']);
});

test('every N minutes is a grid in absolute time, from the creation or a given start', () => {
  const created = '2026-03-29T00:10:00.000Z';
  expect(times({ type: 'every', minutes: 45 }, created, 3, created)).toEqual(['2026-03-29T00:55', '2026-03-29T01:40', '2026-03-29T02:25']);
  expect(times({ type: 'every', minutes: 60, startAt: '2026-05-01T00:07:00Z' }, created, 2)).toEqual([
    '2026-05-01T00:07',
    '2026-05-01T01:07',
  ]);
});

test('once is the check and then the time itself', () => {
  const once: Timing = { type: 'once', at: '2026-02-01T20:00:00Z', checkLeadMs: 900_000, graceMs: 0 };
  expect(times(once, '2026-01-01T00:00:00Z', 5)).toEqual(['2026-02-01T19:45', '2026-02-01T20:00']);
});

test.each<[string, Timing]>([
  ['timing.minutes', { type: 'every', minutes: 0 }],
  ['timing.minutes', { type: 'every', minutes: 1.5 }],
  ['timing.minutes', { type: 'every', minutes: 525_601 }],
  ['timing.startAt', { type: 'every', minutes: 5, startAt: 'soon' }],
  ['timing.expression', cron('61 * * * *')],
  ['timing.expression', cron('* * * * * *')],
  ['timing.expression', cron('')],
  ['timing.expression', cron('0 0 31 2 *')],
  ['timing.zone', cron('* * * * *', 'Mars/Olympus')],
  ['timing.at', { type: 'once', at: '2025-01-01T00:00:00Z', checkLeadMs: 0, graceMs: 0 }],
  ['timing.at', { type: 'once', at: '', checkLeadMs: 0, graceMs: 0 }],
  ['timing.graceMs', { type: 'once', at: '2027-01-01T00:00:00Z', checkLeadMs: 0, graceMs: -1 }],
])('refuses a wrong %s: %j', (field, timing) => {
  expect(() => checkTiming(timing, new Date('2026-01-01T00:00:00Z'))).toThrow(expect.objectContaining({ code: 'argument.invalid', field }));
});

test.each([
  ['61 * * * *', 'Minute: 0 to 59, not "61".'],
  ['* 24 * * *', 'Hour: 0 to 23, not "24".'],
  ['* * 0 * *', 'Day of month: 1 to 31, not "0".'],
  ['* * * 13 *', 'Month: 1 to 12 or JAN to DEC, not "13".'],
  ['* * * * 8', 'Day of week: 0 to 7 or SUN to SAT, not "8".'],
  ['60 25 * * *', 'Minute: 0 to 59, not "60".'],
  ['5-2 * * * *', 'Minute: 0 to 59, alone or as 1,2 or 1-5, or *, or */5; not "5-2".'],
  ['* * * * */0', 'Day of week: 0 to 7 or SUN to SAT, alone or as 1,2 or 1-5, or *, or */5; not "*/0".'],
  ['hello', 'A cron expression has five fields with spaces between them: minute, hour, day of month, month, day of week.'],
  ['* * * * * *', 'A cron expression has five fields with spaces between them: minute, hour, day of month, month, day of week.'],
])('tells which field of "%s" is wrong and what may stand there', (expression, message) => {
  expect(() => checkTiming(cron(expression), new Date('2026-01-01T00:00:00Z'))).toThrow(expect.objectContaining({ message }));
});
