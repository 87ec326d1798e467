import { create } from 'zustand';
import type { Input } from '../../../src-preload/contract/routes.ts';

export type ActivityQuery = NonNullable<Input<'activity.list'>['query']>;
export type Span = '' | 'day' | 'week' | 'month' | 'between';

export interface ActivityFilter {
  text: string;
  /** A user's id. */
  actor: string;
  /** An action, or an area as `run.*`. */
  action: string;
  outcome: '' | NonNullable<ActivityQuery['outcome']>;
  span: Span;
  /** ISO 8601; of a span that moves, when it was chosen. */
  from: string;
  to: string;
  subject: { kind: string; id: string } | undefined;
}

export const everything: ActivityFilter = { text: '', actor: '', action: '', outcome: '', span: '', from: '', to: '', subject: undefined };

/** It stays while other screens are open. */
export const useActivityFilter = create<ActivityFilter>()(() => everything);
export const filterActivity = (change: Partial<ActivityFilter>) => useActivityFilter.setState(change);

const HOUR = 3_600_000;
const lengths: Readonly<Record<string, number>> = { day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

/** Chosen now: from when on. */
export function spanFrom(span: Span, now: number): Pick<ActivityFilter, 'span' | 'from' | 'to'> {
  const length = lengths[span];
  return { span, from: length === undefined ? '' : new Date(now - length).toISOString(), to: '' };
}

/** As the route takes it: without what is not chosen. */
export function queryOf(filter: ActivityFilter): Omit<ActivityQuery, 'limit' | 'cursor'> {
  const { text, actor, action, outcome, from, to, subject } = filter;
  const given = { text: text.trim(), actor, action, outcome, from, to, subjectKind: subject?.kind, subjectId: subject?.id };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
}

export const isFiltered = (filter: ActivityFilter): boolean => Object.keys(queryOf(filter)).length > 0;

/** What an input of the kind datetime-local shows and gives: local time to the minute. */
export function toLocalInput(iso: string): string {
  if (iso === '') return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(typed: string): string {
  const at = typed === '' ? Number.NaN : Date.parse(typed);
  return Number.isNaN(at) ? '' : new Date(at).toISOString();
}
