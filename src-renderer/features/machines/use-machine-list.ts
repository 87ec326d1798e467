import { useMemo } from 'react';
import { useWindow } from '../../api/use-window.ts';
import { type MachineFilter, queryOf } from '../../stores/machine-filter.ts';
import { useSettled } from '../../ui/use-settled.ts';

/** Milliseconds in which one search is enough. */
const PATIENCE = 60;

/** The machines that a filter lets through, kept up to date. */
export function useMachineList(filter: MachineFilter) {
  const text = useSettled(filter.text, PATIENCE);
  const query = useMemo(() => queryOf({ ...filter, text }), [filter, text]);
  return { ...useWindow('vms.list', query), query };
}
