import { useEffect, useState } from 'react';
import { formatBytes, formatDuration, formatNumber, formatPercent, formatRate, formatTime, formatWhen } from './format.ts';

/** Milliseconds since the epoch, told anew at this interval. */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
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

/** How long ago, or in how long; the exact time in its title. */
export function When({ at, none = '–' }: { at: string | undefined; none?: string }) {
  const now = useNow();
  if (at === undefined) return <span>{none}</span>;
  return (
    <time dateTime={at} title={formatTime(at)} className="tabular">
      {formatWhen(at, now)}
    </time>
  );
}
