import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Input } from '../../src-preload/contract/routes.ts';
import { go } from '../go.ts';

type Query = NonNullable<Input<'vms.list'>['query']>;

/** Which machines are shown, and in what order. */
export interface MachineFilter {
  text: string;
  sourceId: string | undefined;
  folder: string | undefined;
  cluster: string | undefined;
  powerState: Query['powerState'];
  protection: Query['protection'];
  sort: NonNullable<Query['sort']>;
}

export const allMachines: MachineFilter = {
  text: '',
  sourceId: undefined,
  folder: undefined,
  cluster: undefined,
  powerState: undefined,
  protection: undefined,
  sort: 'name',
};

/** It stays while other screens are open. */
export const useMachineFilter = create<MachineFilter>()(() => allMachines);

export const filterMachines = (change: Partial<MachineFilter>) => useMachineFilter.setState(change);

/** Opens the machines with this filter alone; for other screens. */
export function showMachines(filter: Partial<MachineFilter>): void {
  useMachineFilter.setState({ ...allMachines, ...filter });
  go('/machines');
}

export const isFiltered = ({ sort: _, ...filter }: MachineFilter): boolean =>
  Object.values(filter).some((value) => value !== undefined && value !== '');

const powerStates: readonly unknown[] = ['on', 'off', 'suspended'] satisfies Query['powerState'][];
const protections: readonly unknown[] = ['none', 'pending', 'protected', 'cut-over'] satisfies Query['protection'][];
const sorts: readonly unknown[] = ['name', 'folder', 'cluster', 'memory', 'capacity'].flatMap((key) => [key, `-${key}`]);

/** A filter out of what was kept on this computer, whatever it may be by now. */
export function readFilter(state: unknown): MachineFilter {
  const given = (typeof state === 'object' && state !== null ? state : {}) as Record<string, unknown>;
  const line = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined);
  const one = <Value>(value: unknown, of: readonly unknown[]) => (of.includes(value) ? (value as Value) : undefined);
  return {
    text: line(given.text) ?? '',
    sourceId: line(given.sourceId),
    folder: line(given.folder),
    cluster: line(given.cluster),
    powerState: one(given.powerState, powerStates),
    protection: one(given.protection, protections),
    sort: one<MachineFilter['sort']>(given.sort, sorts) ?? 'name',
  };
}

/** As vms.list takes it: what is not asked for is left out. */
export function queryOf({ text, ...rest }: MachineFilter): Query {
  const query: Record<string, unknown> = {};
  // Control characters that were pasted in would be refused.
  const wanted = text
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 200);
  for (const [name, value] of Object.entries({ text: wanted, ...rest })) if (value !== undefined && value !== '') query[name] = value;
  return query as Query;
}

interface Pane {
  /** The tree at the left is shown. */
  tree: boolean;
  by: 'folders' | 'clusters';
}

/** How a person likes the machines' screen on this computer. */
export const useMachinePane = create<Pane>()(
  persist((): Pane => ({ tree: true, by: 'folders' }), { name: 'octopus.machines', version: 1 }),
);
