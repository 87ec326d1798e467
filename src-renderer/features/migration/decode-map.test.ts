import { expect, test } from 'vitest';
import { cellStates } from '../../ui/disk-map/cell-state.ts';
import { decodeCells, decodeCounts } from './decode-map.ts';

const base64 = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));
const names = (cells: Uint8Array) => [...cells].map((code) => cellStates[code]);

test('cells mean what the answer says they mean', () => {
  expect(names(decodeCells(['verified', 'waiting'], base64(0, 1, 1, 0)))).toEqual(['verified', 'waiting', 'waiting', 'verified']);
  expect(names(decodeCells([...cellStates], base64(6, 2, 0)))).toEqual(['verified', 'copied', 'unknown']);
});

test('what a newer core knows and we do not is unknown', () => {
  const states = ['copied', 'encrypted'] as unknown as (typeof cellStates)[number][];
  expect(names(decodeCells(states, base64(0, 1, 9)))).toEqual(['copied', 'unknown', 'unknown']);
  expect(decodeCounts(states, [5, 3])[cellStates.indexOf('copied')]).toBe(5);
  expect(decodeCounts(states, [5, 3])[0]).toBe(3);
});
