import type { Item } from '../../api/queries.tsx';
import { machineTexts } from '../../texts/machines.ts';
import { formatBytes, formatNumber } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import type { Column } from '../../ui/virtual-table.tsx';
import classes from './machines.module.css';

export type MachineRow = Item<'vms.list'>;
const titles = machineTexts.columns;

const name: Column<MachineRow> = {
  id: 'name',
  title: titles.name,
  width: 168,
  grow: true,
  sort: 'name',
  cell: (row) => <span className={classes.name}>{row.name}</span>,
};
const protection: Column<MachineRow> = {
  id: 'protection',
  title: titles.protection,
  width: 132,
  cell: (row) => <StatusBadge state={row.protection} word={machineTexts.protection[row.protection]} />,
};
const power: Column<MachineRow> = { id: 'power', title: titles.power, width: 88, cell: (row) => <StatusBadge state={row.powerState} /> };
const folder: Column<MachineRow> = {
  id: 'folder',
  title: titles.folder,
  width: 138,
  sort: 'folder',
  cell: (row) => <span title={row.folder}>{lastOf(row.folder)}</span>,
};
const memory: Column<MachineRow> = {
  id: 'memory',
  title: titles.memory,
  width: 84,
  align: 'end',
  sort: 'memory',
  cell: (row) => formatBytes(row.memory),
};
const capacity: Column<MachineRow> = {
  id: 'capacity',
  title: titles.capacity,
  width: 84,
  align: 'end',
  sort: 'capacity',
  cell: (row) => formatBytes(row.capacity),
};

/** The end of a path says more than its beginning. */
const lastOf = (path: string) => path.split('/').slice(-2).join('/');

/** Those that say the least go first where there is no room. */
export const machineColumns: readonly Column<MachineRow>[] = [
  name,
  protection,
  { ...power, goes: 1 },
  { ...folder, goes: 2 },
  { id: 'cluster', title: titles.cluster, width: 96, sort: 'cluster', goes: 4, cell: (row) => row.cluster ?? '–' },
  { id: 'cpus', title: titles.cpus, width: 60, align: 'end', goes: 5, cell: (row) => formatNumber(row.cpus) },
  { ...memory, goes: 3 },
  capacity,
  { id: 'guest', title: titles.guest, width: 190, goes: 6, cell: (row) => <span title={row.guestName}>{row.guestName}</span> },
];
/** What one needs to recognise a machine. */
export const fewColumns: readonly Column<MachineRow>[] = [name, protection, power, capacity];

export const machineId = ({ id }: MachineRow): string => id;
export const machineName = (row: MachineRow): string => row.name;
