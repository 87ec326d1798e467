import type { CallInput } from '../../api/client.ts';
import { scheduleFormTexts as texts } from '../../texts/schedules.ts';
import { uiTexts } from '../../texts/ui.ts';
import { formatNumber, ownZone } from '../../ui/format.ts';
import { isWithin } from '../../ui/is-within.ts';
import { inUnits, type Schedule, type Timing } from './timing-words.ts';

const MINUTE = 60_000;
const unitMinutes = { minutes: 1, hours: 60, days: 1440 };
const LONGEST = 525_600;

export interface WindowValues {
  /** Tells rows of the form apart. */
  key: string;
  zone: string;
  days: string[];
  from: string;
  to: string;
}

/** As the form's fields hold it. Empty numbers are ''. */
export interface Values {
  kind: Schedule['kind'];
  migrationId: string | null;
  sourceId: string | null;
  type: Timing['type'];
  count: number | string;
  unit: keyof typeof unitMinutes;
  /** `YYYY-MM-DDTHH:MM` on the person's clock, as the browser's field has it. */
  startAt: string;
  expression: string;
  zone: string;
  at: string;
  /** What `startAt` or `at` was made of: their fields tell no seconds, nor which of the two hours when the clocks go back. */
  stored?: string;
  leadMinutes: number | string;
  graceMinutes: number | string;
  windows: WindowValues[];
  jitterMinutes: number | string;
  priority: number | string;
  enabled: boolean;
  /** Of a cutover: a disk that is left out may be missing at the target. */
  acceptsLeftOut: boolean;
}

/** The value of a browser's field for day and time. */
export function toLocal(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** Undefined where it is no moment: the browser's field takes years of five digits, too, and JavaScript does not. */
export function fromLocal(text: string, stored?: string): string | undefined {
  if (stored !== undefined && text === toLocal(stored)) return stored;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

export function newWindow(key: string): WindowValues {
  return { key, zone: ownZone(), days: ['1', '2', '3', '4', '5'], from: '08:00', to: '18:00' };
}

export function newValues(kind: Schedule['kind'], migrationId: string | null = null): Values {
  return {
    ...{ kind, migrationId, sourceId: null, type: kind === 'cutover' ? 'once' : 'every', count: 1, unit: 'hours', startAt: '' },
    ...{ expression: '30 2 * * *', zone: ownZone(), at: '', leadMinutes: 60, graceMinutes: 60, windows: [] },
    ...{ jitterMinutes: 0, priority: 10, enabled: true, acceptsLeftOut: false },
  };
}

export function valuesOf(schedule: Schedule): Values {
  const { timing, windows } = schedule;
  const values: Values = {
    ...newValues(schedule.kind, schedule.migrationId ?? null),
    ...{ sourceId: schedule.sourceId ?? null, type: timing.type, priority: schedule.priority, enabled: schedule.enabled },
    jitterMinutes: schedule.jitterMs / MINUTE,
    acceptsLeftOut: schedule.accept?.includes('disks') ?? false,
    windows: windows.map((window, index) => ({ ...window, key: `stored ${index}`, days: window.days.map(String) })),
  };
  if (timing.type === 'every') {
    const { minutes, startAt } = timing;
    return { ...values, ...inUnits(minutes), ...(startAt === undefined ? {} : { startAt: toLocal(startAt), stored: startAt }) };
  }
  if (timing.type === 'cron') return { ...values, expression: timing.expression, zone: timing.zone };
  const { at, checkLeadMs = 0, graceMs = 0 } = timing;
  return { ...values, at: toLocal(at), stored: at, leadMinutes: checkLeadMs / MINUTE, graceMinutes: graceMs / MINUTE };
}

const numberOf = (value: number | string): number | undefined => (value === '' ? undefined : Number(value));

export function timingOf(values: Values): Timing {
  if (values.type === 'every') {
    const minutes = Math.round((numberOf(values.count) ?? 0) * unitMinutes[values.unit]);
    const startAt = fromLocal(values.startAt, values.stored);
    return { type: 'every', minutes, ...(startAt === undefined ? {} : { startAt }) };
  }
  if (values.type === 'cron') return { type: 'cron', expression: values.expression.trim(), zone: values.zone };
  const lead = values.kind === 'cutover' ? (numberOf(values.leadMinutes) ?? 0) : 0;
  const at = fromLocal(values.at, values.stored) ?? '';
  return { type: 'once', at, checkLeadMs: lead * MINUTE, graceMs: (numberOf(values.graceMinutes) ?? 60) * MINUTE };
}

export const windowsOf = ({ windows }: Pick<Values, 'windows'>) =>
  windows.map(({ zone, days, from, to }) => ({ zone, days: days.map(Number).sort(), from, to }));

/** What may be changed later. */
export function changesOf(values: Values) {
  return {
    timing: timingOf(values),
    windows: windowsOf(values),
    jitterMs: Math.round((numberOf(values.jitterMinutes) ?? 0) * MINUTE),
    priority: numberOf(values.priority) ?? 10,
    enabled: values.enabled,
    ...(values.kind === 'cutover' ? { accept: values.acceptsLeftOut ? ['disks' as const] : [] } : {}),
  };
}

export const isOfMigration = (kind: Schedule['kind']): boolean => kind === 'run' || kind === 'cutover' || kind === 'verify';

export function bodyOf(values: Values): CallInput<'schedules.create'>['body'] {
  const { kind, migrationId, sourceId } = values;
  return {
    kind,
    ...(isOfMigration(kind) && migrationId !== null ? { migrationId } : {}),
    ...(kind === 'inventory' && sourceId !== null ? { sourceId } : {}),
    ...changesOf(values),
  };
}

/** From 0 on. */
export const most = { leadMinutes: 43_200, graceMinutes: 43_200, jitterMinutes: 1440, priority: 100 } as const;

/** By field; empty when all is well. The core checks all of it again. */
export function problemsOf(values: Values, now: number): Record<string, string> {
  const problems: Record<string, string> = {};
  if (isOfMigration(values.kind) && values.migrationId === null) problems.migrationId = texts.pick;
  if (values.kind === 'inventory' && values.sourceId === null) problems.sourceId = texts.pick;
  if (values.type === 'every') {
    const minutes = (numberOf(values.count) ?? 0) * unitMinutes[values.unit];
    if (minutes < 1) problems.count = texts.needed;
    else if (minutes > LONGEST) problems.count = texts.tooLong;
    if (values.startAt !== '' && fromLocal(values.startAt) === undefined) problems.startAt = texts.noMoment;
  } else if (values.type === 'cron') {
    if (values.expression.trim() === '') problems.expression = texts.needed;
    if (values.zone === '') problems.zone = texts.needed;
  } else {
    const at = fromLocal(values.at, values.stored);
    if (at === undefined) problems.at = values.at === '' ? texts.needed : texts.noMoment;
    else if (Date.parse(at) <= now) problems.at = texts.future;
  }
  const shown = Object.keys(most).filter((field) =>
    field === 'leadMinutes' ? values.kind === 'cutover' : field !== 'graceMinutes' || values.type === 'once',
  ) as (keyof typeof most)[];
  for (const field of shown) {
    if (values[field] !== '' && !isWithin(values[field], 0, most[field])) problems[field] = uiTexts.range('0', formatNumber(most[field]));
  }
  for (const [index, { days, from, to }] of values.windows.entries()) {
    if (days.length === 0) problems[`windows.${index}.days`] = texts.oneDay;
    if (from === '') problems[`windows.${index}.from`] = texts.needed;
    if (to === '') problems[`windows.${index}.to`] = texts.needed;
  }
  return problems;
}

/** What the route's fields are called here. */
export const fieldNames: Readonly<Record<string, string>> = {
  'timing.minutes': 'count',
  'timing.startAt': 'startAt',
  'timing.expression': 'expression',
  'timing.zone': 'zone',
  'timing.at': 'at',
  'timing.checkLeadMs': 'leadMinutes',
  'timing.graceMs': 'graceMinutes',
  jitterMs: 'jitterMinutes',
};
