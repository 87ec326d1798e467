import { useMemo } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import type { ClientError } from '../../api/client-error.ts';
import { useRoutes } from '../../api/queries.tsx';
import type { MachineRow } from '../machines/columns.tsx';

export type CheckItem = Output<'migrations.check'>['items'][number];

export interface Checked {
  machine: MachineRow;
  /** Undefined while it is asked. A call that did not get through blocks as well. */
  outcome: CheckItem['outcome'] | undefined;
  items: readonly CheckItem[];
  error: ClientError | undefined;
}

/** What stands in the way of each machine. Asked anew when the target changes, or when a person wants it. */
export function useChecks(machines: readonly MachineRow[], targetId: string | undefined, quiesce: boolean, enabled: boolean) {
  const ids = machines.map(({ id }) => id).join(',');
  const inputs = useMemo(
    () =>
      targetId === undefined || ids === ''
        ? []
        : ids.split(',').map((machineId) => ({ query: { machineId, targetId, ...(quiesce ? { quiesce } : {}) } })),
    [ids, targetId, quiesce],
  );
  const answers = useRoutes('migrations.check', inputs, { enabled, still: true });
  const all: Checked[] = machines.map((machine, index) => {
    const { data, error, isFetching } = answers[index] ?? {};
    if (isFetching || (!data && !error)) return { machine, outcome: undefined, items: [], error: undefined };
    return { machine, outcome: data?.outcome ?? 'fail', items: data?.items ?? [], error: data ? undefined : (error ?? undefined) };
  });
  const of = (outcome: Checked['outcome']) => all.filter((one) => one.outcome === outcome);
  const refetch = () => answers.forEach((answer) => void answer.refetch());
  return { all, fail: of('fail'), warn: of('warn'), pass: of('pass'), pending: of(undefined), asked: inputs.length > 0, refetch };
}
export type Checks = ReturnType<typeof useChecks>;
