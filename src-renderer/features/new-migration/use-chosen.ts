import { useMemo } from 'react';
import { useRoutes } from '../../api/queries.tsx';
import type { MachineRow } from '../machines/columns.tsx';

/** Machines of one call, as the contract allows. */
const PART = 200;

export function partsOf<Item>(all: readonly Item[], size = PART): Item[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** The machines of these ids, in their order; `gone` are no longer there. */
export function useChosen(ids: readonly string[]) {
  const parts = useMemo(() => partsOf(ids).map((part) => ({ query: { ids: part.join(','), limit: PART } })), [ids]);
  const answers = useRoutes('vms.list', parts);
  const error = answers.find((answer) => answer.error)?.error ?? undefined;
  const loaded = answers.every(({ data }) => data !== undefined);
  const known = new Map<string, MachineRow>(answers.flatMap(({ data }) => data?.items.map((row) => [row.id, row] as const) ?? []));
  const machines = ids.flatMap((id) => known.get(id) ?? []);
  const refetch = () => answers.forEach((answer) => void answer.refetch());
  return { machines, loaded, gone: loaded ? ids.length - machines.length : 0, error, refetch };
}
export type Chosen = ReturnType<typeof useChosen>;
