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
  width: 180,
  grow: true,
  sort: 'name',
  cell: (row) => <span className={classes.name}>{row.name}</span>,
};
const protection: Column<MachineRow> = {
  id: 'protection',
  title: titles.protection,
  width: 176,
  cell: (row) => <StatusBadge state={row.protection} />,
};
const power: Column<MachineRow> = { id: 'power', title: titles.power, width: 104, cell: (row) => <StatusBadge state={row.powerState} /> };
const memory: Column<MachineRow> = {
  id: 'memory',
  title: titles.memory,
  width: 92,
  align: 'end',
  sort: 'memory',
  cell: (row) => formatBytes(row.memory),
};
const capacity: Column<MachineRow> = {
  id: 'capacity',
  title: titles.capacity,
  width: 92,
  align: 'end',
  sort: 'capacity',
  cell: (row) => formatBytes(row.capacity),
};

/** What fits beside the details. */
export const fewColumns: readonly Column<MachineRow>[] = [name, protection, power, capacity];

export const allColumns: readonly Column<MachineRow>[] = [
  name,
  protection,
  power,
  { id: 'folder', title: titles.folder, width: 150, sort: 'folder', cell: (row) => <span title={row.folder}>{row.folder}</span> },
  { id: 'cluster', title: titles.cluster, width: 110, sort: 'cluster', cell: (row) => row.cluster ?? '–' },
  { id: 'cpus', title: titles.cpus, width: 64, align: 'end', cell: (row) => formatNumber(row.cpus) },
  memory,
  capacity,
  { id: 'guest', title: titles.guest, width: 170, cell: (row) => <span title={row.guestName}>{row.guestName}</span> },
];

export const machineId = ({ id }: MachineRow): string => id;
export const machineName = (row: MachineRow): string => row.name;
