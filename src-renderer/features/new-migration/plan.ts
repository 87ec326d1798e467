import type { Input } from '../../../src-preload/contract/routes.ts';
import { isWithin } from '../../ui/is-within.ts';
import { bytesOf } from '../../ui/rate.ts';

type Settings = NonNullable<Input<'migrations.create'>['body']['settings']>;
type ScheduleBody = Input<'schedules.create'>['body'];
export type QuietWindow = NonNullable<ScheduleBody['windows']>[number];

/** When runs begin by themselves. */
export interface Rhythm {
  mode: 'every' | 'at' | 'cron' | 'none';
  count: number;
  unit: 'minutes' | 'hours' | 'days';
  /** HH:MM, in `zone`. */
  time: string;
  /** 1 Monday to 7 Sunday. */
  days: readonly number[];
  expression: string;
  zone: string;
  windows: readonly QuietWindow[];
}

/** How machines shall be replicated; the same for all that are chosen. */
export interface Plan {
  targetId: string | undefined;
  /** As the settings of Octopus say, unless given. */
  keep: number | undefined;
  verify: 'written' | 'all';
  quiesce: boolean;
  /** MiB a second; undefined sets none. */
  limit: number | undefined;
  rhythm: Rhythm;
  /** The first run begins with the migration. */
  syncNow: boolean;
}

const unitMinutes = { minutes: 1, hours: 60, days: 1440 };
/** A year. */
const MOST_MINUTES = 525_600;
const MINUTE = 60_000;

export const defaultPlan = (zone: string): Plan => ({
  targetId: undefined,
  keep: undefined,
  verify: 'written',
  quiesce: false,
  limit: undefined,
  rhythm: {
    mode: 'every',
    count: 1,
    unit: 'hours',
    time: '22:00',
    days: [1, 2, 3, 4, 5, 6, 7],
    expression: '30 2 * * 1-5',
    zone,
    windows: [],
  },
  syncNow: true,
});

export const everyDay = (days: readonly number[]): boolean => days.length === 7;

export function minutesOf({ count, unit }: Rhythm): number {
  return Math.round(count) * unitMinutes[unit];
}

/** As `schedules.create` takes it; undefined: no schedule. */
export function timingOf(rhythm: Rhythm): ScheduleBody['timing'] | undefined {
  const { mode, time, days, expression, zone } = rhythm;
  if (mode === 'none') return undefined;
  if (mode === 'every') return { type: 'every', minutes: minutesOf(rhythm) };
  if (mode === 'cron') return { type: 'cron', expression: expression.trim(), zone };
  const [hour = '0', minute = '0'] = time.split(':');
  // Cron calls Sunday 0.
  const on = everyDay(days)
    ? '*'
    : [...days]
        .map((day) => day % 7)
        .sort()
        .join(',');
  return { type: 'cron', expression: `${Number(minute)} ${Number(hour)} * * ${on}`, zone };
}

/** Of recovery points to keep. */
export const KEEP = { min: 1, max: 1000 } as const;
/** MiB a second. */
export const LIMIT = { min: 1, max: 900_000 } as const;

/** What is typed and cannot be, by the step it is in. */
export const planProblems = ({ rhythm, keep, limit }: Plan) => ({
  schedule: rhythmProblem(rhythm) !== undefined || !(keep === undefined || isWithin(keep, KEEP.min, KEEP.max)),
  mapping: !(limit === undefined || isWithin(limit, LIMIT.min, LIMIT.max)),
});

/** What is missing before it can be a schedule. */
export function rhythmProblem({
  mode,
  count,
  unit,
  time,
  days,
  expression,
  windows,
}: Rhythm): 'count' | 'time' | 'days' | 'expression' | 'windows' | undefined {
  if (mode === 'none') return undefined;
  if (mode === 'every' && !(count >= 1 && count * unitMinutes[unit] <= MOST_MINUTES)) return 'count';
  if (mode === 'at' && !/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return 'time';
  if (mode === 'at' && days.length === 0) return 'days';
  if (mode === 'cron' && expression.trim().split(/\s+/).length !== 5) return 'expression';
  if (windows.some(({ days: on, from, to }) => on.length === 0 || from === '' || to === '')) return 'windows';
  return undefined;
}

/** So that many machines do not all begin in the same second: a tenth of the interval, at most ten minutes. */
export function jitterOf(rhythm: Rhythm, machines: number): number {
  if (machines < 2) return 0;
  const minutes = rhythm.mode === 'every' ? minutesOf(rhythm) : 60;
  return Math.min(10 * MINUTE, Math.round((minutes * MINUTE) / 10));
}

export function scheduleOf(rhythm: Rhythm, migrationId: string, machines: number): ScheduleBody | undefined {
  const timing = timingOf(rhythm);
  if (!timing) return undefined;
  return { kind: 'run', migrationId, timing, windows: [...rhythm.windows], jitterMs: jitterOf(rhythm, machines) };
}

export function settingsOf({ keep, verify, quiesce, limit }: Plan): Settings {
  return { verify, quiesce, bandwidthLimit: bytesOf(limit ?? 0), ...(keep === undefined ? {} : { keep }) };
}
