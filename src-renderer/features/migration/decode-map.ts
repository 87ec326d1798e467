import type { Output } from '../../../src-preload/contract/routes.ts';
import { type CellState, cellStates } from '../../ui/disk-map/cell-state.ts';

type DiskMap = Output<'migrations.diskMap'>;

/** What a number of the answer is in this client's list: a newer core may have another order, or states that we do not know. */
function codes(states: readonly string[]): number[] {
  return states.map((state) => Math.max(0, cellStates.indexOf(state as CellState)));
}

/** The cells of a disk as `DiskMap` draws them. */
export function decodeCells(states: DiskMap['states'], cells: string): Uint8Array {
  const ours = codes(states);
  return Uint8Array.from(atob(cells), (character) => ours[character.charCodeAt(0)] ?? 0);
}

/** Blocks in each state, by this client's code. */
export function decodeCounts(states: DiskMap['states'], counts: readonly number[]): number[] {
  const blocks = cellStates.map(() => 0);
  const ours = codes(states);
  counts.forEach((count, code) => {
    blocks[ours[code] ?? 0]! += count;
  });
  return blocks;
}
