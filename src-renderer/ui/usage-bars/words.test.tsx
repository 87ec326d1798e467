import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setFormatLocale } from '../format.ts';
import { PhaseTimeline } from '../phase-timeline/phase-timeline.tsx';
import { runSteps, timelineOf } from '../phase-timeline/timeline.ts';
import { UsageBars } from './usage-bars.tsx';

beforeAll(() => setFormatLocale('en'));
afterAll(() => setFormatLocale(undefined));
const markup = (part: React.ReactNode) => renderToStaticMarkup(<MantineProvider>{part}</MantineProvider>);

test('the bars can be read as a table', () => {
  const days = [
    { day: '2026-11-22', moved: 2 ** 30, saved: 3 * 2 ** 30 },
    { day: '2026-11-23', moved: 0, saved: 0 },
  ];
  const rows = markup(<UsageBars days={days} />).match(/<tbody>.*<\/tbody>/)?.[0];
  expect(rows).toMatch(/2026<\/th><td>1 GiB<\/td><td>3 GiB<\/td>.*<td>0 B<\/td><td>0 B<\/td>/);
});

test('each step has its state in a word, and the one that goes on is marked', () => {
  const steps = timelineOf(runSteps, {
    phase: 'snapshot',
    state: 'failed',
    began: { tracking: 0, snapshot: 20_000 },
    endedAt: 52_000,
    now: 99_000,
  });
  const items = markup(<PhaseTimeline kind="run" steps={steps} />)
    .split('<li')
    .slice(1)
    .map((item) => [
      item.includes('aria-current="step"'),
      item
        .replace(/^[^>]*>|<\/ol>.*|<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    ]);
  expect(items.slice(0, 3)).toEqual([
    [false, 'Tracking Done 20 s'],
    [true, 'Snapshot Failed 32 s'],
    [false, 'Changes Not reached'],
  ]);
  expect(items).toHaveLength(9);
});
