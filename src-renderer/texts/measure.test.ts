import { expect, test } from 'vitest';
import { duration, percent, rate, size } from './measure.ts';

const mib = 2 ** 20;

test('sizes are binary, with three figures that count', () => {
  const told = [0, 1, 1023, 1024, 1536, 15.25 * mib, 152.4 * mib, 1023.99 * mib, 2 ** 40].map((bytes) => size(bytes, 'en'));
  expect(told).toEqual(['0 B', '1 B', '1,023 B', '1 KiB', '1.5 KiB', '15.3 MiB', '152 MiB', '1 GiB', '1 TiB']);
  expect(size(1.5 * mib, 'de')).toBe('1,5 MiB');
});

test('rates keep one unit', () => {
  expect([0, mib / 2, 12.34 * mib, 1234.5 * mib].map((value) => rate(value, 'en'))).toEqual([
    '0 MiB/s',
    '0.5 MiB/s',
    '12.3 MiB/s',
    '1,235 MiB/s',
  ]);
});

test('a duration tells its two largest units', () => {
  const told = [0, 850, 1000, 12_400, 200_000, 3_600_000, 7_500_000, 273_600_000, 86_460_000].map((ms) => duration(ms, 'en'));
  expect(told).toEqual(['0 ms', '850 ms', '1 s', '12 s', '3 min 20 s', '1 h', '2 h 5 min', '3 d 4 h', '1 d']);
});

test('nearly nothing and nearly all are not rounded to nothing and all', () => {
  const told = [0, 1e-6, 0.0123, 0.256, 0.9, 0.9999, 1].map((share) => percent(share, 'en'));
  expect(told).toEqual(['0%', '0.1%', '1.2%', '26%', '90%', '99.9%', '100%']);
});
