import { useDebouncedValue } from '@mantine/hooks';
import { useRoute } from '../../api/queries.tsx';
import { type Rhythm, rhythmProblem, timingOf } from './plan.ts';

/** When it would begin, as Octopus itself reckons it; or what it says against it. */
export function useTimes(rhythm: Rhythm) {
  const [wanted] = useDebouncedValue(rhythm, 250);
  const { mode, zone, windows } = wanted;
  const timing = rhythmProblem(wanted) === undefined && mode !== 'every' ? timingOf(wanted) : undefined;
  const expression = timing?.type === 'cron' ? timing.expression : undefined;
  const quiet = windows.length === 0 ? {} : { windows: JSON.stringify(windows) };
  const query = { zone, count: 3, ...(expression === undefined ? {} : { expression }), ...quiet };
  const next = useRoute('schedules.times', { query }, { enabled: expression !== undefined });
  // What was said of an expression that is being changed does not hold for the next.
  const error = wanted === rhythm && expression !== undefined ? (next.error ?? undefined) : undefined;
  return {
    asked: expression !== undefined,
    items: next.data?.items,
    error,
    /** It cannot be a schedule; not merely that nobody answers. */
    refused: error?.code === 'argument.invalid',
    /** What is wrong with the expression that was typed. */
    expression: mode === 'cron' && error?.field?.endsWith('expression') ? error.message : undefined,
  };
}

export type Times = ReturnType<typeof useTimes>;
