// @vitest-environment happy-dom
import { MantineProvider } from '@mantine/core';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { cloneElement, useState } from 'react';
import { expect, test, vi } from 'vitest';
import { renderWith } from '../testing/render.tsx';
import type { Selection } from './selection.ts';
import { type Column, VirtualTable } from './virtual-table.tsx';

interface Row {
  id: string;
}
const rows = Array.from({ length: 10_000 }, (_, index): Row => ({ id: `m${index}` }));
const columns: Column<Row>[] = [
  { id: 'name', title: 'Name', width: 200, grow: true, sort: 'name', cell: ({ id }) => id },
  { id: 'size', title: 'Size', width: 90, align: 'end', cell: () => '1 GiB' },
];
const idOf = ({ id }: Row) => id;

interface Spies {
  onOpen: (row: Row) => void;
  onSort: (sort: string) => void;
  onNeedMore: () => void;
  onChosen: (selection: Selection) => void;
}

function Table({ loaded, total, onChosen, ...spies }: Spies & { loaded: number; total: number | undefined }) {
  const [selection, setSelection] = useState<Selection>(new Set());
  return (
    <VirtualTable
      label="Machines"
      columns={columns}
      rows={rows.slice(0, loaded)}
      total={total}
      rowId={idOf}
      rowName={idOf}
      sort="name"
      selection={selection}
      onSelection={(next) => {
        setSelection(next);
        onChosen(next);
      }}
      empty={<p>None</p>}
      {...spies}
    />
  );
}

function show(loaded: number, total?: number) {
  let chosen: Selection = new Set();
  const onChosen = (selection: Selection) => {
    chosen = selection;
  };
  const spies = { onOpen: vi.fn(), onSort: vi.fn(), onNeedMore: vi.fn() };
  const { unmount } = renderWith(<Table loaded={loaded} total={total} onChosen={onChosen} {...spies} />);
  const grid = screen.getByRole('grid', { name: 'Machines' });
  const press = (key: string, more: object = {}) => fireEvent.keyDown(grid, { key, ...more });
  return { grid, press, unmount, ...spies, chosen: () => [...chosen] };
}

test('of ten thousand rows only those in sight are in the page, and all are counted', () => {
  const { grid } = show(10_000);
  expect(grid.getAttribute('aria-rowcount')).toBe('10001');
  expect(screen.getAllByRole('row').length).toBeLessThan(60);
  expect(screen.getAllByRole('row')[1]?.getAttribute('aria-rowindex')).toBe('2');
});

test('the keys move, open, select and extend', () => {
  const { grid, press, onOpen, chosen } = show(100);
  press('ArrowDown');
  press('ArrowDown');
  press('Enter');
  expect(onOpen).toHaveBeenCalledWith({ id: 'm2' });
  press(' ');
  press('ArrowDown', { shiftKey: true });
  press('ArrowDown', { shiftKey: true });
  expect(chosen()).toEqual(['m2', 'm3', 'm4']);
  const active = document.getElementById(grid.getAttribute('aria-activedescendant') ?? '');
  expect(active?.getAttribute('aria-rowindex')).toBe('6');
  press('a', { ctrlKey: true });
  expect(chosen()).toHaveLength(100);
  press('Escape');
  expect(chosen()).toEqual([]);
});

test('boxes select, with Shift all rows between', () => {
  const { chosen } = show(100);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select m1' }));
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select m4' }), { shiftKey: true });
  expect(chosen()).toEqual(['m1', 'm2', 'm3', 'm4']);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select all that are shown' }));
  expect(chosen()).toHaveLength(100);
});

test('a heading sorts, then the other way round; one without an order does not', () => {
  const { onSort } = show(10);
  fireEvent.click(screen.getByRole('button', { name: 'Name' }));
  expect(onSort).toHaveBeenCalledWith('-name');
  expect(screen.getByRole('columnheader', { name: /Name/ }).getAttribute('aria-sort')).toBe('ascending');
  expect(screen.queryByRole('button', { name: 'Size' })).toBeNull();
});

test('asks for more when the end of what is loaded comes into sight', () => {
  const far = show(200, 10_000);
  expect(far.onNeedMore).not.toHaveBeenCalled();
  far.unmount();
  expect(show(20, 10_000).onNeedMore).toHaveBeenCalled();
});

test('rows that are not loaded are asked for before they are selected', async () => {
  const some: (Row | undefined)[] = new Array(1000);
  for (let index = 0; index < 100; index++) some[index] = rows[index];
  const idsOf = vi.fn(async (from: number, to: number) => rows.slice(from, to + 1).map(idOf));
  const onRange = vi.fn();
  const onSelection = vi.fn();
  const table = <VirtualTable label="Parts" columns={columns} rows={some} rowId={idOf} rowName={idOf} selection={new Set()} />;
  renderWith(cloneElement(table, { idsOf, onRange, onSelection }));
  expect(onRange).toHaveBeenLastCalledWith(0, expect.any(Number));
  const grid = screen.getByRole('grid', { name: 'Parts' });
  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: 'ArrowDown', shiftKey: true });
  expect(onSelection).toHaveBeenLastCalledWith(new Set(['m1', 'm2']));
  expect(idsOf).not.toHaveBeenCalled();
  fireEvent.keyDown(grid, { key: 'End', shiftKey: true });
  await waitFor(() => expect(onSelection.mock.lastCall?.[0].size).toBe(999));
  expect(idsOf).toHaveBeenCalledWith(1, 999);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select all that are shown' }));
  await waitFor(() => expect(onSelection.mock.lastCall?.[0].size).toBe(1000));
});

test('other rows change what is written in those that are there', () => {
  const table = (first: number) => (
    <VirtualTable label="Same" columns={columns} rows={rows.slice(first, first + 50)} rowId={idOf} rowName={idOf} />
  );
  const { rerender } = render(<MantineProvider>{table(0)}</MantineProvider>);
  const before = screen.getAllByRole('row');
  rerender(<MantineProvider>{table(5000)}</MantineProvider>);
  expect(screen.getAllByRole('row')[1]).toBe(before[1]);
  expect(screen.getByText('m5000')).toBeTruthy();
});

test('without rows it says so', () => {
  show(0);
  expect(screen.getByText('None')).toBeTruthy();
});
