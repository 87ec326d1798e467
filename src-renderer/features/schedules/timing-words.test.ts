import { afterAll, beforeAll, expect, test } from 'vitest';
import { setFormatLocale } from '../../ui/format.ts';
import { timingInWords, windowInWords } from './timing-words.ts';

beforeAll(() => setFormatLocale('en-GB', 'Europe/Vienna'));
afterAll(() => setFormatLocale(undefined));

const cron = (expression: string) => timingInWords({ type: 'cron', expression, zone: 'Europe/Vienna' });
const every = (minutes: number) => timingInWords({ type: 'every', minutes });

test('a rhythm is told in its largest unit', () => {
  expect([1, 15, 60, 90, 360, 1440, 10_080].map(every)).toEqual([
    ...['Every minute', 'Every 15 minutes', 'Every hour', 'Every 90 minutes', 'Every 6 hours', 'Every day', 'Every 7 days'],
  ]);
});

test('usual expressions are told in words, the others as they are', () => {
  expect(cron('30 2 * * *')).toBe('Every day at 02:30');
  expect(cron('30 2 * * 1-5')).toBe('Monday to Friday at 02:30');
  expect(cron('0 3 * * 0')).toBe('Sunday at 03:00');
  expect(cron('0 3 * * 0,6')).toBe('Saturday and Sunday at 03:00');
  expect(cron('5 * * * *')).toBe('Every hour at minute 5');
  expect(cron('*/15 * * * *')).toBe('Every 15 minutes');
  expect(cron('0 */6 * * *')).toBe('Every 6 hours');
  expect(cron('0 4 1 * *')).toBe('On day 1 of each month at 04:00');
  for (const odd of ['*/7 * * * *', '0 0 1 1 *', '0 9-17 * * 1', '0 0 1 * 1', '61 2 * * *', 'soon']) expect(cron(odd)).toBe(`At ${odd}`);
});

test('once and windows are told on the clock of the person', () => {
  const at = `${new Date().getUTCFullYear()}-07-01T10:00:00Z`;
  expect(timingInWords({ type: 'once', at })).toMatch(/^Once, \w{3},? 1 Jul,? (at )?12:00$/);
  expect(windowInWords({ zone: 'UTC', days: [5, 1, 2, 3, 4], from: '08:00', to: '18:30' })).toBe('Monday to Friday, 08:00 to 18:30');
});
