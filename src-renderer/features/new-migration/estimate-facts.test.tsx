// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { renderWith } from '../../testing/render.tsx';
import { EstimateFacts } from './estimate-facts.tsx';
import type { Estimated } from './use-estimate.ts';

const MiB = 2 ** 20;
const range = { low: MiB, likely: 2 * MiB, high: 3 * MiB };
const total = { capacity: 4 * MiB, read: range, moved: range, stored: range, ms: { low: 1000, likely: 2000, high: 3000 } };
const show = (limit: Estimated['limit']) =>
  renderWith(
    <EstimateFacts estimate={{ total, limit, machines: 1, basis: 'By runs.', error: undefined, refetch() {} }} free={undefined} />,
    {},
  );

test('a time says by which bandwidth limit it is', () => {
  const { unmount } = show(undefined);
  expect(screen.getByText('likely 2 s')).toBeTruthy();
  unmount();
  show({ bytesPerSecond: MiB, of: 'all' });
  expect(screen.getByText('likely 2 s, by the bandwidth limit of all runs, 1 MiB/s')).toBeTruthy();
});
