import { Cron } from 'croner';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Timing } from '../domain/schedule.ts';

const MINUTE = 60_000;
const YEAR_OF_MINUTES = 525_600;
const parsed = new Map<string, Cron>();

/** Reading an expression costs more than asking it. Without a function croner never starts a timer, and it reckons from the time it is given. */
function cron(expression: string, zone: string): Cron {
  const key = `${zone} ${expression}`;
  let known = parsed.get(key);
  if (!known) {
    if (parsed.size >= 1000) parsed.clear();
    known = new Cron(expression, { timezone: zone, mode: '5-part' });
    parsed.set(key, known);
  }
  return known;
}

/** The first planned time that is later than `after`; undefined when none comes. */
export function nextAfter(timing: Timing, createdAt: string, after: Date): string | undefined {
  if (timing.type === 'cron') return cron(timing.expression, timing.zone).nextRun(after)?.toISOString();
  if (timing.type === 'once') {
    const at = Date.parse(timing.at);
    return [at - timing.checkLeadMs, at]
      .filter((time) => time > after.getTime())
      .map((time) => new Date(time).toISOString())
      .at(0);
  }
  const origin = Date.parse(timing.startAt ?? createdAt);
  const period = timing.minutes * MINUTE;
  const next = origin + (Math.floor((after.getTime() - origin) / period) + 1) * period;
  return new Date(timing.startAt === undefined ? next : Math.max(next, origin)).toISOString();
}

const cronFields = [
  ['Minute', '0 to 59'],
  ['Hour', '0 to 23'],
  ['Day of month', '1 to 31'],
  ['Month', '1 to 12 or JAN to DEC'],
  ['Day of week', '0 to 7 or SUN to SAT'],
] as const;

/** Which field of an expression that cannot be read is wrong, and what may stand there. */
function cronProblem(expression: string): string {
  const given = expression.trim().split(/\s+/);
  const any = cronFields.map(() => '*');
  const wrong = (field: string, at: number) => {
    try {
      new Cron(any.with(at, field).join(' '), { mode: '5-part' });
      return false;
    } catch {
      return true;
    }
  };
  const at = given.length === any.length ? given.findIndex(wrong) : -1;
  const field = cronFields[at];
  if (!field) return 'A cron expression has five fields with spaces between them: minute, hour, day of month, month, day of week.';
  const [name, range] = field;
  const text = given[at] as string;
  return /^\w+$/.test(text)
    ? `${name}: ${range}, not "${text}".`
    : `${name}: ${range}, alone or as 1,2 or 1-5, or *, or */5; not "${text}".`;
}

/** `argument.invalid` with the field's name. */
export function checkTiming(timing: Timing, now: Date): void {
  const invalid = (field: string, message: string, cause?: unknown) => {
    throw new OctopusError('argument.invalid', message, { field: `timing.${field}`, cause });
  };
  if (timing.type === 'every') {
    if (!Number.isInteger(timing.minutes) || timing.minutes < 1 || timing.minutes > YEAR_OF_MINUTES) {
      invalid('minutes', `A schedule repeats after 1 to ${YEAR_OF_MINUTES} whole minutes, not ${timing.minutes}.`);
    }
    if (timing.startAt !== undefined && Number.isNaN(Date.parse(timing.startAt))) invalid('startAt', `"${timing.startAt}" is not a time.`);
  } else if (timing.type === 'cron') {
    checkZone(timing.zone, 'timing.zone');
    let next: Date | null = null;
    try {
      next = cron(timing.expression, timing.zone).nextRun(now);
    } catch (cause) {
      invalid('expression', cronProblem(timing.expression), cause);
    }
    if (next === null) invalid('expression', `"${timing.expression}" never comes.`);
  } else {
    const at = Date.parse(timing.at);
    if (Number.isNaN(at)) invalid('at', `"${timing.at}" is not a time.`);
    if (at <= now.getTime()) invalid('at', `${timing.at} is not in the future.`);
    for (const field of ['checkLeadMs', 'graceMs'] as const) {
      if (!Number.isInteger(timing[field]) || timing[field] < 0) invalid(field, `${timing[field]} is not a number of milliseconds.`);
    }
  }
}

export function checkZone(zone: string, field: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch (cause) {
    throw new OctopusError('argument.invalid', `"${zone}" is not a time zone such as Europe/Berlin.`, { field, cause });
  }
}
