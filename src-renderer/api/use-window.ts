import { useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Output } from '../../src-preload/contract/routes.ts';
import { notifyFailed } from '../notify.tsx';
import type { CallInput } from './client.ts';
import { type ClientError, toClientError } from './client-error.ts';
import { type Item, keyOf, type PagedId, useClient } from './queries.tsx';
import { useSettled } from './use-settled.ts';

/** Routes that answer any part of a list of which they tell the whole number. */
export type WindowedId = {
  [Id in PagedId]: Output<Id> extends { total: number }
    ? CallInput<Id> extends { query?: { position?: unknown } | undefined }
      ? Id
      : never
    : never;
}[PagedId];
export type WindowQuery<Id extends WindowedId> =
  CallInput<Id> extends { query?: infer Query } ? Omit<NonNullable<Query>, 'limit' | 'cursor' | 'position'> : never;

export interface Window<Id extends WindowedId> {
  /** As long as the list; what was not in sight yet is undefined. */
  rows: readonly (Item<Id> | undefined)[];
  /** Undefined: nothing has come yet. */
  total: number | undefined;
  /** Differs where the rows are those of another query. */
  place: string;
  /** The rows are those of this query, and not of the one before. */
  isAnswered: boolean;
  /** Why there is nothing to show. */
  error: ClientError | undefined;
  refetch: () => void;
  /** For VirtualTable's onRange: these rows come into sight. */
  onRange: (first: number, last: number) => void;
  /** Ids of rows that need not be loaded, both ends included. What goes wrong is said in a notification. */
  idsOf: (from: number, to: number) => Promise<readonly string[] | undefined>;
}

/** Rows of one call: as many as are in sight at most, so that a change is there at once. */
const PAGE = 100;
/** Rows that are asked for before they come into sight. */
const AHEAD = 25;
/** Most rows of a call that only wants their ids. */
const MOST: Record<string, number> = { 'vms.list': 1000, 'migrations.list': 500 };

/** A list of any length of which only the parts in sight are asked for, and kept up to date. Another query shows the former rows until its own are there. */
export function useWindow<Id extends WindowedId>(id: Id, query: WindowQuery<Id>, size = PAGE): Window<Id> {
  const client = useClient();
  const asked = JSON.stringify(query);
  const [sight, setSight] = useState({ asked, from: 0, to: 0 });
  const { from, to } = sight.asked === asked ? sight : { from: 0, to: 0 };
  const parts = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const answers = useQueries({
    queries: parts.map((part) => {
      const input = { query: { ...query, limit: size, ...(part === 0 ? {} : { position: part * size }) } } as unknown as CallInput<Id>;
      return {
        queryKey: keyOf(id, input),
        queryFn: ({ signal }: { signal: AbortSignal }) => client.call(id, input, { signal }) as Promise<unknown>,
      };
    }),
  });
  const found = answers.map(({ data }) => data as { items: Item<Id>[]; total: number } | undefined);
  const shown = useShown<Item<Id>>(asked, parts, found, size);

  // Behind it there is nothing to ask for.
  const end = useRef(0);
  end.current = Math.max(0, (shown.total ?? 0) - 1);

  const refetch = () => {
    for (const answer of answers) void answer.refetch();
  };
  const onRange = useCallback(
    (first: number, last: number) => {
      const next = { from: Math.floor(Math.max(0, first - AHEAD) / size), to: Math.floor(Math.min(last + AHEAD, end.current) / size) };
      setSight((before) => (before.asked === asked && before.from === next.from && before.to === next.to ? before : { asked, ...next }));
    },
    [asked, size],
  );
  const idsOf = useCallback(
    async (first: number, last: number) => {
      const ids: string[] = [];
      try {
        while (first + ids.length <= last) {
          const position = first + ids.length;
          const limit = Math.min(MOST[id] ?? size, last - position + 1);
          const input = { query: { ...JSON.parse(asked), position, limit } } as CallInput<Id>;
          const { items } = (await client.call(id, input)) as { items: { id: string }[] };
          // It has become shorter meanwhile.
          if (items.length === 0) break;
          for (const item of items) ids.push(item.id);
        }
        return ids;
      } catch (error) {
        notifyFailed(toClientError(error));
        return undefined;
      }
    },
    [client, id, asked, size],
  );
  const error = shown.total === undefined || shown.place !== asked ? (answers.find((one) => one.error)?.error ?? undefined) : undefined;
  return { ...shown, isAnswered: shown.place === asked, error: error as ClientError | undefined, refetch, onRange, idsOf };
}

/** Milliseconds after which a search is asked for although the one before has no answer yet. */
const PATIENCE = 60;

/** The window of a list that is searched while the person types: a letter is asked for as soon as the rows of the one before stand. `settled` is what was asked last. */
export function useSearchedWindow<Id extends WindowedId>(id: Id, text: string, queryOf: (text: string) => WindowQuery<Id>) {
  const [settled, answered] = useSettled(text, PATIENCE);
  const query = useMemo(() => queryOf(settled), [queryOf, settled]);
  const list = useWindow(id, query);
  useEffect(() => {
    if (list.isAnswered) answered();
  });
  return { ...list, settled };
}

const nothing = { rows: [], total: undefined, place: '' };

interface Shown<Row> {
  rows: readonly (Row | undefined)[];
  total: number | undefined;
  place: string;
}

type Part<Row> = { items: Row[]; total: number } | undefined;

/** Puts the parts together with those that were in sight before. */
function useShown<Row>(asked: string, parts: readonly number[], found: readonly Part<Row>[], size: number): Shown<Row> {
  const kept = useRef({ asked, parts: new Map<number, Row[]>(), last: [] as readonly Part<Row>[], shown: nothing as Shown<Row> });
  const before = kept.current;
  const same = before.asked === asked && before.last.length === found.length && found.every((part, index) => part === before.last[index]);
  if (same || found.every((part) => part === undefined)) return before.shown;
  const known = before.asked === asked ? new Map(before.parts) : new Map<number, Row[]>();
  let total = before.asked === asked ? (before.shown.total ?? 0) : 0;
  found.forEach((part, index) => {
    if (part === undefined) return;
    known.set(parts[index] as number, part.items);
    total = part.total;
  });
  const rows: (Row | undefined)[] = new Array(total);
  for (const [part, items] of known) for (const [index, item] of items.entries()) rows[part * size + index] = item;
  // It may have become shorter since a part was asked for.
  rows.length = total;
  kept.current = { asked, parts: known, last: found, shown: { rows, total, place: asked } };
  return kept.current.shown;
}
