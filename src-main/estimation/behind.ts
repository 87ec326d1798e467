import { quietUntil } from '../domain/quiet-until.ts';
import type { Schedule, Timing } from '../domain/schedule.ts';
import { nextAfter } from '../scheduler/timing.ts';

const HOUR = 3_600_000;
/** Of each expression; a year of daily runs, or an hour that is watched closely. */
const MOST_SPANS = 500;
const MOST_EXPRESSIONS = 1000;

/** Sorted: from any moment of [from, due) on, the next planned time is due. Milliseconds since 1970. */
interface Spans {
  from: number[];
  due: number[];
}
const known = new Map<string, Spans>();

/** As nextAfter. Thousands of migrations share few expressions, and asking one of those costs more than all the rest of an overview. */
function nextPlanned(timing: Timing, createdAt: string, after: number): number | undefined {
  const ask = () => {
    const next = nextAfter(timing, createdAt, new Date(after));
    return next === undefined ? undefined : Date.parse(next);
  };
  if (timing.type !== 'cron') return ask();
  const key = `${timing.zone} ${timing.expression}`;
  let spans = known.get(key);
  if (!spans || spans.due.length >= MOST_SPANS) {
    if (known.size >= MOST_EXPRESSIONS) known.clear();
    spans = { from: [], due: [] };
    known.set(key, spans);
  }
  let [low, high] = [0, spans.due.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans.due[middle] as number) > after) high = middle;
    else low = middle + 1;
  }
  const from = spans.from[low];
  if (from !== undefined && from <= after) return spans.due[low];
  const due = ask();
  if (due === undefined) return undefined;
  if (spans.due[low] === due) spans.from[low] = after;
  else {
    spans.from.splice(low, 0, after);
    spans.due.splice(low, 0, due);
  }
  return due;
}

/** Since when a newer recovery point should be there; undefined: it is as new as its schedules want it. */
export function behindSince(
  { newestPoint, createdAt }: { newestPoint: string | undefined; createdAt: string },
  schedules: readonly Pick<Schedule, 'timing' | 'windows' | 'jitterMs' | 'createdAt'>[],
  now: Date,
): string | undefined {
  let since: number | undefined;
  for (const { timing, createdAt: made, windows, jitterMs } of schedules) {
    if (timing.type === 'once') continue;
    const due = nextPlanned(timing, made, Date.parse(newestPoint ?? (made > createdAt ? made : createdAt)));
    if (due === undefined || due >= now.getTime()) continue;
    const after = nextPlanned(timing, made, due);
    if (after === undefined) continue;
    // A run needs its time, and in a quiet window it waits.
    const patience = jitterMs + Math.min(HOUR, after - due);
    if (due + patience >= now.getTime()) continue;
    const begins = quietUntil(windows, new Date(due))?.getTime() ?? due;
    if (begins + patience < now.getTime() && (since === undefined || due < since)) since = due;
  }
  return since === undefined ? undefined : new Date(since).toISOString();
}
