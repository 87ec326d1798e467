import { type CellState, cellState, legendOrder } from './cell-state.ts';
import type { DiskGeometry } from './geometry.ts';

export interface StateTotal {
  state: CellState;
  blocks: number;
  /** A whole block's for each: the disk's last block may be shorter, which no one sees in a sum. */
  bytes: number;
  /** Of the disk's blocks: 0 to 1. */
  share: number;
}

/**
 * One total for each state, in the order of the legend; those without a block too, so that the legend does not jump. Without exact counts
 * (blocks, by code) all blocks of a cell are counted to the state that the cell shows.
 */
export function totalsOf(codes: Uint8Array, geometry: DiskGeometry, counts?: readonly number[]): StateTotal[] {
  const exact = counts ?? blocksByCode(codes, geometry);
  const perState = new Map<CellState, number>();
  exact.forEach((blocks, code) => {
    perState.set(cellState(code), (perState.get(cellState(code)) ?? 0) + blocks);
  });
  return legendOrder.map((state) => {
    const blocks = perState.get(state) ?? 0;
    const bytes = Math.min(blocks * geometry.blockSize, geometry.capacity);
    return { state, blocks, bytes, share: geometry.blocks > 0 ? blocks / geometry.blocks : 0 };
  });
}

function blocksByCode(codes: Uint8Array, geometry: DiskGeometry): number[] {
  const cells = Math.min(codes.length, geometry.cells);
  // 256: all that a byte can be.
  const blocks = new Array<number>(256).fill(0);
  for (let cell = 0; cell < cells; cell++) blocks[codes[cell]!]! += geometry.blocksPerCell;
  // The last cell may stand for fewer.
  const surplus = cells * geometry.blocksPerCell - geometry.blocks;
  if (cells > 0 && surplus > 0) blocks[codes[cells - 1]!]! -= surplus;
  return blocks;
}
