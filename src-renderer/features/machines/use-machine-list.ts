import { useCallback } from 'react';
import { useSearchedWindow } from '../../api/use-window.ts';
import { type MachineFilter, queryOf } from '../../stores/machine-filter.ts';

/** The machines that a filter lets through, kept up to date. */
export function useMachineList(filter: MachineFilter) {
  const queryWith = useCallback((text: string) => queryOf({ ...filter, text }), [filter]);
  return useSearchedWindow('vms.list', filter.text, queryWith);
}
