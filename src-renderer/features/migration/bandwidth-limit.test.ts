import { expect, test } from 'vitest';
import { limitText } from './bandwidth-limit.tsx';
import type { Migration } from './next-step.ts';

test('the limit that is told is the one that holds the runs back', () => {
  const MiB = 2 ** 20;
  const told = (own: number, all?: number) => limitText({ settings: { bandwidthLimit: own }, bandwidthLimitOfAll: all } as Migration);
  expect([told(0), told(2 * MiB), told(MiB, 2 * MiB)]).toEqual(['none', '2 MiB/s', '1 MiB/s']);
  expect([told(0, MiB), told(2 * MiB, MiB)]).toEqual(['1 MiB/s of all runs together', '1 MiB/s of all runs together']);
});
