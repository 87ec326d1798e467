import { expect, test } from 'vitest';
import { barsOf, sumOf, topOf } from './bars.ts';
import { dayText } from './days.ts';

const gibibyte = 2 ** 30;
const days = [
  { day: '2026-11-21', moved: 0, saved: 0 },
  { day: '2026-11-22', moved: 3 * gibibyte, saved: 5 * gibibyte },
  { day: '2026-11-23', moved: 1024, saved: gibibyte },
];

test('the saved part stands on the moved part, within the height', () => {
  const top = topOf(days);
  expect(top).toBe(8 * gibibyte);
  const bars = barsOf(days, top, 300, 80);
  expect(bars[0]).toMatchObject({ moved: { height: 0 }, saved: { height: 0 } });
  expect(bars[1]).toMatchObject({ moved: { y: 50, height: 30 }, saved: { y: 0, height: 50 } });
  // Little is seen as little, not as nothing.
  expect(bars[2]).toMatchObject({ moved: { y: 79, height: 1 }, saved: { y: 69, height: 10 } });
  expect(bars.every((bar, index) => bar.x >= index * 100 && bar.x + bar.width <= (index + 1) * 100)).toBe(true);
});

test('days without anything', () => {
  expect(topOf([])).toBe(0);
  expect(topOf([{ day: '2026-11-23', moved: 70, saved: 20 }])).toBe(96);
  expect(barsOf([], 0, 300, 80)).toEqual([]);
  expect(barsOf(days.slice(0, 1), 0, 300, 80)[0]).toMatchObject({ moved: { height: 0 }, saved: { height: 0 } });
  expect(sumOf(days)).toEqual({ moved: 3 * gibibyte + 1024, saved: 6 * gibibyte });
});

test('a day stays that day in any time zone', () => {
  expect(dayText('2026-11-23', 'short', 'en')).toBe('Nov 23');
  expect(dayText('2026-11-23', 'long', 'de')).toBe('Mo., 23. November 2026');
});
