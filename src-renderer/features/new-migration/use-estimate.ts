import { useMemo } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoutes } from '../../api/queries.tsx';
import type { MachineRow } from '../machines/columns.tsx';
import { partsOf } from './use-chosen.ts';

type Total = Output<'estimates.get'>['total'];
type Range = Total['moved'];

const add = (a: Range, b: Range): Range => ({ low: a.low + b.low, likely: a.likely + b.likely, high: a.high + b.high });

/** Of several answers one. A time is only told where each tells one. */
export function sumOf(totals: readonly Total[]): Total | undefined {
  if (totals.length === 0) return undefined;
  return totals.reduce((sum, one) => ({
    capacity: sum.capacity + one.capacity,
    read: add(sum.read, one.read),
    moved: add(sum.moved, one.moved),
    stored: add(sum.stored, one.stored),
    ...(sum.ms && one.ms ? { ms: add(sum.ms, one.ms) } : {}),
  }));
}

/** What the first runs would move; `bandwidthLimit` in bytes a second for each migration, 0 is none. */
export function useEstimate(machines: readonly MachineRow[], { bandwidthLimit }: { bandwidthLimit: number }) {
  const ids = machines.map(({ id }) => id).join(',');
  const inputs = useMemo(
    () => (ids === '' ? [] : partsOf(ids.split(',')).map((part) => ({ query: { machineIds: part.join(','), bandwidthLimit } }))),
    [ids, bandwidthLimit],
  );
  const answers = useRoutes('estimates.get', inputs);
  const error = answers.find((answer) => answer.error)?.error ?? undefined;
  const found = answers.flatMap(({ data }) => data ?? []);
  const total = found.length === inputs.length ? sumOf(found.map((one) => one.total)) : undefined;
  const limit = found.find((one) => one.limit)?.limit;
  const refetch = () => answers.forEach((answer) => void answer.refetch());
  return { total, machines: machines.length, basis: found[0]?.basis, limit, error, refetch };
}
export type Estimated = ReturnType<typeof useEstimate>;
