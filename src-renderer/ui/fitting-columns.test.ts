import { expect, test } from 'vitest';
import { fittingColumns } from './fitting-columns.ts';

const columns = [
  { id: 'name', width: 100 },
  { id: 'folder', width: 50, goes: 2 },
  { id: 'power', width: 30, goes: 1 },
  { id: 'size', width: 40 },
];
const shown = (room: number, widths = {}) => fittingColumns(columns, widths, room).map(({ id }) => id);

test('columns leave in their order, as far as it takes', () => {
  expect(shown(220)).toEqual(['name', 'folder', 'power', 'size']);
  expect(shown(219)).toEqual(['name', 'power', 'size']);
  expect(shown(160)).toEqual(['name', 'size']);
});

test('what always stays makes the table scroll', () => expect(shown(10)).toEqual(['name', 'size']));
test('a column that was widened takes the room of others', () => expect(shown(220, { name: 140 })).toEqual(['name', 'power', 'size']));
test('all of them before the room is known, and the same list while nothing leaves', () => {
  expect(shown(0)).toHaveLength(4);
  expect(fittingColumns(columns, {}, 500)).toBe(columns);
});
