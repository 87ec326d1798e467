import { expect, test } from 'vitest';
import { durationText } from './duration-text.ts';

test.each([
  [0, '0 s'],
  [300, 'less than a second'],
  [12_400, '12 s'],
  [72_000, '1 min 12 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%i ms', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});
