import { useMemo } from 'react';
import { useRoute } from '../../api/queries.tsx';

/** What sources are called, by id. */
export function useSourceNames(): ReadonlyMap<string, string> {
  const items = useRoute('sources.list').data?.items;
  return useMemo(() => new Map(items?.map(({ id, name }) => [id, name])), [items]);
}
