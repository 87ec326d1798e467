import { useCallback, useSyncExternalStore } from 'react';
import { formatBytes, formatDuration, formatNumber, formatPercent, formatRate, formatTime, formatWhen } from './format.ts';

interface Clock {
  now: number;
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval> | undefined;
}
/** One timer for all that show a time, by milliseconds. */
const clocks = new Map<number, Clock>();

function clockOf(every: number): Clock {
  let clock = clocks.get(every);
  if (!clock) {
    clock = { now: Date.now(), listeners: new Set(), timer: undefined };
    clocks.set(every, clock);
  }
  return clock;
}

function tick(clock: Clock): void {
  clock.now = Date.now();
  for (const listener of clock.listeners) listener();
}

/** Milliseconds since the epoch, told anew at this interval. */
export function useNow(every = 30_000): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      const clock = clockOf(every);
      clock.listeners.add(listener);
      if (clock.timer === undefined) {
        clock.timer = setInterval(() => tick(clock), every);
        // It stood still while nobody looked.
        tick(clock);
      }
      return () => {
        clock.listeners.delete(listener);
        if (clock.listeners.size > 0) return;
        clearInterval(clock.timer);
        clock.timer = undefined;
      };
    },
    [every],
  );
  return useSyncExternalStore(subscribe, () => clockOf(every).now);
}

interface OfNumber {
  value: number | undefined;
}

export const Bytes = ({ value }: OfNumber) => (
  <span className="tabular" title={value === undefined ? undefined : `${formatNumber(value)} B`}>
    {formatBytes(value)}
  </span>
);
/** `value` in bytes per second. */
export const Rate = ({ value }: OfNumber) => <span className="tabular">{formatRate(value)}</span>;
/** `value` in milliseconds. */
export const Duration = ({ value }: OfNumber) => <span className="tabular">{formatDuration(value)}</span>;
export const Count = ({ value }: OfNumber) => <span className="tabular">{formatNumber(value)}</span>;
/** `value` from 0 to 1. */
export const Percent = ({ value }: OfNumber) => <span className="tabular">{formatPercent(value)}</span>;

/** For how long ago something was: seconds are told as they go by. */
export function useNowFor(at: string | undefined): number {
  const fresh = at !== undefined && Math.abs(Date.parse(at) - Date.now()) < 75_000;
  return useNow(fresh ? 1000 : 30_000);
}

/** How long ago, or in how long; the exact time in its title. */
export function When({ at, none = '–' }: { at: string | undefined; none?: string }) {
  const now = useNowFor(at);
  if (at === undefined) return <span>{none}</span>;
  return (
    <time dateTime={at} title={formatTime(at)} className="tabular">
      {formatWhen(at, now)}
    </time>
  );
}
