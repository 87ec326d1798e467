import { uiTexts } from '../texts/ui.ts';

/** The person's own. Given in by tests. */
let locale: string | undefined;
let zone: string | undefined;

export function setFormatLocale(wanted: string | undefined, timeZone?: string): void {
  locale = wanted;
  zone = timeZone;
  made.clear();
}

const made = new Map<string, unknown>();
function once<T>(key: string, make: () => T): T {
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as T;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.5 GiB`: binary units, three digits that count. Undefined shows as a dash. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes)) return '–';
  let unit = 0;
  let value = bytes;
  // 1023.95 would be shown as 1,024.
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${formatNumber(value, digits)} ${units[unit]}`;
}

/** Bytes per second. */
export function formatRate(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined || !Number.isFinite(bytesPerSecond) ? '–' : `${formatBytes(bytesPerSecond)}/s`;
}

export function formatNumber(value: number | undefined, mostDigits = 0): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return once(`number ${mostDigits}`, () => new Intl.NumberFormat(locale, { maximumFractionDigits: mostDigits })).format(value);
}

/** Of a part between 0 and 1. Only what is whole shows 100 %. */
export function formatPercent(part: number | undefined): string {
  if (part === undefined || !Number.isFinite(part)) return '–';
  const shown = part >= 1 ? 1 : Math.min(Math.max(part, 0), 0.99);
  return once(
    'percent',
    () => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0, roundingMode: 'floor' } as Intl.NumberFormatOptions),
  ).format(shown);
}

/** `2 h 5 min`: the two largest units that count. */
export function formatDuration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return '–';
  if (milliseconds < 1000) return `${formatNumber(Math.max(0, milliseconds))} ms`;
  if (milliseconds < 9_950) return `${formatNumber(milliseconds / 1000, 1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${formatNumber(count)} ${unit}`)
    .join(' ');
}

/** Day and time, to the second: for titles and details. */
export function formatTime(at: string | number | Date): string {
  return once('time', () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone: zone })).format(
    new Date(at),
  );
}

/** The time of day to the second: beside a whole date, and in lists of one day. */
export function formatSecond(at: string | number | Date): string {
  return once('second', () => new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone: zone })).format(new Date(at));
}

export function formatDay(at: string | number | Date): string {
  return once('day', () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: zone })).format(new Date(at));
}

/** `2026-11-24` on the clock of a zone. */
const dateOn = (at: string | number | Date, timeZone: string | undefined): string =>
  once(`date ${timeZone}`, () => new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone })).format(
    new Date(at),
  );

/** `just now`, `40 sec. ago`, `5 min. ago`, `in 2 hr.`; from a week on the day. How long ago is told by this alone, everywhere. */
export function formatWhen(at: string | number | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  const relative = once('relative', () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }));
  // The clock that is shown by ticks a second behind.
  if (size < 10) return seconds > 2 ? relative.format(0, 'second') : uiTexts.justNow;
  if (size < 60) return relative.format(Math.trunc(seconds), 'second');
  if (size < 2700) return relative.format(Math.round(seconds / 60), 'minute');
  if (size >= 7 * 86_400) return formatDay(at);
  // "Yesterday" and "tomorrow" are days of the calendar.
  const days = (Date.parse(dateOn(at, zone)) - Date.parse(dateOn(now, zone))) / 86_400_000;
  if (size < 79_200 || days === 0) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(days, 'day');
}

/** `Tue, Nov 24, 02:30 AM` on the clock of a zone, the person's own unless given; the year where it is another than that of `now`. */
export function formatMoment(at: string | number | Date, wantedZone?: string, now: number = Date.now()): string {
  const timeZone = wantedZone ?? zone;
  const year = dateOn(at, timeZone).slice(0, 4) === dateOn(now, timeZone).slice(0, 4) ? undefined : 'numeric';
  return once(
    `moment ${timeZone} ${year}`,
    () =>
      new Intl.DateTimeFormat(locale, {
        weekday: 'short',
        month: 'short',
        day: 'numeric',
        year,
        hour: '2-digit',
        minute: '2-digit',
        timeZone,
      }),
  ).format(new Date(at));
}

/** `Tue 02:30` on the clock of a zone: beside a whole date. */
export function formatWeekClock(at: string | number | Date, timeZone: string): string {
  return once(
    `week clock ${timeZone}`,
    () => new Intl.DateTimeFormat(locale, { weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone }),
  ).format(new Date(at));
}

/** Hours and minutes of a day as the person writes them. */
export function formatClock(hour: number, minute: number): string {
  return once('clock', () => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })).format(
    Date.UTC(2024, 0, 1, hour, minute),
  );
}

/** 1 is Monday, 7 Sunday. */
export function formatWeekday(day: number, length: 'short' | 'long' = 'long'): string {
  return once(`weekday ${length}`, () => new Intl.DateTimeFormat(locale, { weekday: length, timeZone: 'UTC' })).format(
    Date.UTC(2024, 0, day),
  );
}

/** The words joined as the person's language lists things. */
export function formatList(words: readonly string[]): string {
  return once('list', () => new Intl.ListFormat(locale, { type: 'conjunction' })).format(words);
}

/** The zone of the person's clock, e.g. `Europe/Vienna`. */
export const ownZone = (): string => zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
