import type { Output } from '../../../src-preload/contract/routes.ts';
import { timingTexts as texts } from '../../texts/timing.ts';
import { formatClock, formatList, formatMoment, formatNumber, formatWeekday } from '../../ui/format.ts';

export type Schedule = Output<'schedules.list'>['items'][number];
export type Timing = Schedule['timing'];

const whole = (text: string, least: number, most: number): number | undefined => {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
};

/** Minutes in the largest unit that leaves none over. */
export function inUnits(minutes: number): { count: number; unit: 'minutes' | 'hours' | 'days' } {
  if (minutes % 1440 === 0) return { count: minutes / 1440, unit: 'days' };
  if (minutes % 60 === 0) return { count: minutes / 60, unit: 'hours' };
  return { count: minutes, unit: 'minutes' };
}

const every = (minutes: number) => {
  const { count, unit } = inUnits(minutes);
  return count === 1 ? texts.everyOne[unit] : texts.every(formatNumber(count), texts.units[unit]);
};

/** `1-5` or `0,6` as days; 0 and 7 are Sunday. Undefined: more than lists and ranges. */
function weekdays(field: string): number[] | undefined {
  const days: number[] = [];
  for (const part of field.split(',')) {
    const [, from = '', to = from] = /^(\d)(?:-(\d))?$/.exec(part) ?? [];
    const [first, last] = [whole(from, 0, 7), whole(to, 0, 7)];
    if (first === undefined || last === undefined || last < first) return undefined;
    for (let day = first; day <= last; day++) days.push(day === 0 ? 7 : day);
  }
  return [...new Set(days)].sort((one, other) => one - other);
}

function daysInWords(days: readonly number[]): string {
  const [first, last] = [days[0] as number, days.at(-1) as number];
  if (days.length >= 3 && last - first === days.length - 1) return texts.daysTo(formatWeekday(first), formatWeekday(last));
  return texts.days(formatList(days.map((day) => formatWeekday(day))));
}

/** Five fields in words where they say something usual; the expression itself where they do not. */
export function cronInWords(expression: string): string {
  const fields = expression.trim().split(/\s+/);
  const [minutes = '', hours = '', day = '', month = '', week = ''] = fields;
  const plain = texts.cron(expression.trim());
  if (fields.length !== 5 || month !== '*') return plain;
  const everyDay = day === '*' && week === '*';
  const minute = whole(minutes, 0, 59);
  const hour = whole(hours, 0, 23);
  const step = /^\*\/(\d{1,2})$/.exec(minutes)?.[1];
  if (everyDay && hours === '*' && minutes === '*') return every(1);
  // `*/7` begins anew each hour; only what divides the hour is an even rhythm.
  if (everyDay && hours === '*' && step !== undefined && 60 % Number(step) === 0) return every(Number(step));
  if (minute === undefined) return plain;
  if (everyDay && hours === '*') return minute === 0 ? texts.everyOne.hours : texts.hourlyAt(formatNumber(minute));
  const hourStep = /^\*\/(\d{1,2})$/.exec(hours)?.[1];
  if (everyDay && hourStep !== undefined && 24 % Number(hourStep) === 0 && minute === 0) return every(Number(hourStep) * 60);
  if (hour === undefined) return plain;
  const clock = formatClock(hour, minute);
  if (everyDay) return texts.daily(clock);
  const dates = whole(day, 1, 31);
  if (week === '*' && dates !== undefined) return texts.monthly(formatNumber(dates), clock);
  const days = day === '*' ? weekdays(week) : undefined;
  if (days === undefined || days.length === 0) return plain;
  return days.length === 7 ? texts.daily(clock) : texts.at(daysInWords(days), clock);
}

/** When it happens, as one would say it. Zones stand elsewhere. */
export function timingInWords(timing: Timing): string {
  if (timing.type === 'every') return every(timing.minutes);
  if (timing.type === 'cron') return cronInWords(timing.expression);
  return texts.once(formatMoment(timing.at));
}

export function windowInWords({ days, from, to }: Schedule['windows'][number]): string {
  const clock = (time: string) => formatClock(Number(time.slice(0, 2)), Number(time.slice(3)));
  const sorted = [...days].sort((one, other) => one - other);
  return texts.window(sorted.length === 7 ? texts.everyDay : daysInWords(sorted), clock(from), clock(to));
}
