import type { QuietWindow } from './schedule.ts';

const MINUTE = 60_000;
const DAY = 1440;
/** No change of the clocks is larger, but for those that leave out a whole day. */
const SHIFT = 120;
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formats = new Map<string, Intl.DateTimeFormat>();

/** All clocks of today change, and differ from UTC, by quarters of an hour; within one, minutes only count on. */
const QUARTER = 15 * MINUTE;
const MOST_QUARTERS = 10_000;
const quarters = new Map<string, { day: number; minute: number }>();

/** The wall clock of a zone: weekday 1 to 7, minute of the day. */
function wallClock(zone: string, instant: number): { day: number; minute: number } {
  const quarter = Math.floor(instant / QUARTER);
  const key = `${quarter} ${zone}`;
  let start = quarters.get(key);
  if (!start) {
    if (quarters.size >= MOST_QUARTERS) quarters.clear();
    start = askClock(zone, quarter * QUARTER);
    quarters.set(key, start);
  }
  return { day: start.day, minute: start.minute + Math.floor((instant - quarter * QUARTER) / MINUTE) };
}

function askClock(zone: string, instant: number): { day: number; minute: number } {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: weekdays.indexOf(part.weekday!) + 1, minute: Number(part.hour) * 60 + Number(part.minute) };
}

function minutes(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

/** Minutes of the wall clock until the window ends; 0 outside of it. */
function remaining(window: QuietWindow, { day, minute }: { day: number; minute: number }): number {
  const [from, to] = [minutes(window.from), minutes(window.to)];
  if (from < to) return window.days.includes(day) && minute >= from && minute < to ? to - minute : 0;
  if (window.days.includes(day) && minute >= from) return DAY - minute + to;
  const yesterday = day === 1 ? 7 : day - 1;
  return window.days.includes(yesterday) && minute < to ? to - minute : 0;
}

/** Minutes that may be passed at once, being inside of a window all the while; 0 outside of all. */
function stride(windows: readonly QuietWindow[], time: number): number {
  let longest = 0;
  for (const window of windows) {
    const wall = wallClock(window.zone, time);
    const left = remaining(window, wall);
    if (left === 0) continue;
    const there = wallClock(window.zone, time + left * MINUTE);
    const straight = there.minute === (wall.minute + left) % DAY;
    // Where the clocks change on the way, the last hours are walked minute by minute.
    longest = Math.max(longest, straight ? left : Math.max(1, left - SHIFT));
  }
  return longest;
}

/** When the window or the chain of windows around this moment ends; undefined outside of all. Whole minutes. */
export function quietUntil(windows: readonly QuietWindow[], instant: Date): Date | undefined {
  let step = stride(windows, instant.getTime());
  if (step === 0) return undefined;
  let time = Math.floor(instant.getTime() / MINUTE) * MINUTE;
  const limit = time + 8 * DAY * MINUTE;
  for (; step > 0 && time < limit; step = stride(windows, time)) time += step * MINUTE;
  return new Date(time);
}

/** When what is planned for this time begins: within a quiet window at its end. */
export function beginsAt(windows: readonly QuietWindow[], planned: string): string {
  return quietUntil(windows, new Date(planned))?.toISOString() ?? planned;
}
