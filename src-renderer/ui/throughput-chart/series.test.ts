import { expect, test } from 'vitest';
import { figuresOf, peakOf, rangeOfSpan, recentMs, seriesOf, smoothed, type ThroughputSample, within } from './series.ts';

const mebibyte = 2 ** 20;
const start = 1_700_000_000_000;
const every = (count: number, distance: number, rate: (index: number) => number): ThroughputSample[] =>
  Array.from({ length: count }, (_, index) => ({ at: start + index * distance, sent: rate(index) * mebibyte, readBack: 0 }));

test('the last ten minutes end now, not at the last sample', () => {
  const samples = every(3600, 1000, () => 1);
  const now = start + 3600_000;
  expect(within(samples, 'recent', now)).toHaveLength(600);
  expect(within(samples, 'run', now)).toBe(samples);
  expect(within(samples, 'recent', now + recentMs)).toEqual([]);
  expect(rangeOfSpan(samples, 'recent', now)).toEqual([(now - recentMs) / 1000, now / 1000]);
});

test('few samples stay as they are', () => {
  const [seconds, rates] = seriesOf(every(3, 1000, (index) => index + 1));
  expect(seconds).toEqual([start / 1000, start / 1000 + 1, start / 1000 + 2]);
  expect(rates).toEqual([1, 2, 3]);
});

test('a run of a day has no more points than can be seen, and the same mean', () => {
  const [seconds, rates] = seriesOf(
    every(86_400, 1000, (index) => index % 100),
    500,
  );
  expect(seconds.length).toBeLessThanOrEqual(502);
  const measured = rates as number[];
  expect(measured.reduce((sum, rate) => sum + rate, 0) / measured.length).toBeCloseTo(49.5, 0);
  expect(seconds.every((second, index) => index === 0 || second > seconds[index - 1]!)).toBe(true);
});

test('a pause breaks the line', () => {
  const later = every(3, 1000, () => 5).map((sample) => ({ ...sample, at: sample.at + 120_000 }));
  const [, rates] = seriesOf([...every(3, 1000, () => 5), ...later]);
  expect(rates).toEqual([5, 5, 5, null, 5, 5, 5]);
});

test('figures and ranges of nothing and of one', () => {
  expect(figuresOf([])).toBeUndefined();
  expect(seriesOf([])).toEqual([[], [], []]);
  expect(rangeOfSpan([], 'run', 50_000)).toEqual([50, 60]);
  expect(figuresOf([{ at: start, sent: 4, readBack: 0 }])).toEqual({ mean: 4, highest: 4, duration: 0 });
  expect(figuresOf(every(3, 1000, (index) => [1, 5, 3][index]!))).toEqual({
    mean: 3 * mebibyte,
    highest: 5 * mebibyte,
    duration: 2000,
  });
});

test('reading back is no throughput: it has its own line, and does not lower the mean', () => {
  const copied = every(2, 1000, () => 4);
  const compared = [2, 3].map((second) => ({ at: start + second * 1000, sent: undefined, readBack: 9 * mebibyte }));
  const samples = [...copied, ...compared];
  expect(seriesOf(samples).slice(1)).toEqual([
    [4, 4, null, null],
    [null, null, 9, 9],
  ]);
  expect(figuresOf(samples)).toEqual({ mean: 4 * mebibyte, highest: 4 * mebibyte, duration: 3000 });
  expect(figuresOf(compared)).toEqual({ mean: undefined, highest: undefined, duration: 1000 });
});

test('what is told in bursts is drawn as the mean of five seconds, up to a pause and without what is not sent', () => {
  const bursts = every(6, 1000, (index) => (index % 2 === 0 ? 10 : 0));
  expect(smoothed(bursts).map(({ sent }) => Math.round((sent ?? 0) / mebibyte))).toEqual([10, 5, 7, 5, 6, 4]);
  const later = { at: start + 60_000, sent: 3, readBack: 0 };
  expect(smoothed([...bursts, { ...later, sent: undefined, readBack: 7 }, later]).slice(-2)).toEqual([
    { ...later, sent: undefined, readBack: 7 },
    later,
  ]);
});

test('the highest is never below the mean, and told wherever that is', () => {
  const sampled = every(3, 1000, (index) => index);
  expect(peakOf(sampled, undefined)).toBe(2 * mebibyte);
  expect(peakOf(sampled, mebibyte)).toBe(2 * mebibyte);
  expect(peakOf(sampled, 117 * mebibyte)).toBe(117 * mebibyte);
  expect(peakOf([], 117 * mebibyte)).toBe(117 * mebibyte);
  expect(peakOf([], undefined)).toBeUndefined();
});
