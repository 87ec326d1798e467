import { useDebouncedValue } from '@mantine/hooks';
import { useMemo } from 'react';
import { usePages } from '../../api/queries.tsx';
import { type MachineFilter, queryOf } from '../../stores/machine-filter.ts';

/** Rows of one page: few enough to come at once, enough that one scrolls far before the next. */
const PAGE = 200;
/** Milliseconds in which one search is enough. The first letter is searched for at once: who types does not wait for it. */
const PATIENCE = 60;
const SEARCH = { leading: true };

/** The machines that a filter lets through, kept up to date. */
export function useMachineList(filter: MachineFilter) {
  const [text] = useDebouncedValue(filter.text, PATIENCE, SEARCH);
  const query = useMemo(() => queryOf({ ...filter, text }), [filter, text]);
  const pages = usePages('vms.list', { query: { ...query, limit: PAGE } }, { keepPrevious: true });
  const total = pages.data?.pages.at(-1)?.total;
  return { ...pages, total, query, place: JSON.stringify(query) };
}
