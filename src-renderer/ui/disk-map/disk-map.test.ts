import { expect, test } from 'vitest';
import { blockStates } from '../../../src-preload/contract/routes/migration-insight.ts';
import { cellState, cellStates, codesOf, legendOrder } from './cell-state.ts';
import { differenceOf } from './difference.ts';
import { cellAfterKey, geometryOf, rangeOf } from './geometry.ts';
import { boxOf, cellAt, layoutCells } from './layout.ts';
import { allCells, paintCells } from './paint.ts';
import { contrast, pages, palettes } from './palette.ts';
import { spriteOf, spritesOf, wordOf } from './sprite.ts';
import { totalsOf } from './summary.ts';

const mebibyte = 2 ** 20;

test('the states are those of the contract, and the legend names each', () => {
  expect(cellStates).toEqual(blockStates);
  expect([...legendOrder].sort()).toEqual([...cellStates].sort());
  expect(cellState(200)).toBe('unknown');
});

test('a cell stands for its blocks, the last for fewer', () => {
  const geometry = geometryOf({ cells: 4, blocks: 10, blockSize: mebibyte, blocksPerCell: 3, capacity: 9.5 * mebibyte });
  expect(rangeOf(geometry, 0)).toEqual({ firstBlock: 0, lastBlock: 2, start: 0, end: 3 * mebibyte });
  expect(rangeOf(geometry, 3)).toEqual({ firstBlock: 9, lastBlock: 9, start: 9 * mebibyte, end: 9.5 * mebibyte });
  // A server that gives more cells than the disk has blocks for is not believed.
  expect(geometryOf({ ...geometry, cells: 9 }).cells).toBe(4);
});

test('keys move within the map', () => {
  const after = (key: string, cell: number) => cellAfterKey(key, cell, 10, 4, 3);
  expect([after('ArrowRight', 0), after('ArrowLeft', 0), after('ArrowRight', 9), after('ArrowDown', 1)]).toEqual([1, 0, 9, 5]);
  // No cell above, none below: it stays in its column.
  expect([after('ArrowUp', 2), after('ArrowDown', 7), after('Home', 7), after('End', 0)]).toEqual([2, 7, 0, 9]);
  expect([after('PageDown', 0), after('PageUp', 9)]).toEqual([4, 5]);
  expect(after('a', 3)).toBeUndefined();
  expect(cellAfterKey('Home', 0, 0, 1, 0)).toBeUndefined();
});

test('the full number of cells fits from narrow to wide, at any pixel ratio', () => {
  for (const width of [280, 640, 860, 1280, 2400]) {
    for (const ratio of [1, 1.25, 1.5, 2, 3]) {
      const layout = layoutCells({ cells: 16_384, width, maxHeight: 320, ratio });
      expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(16_384);
      expect((layout.rows - 1) * layout.columns).toBeLessThan(16_384);
      expect(layout.width).toBeLessThanOrEqual(width * ratio);
      expect(layout.side).toBeGreaterThanOrEqual(2);
      for (const value of [layout.pitch, layout.side, layout.width, layout.height]) expect(Number.isInteger(value)).toBe(true);
    }
  }
  const wide = layoutCells({ cells: 16_384, width: 1280, maxHeight: 320, ratio: 1 });
  expect(wide.height).toBeLessThanOrEqual(320);
});

test('a small disk has large cells, an empty one has none', () => {
  const small = layoutCells({ cells: 12, width: 800, maxHeight: 320, ratio: 2 });
  expect(small).toMatchObject({ columns: 12, rows: 1, pitch: 44 });
  expect(layoutCells({ cells: 0, width: 800, maxHeight: 320, ratio: 1 })).toMatchObject({ rows: 0, height: 0 });
});

test('a point finds the cell whose box it lies in', () => {
  const layout = layoutCells({ cells: 1000, width: 500, maxHeight: 200, ratio: 1.5 });
  for (const cell of [0, 1, layout.columns - 1, layout.columns, 999]) {
    const { left, top, side } = boxOf(layout, cell);
    expect(cellAt(layout, 1000, left + side / 2, top + side / 2)).toBe(cell);
  }
  expect(cellAt(layout, 1000, -1, 0)).toBeUndefined();
  expect(cellAt(layout, 1000, 0, 10_000)).toBeUndefined();
  // The last row is not full.
  expect(cellAt(layout, 1, layout.pitch, 0)).toBeUndefined();
});

test('only what is another state now is drawn, neighbours together', () => {
  const before = new Uint8Array(100);
  const after = Uint8Array.from(before);
  for (const cell of [0, 3, 9, 10, 57]) after[cell] = 2;
  expect(differenceOf(before, after, 10)).toEqual({
    cells: [0, 3, 9, 10, 57],
    patches: [
      { row: 0, firstColumn: 0, lastColumn: 9 },
      { row: 1, firstColumn: 0, lastColumn: 0 },
      { row: 5, firstColumn: 7, lastColumn: 7 },
    ],
  });
  expect(differenceOf(after, after, 10)).toEqual({ cells: [], patches: [] });
});

test('the picture after a difference is the picture of all', () => {
  const cells = 50;
  const layout = layoutCells({ cells, width: 200, maxHeight: 100, ratio: 1 });
  const sprites = spritesOf(layout.side, 'light');
  const before = Uint8Array.from({ length: cells }, (_, cell) => cell % 7);
  // A code that no one knows is drawn as unknown.
  const after = Uint8Array.from(before, (code, cell) => (cell % 3 === 0 ? (cell === 9 ? 99 : (code + 3) % 7) : code));
  const paint = (codes: Uint8Array, which: Iterable<number>, onto = new Uint32Array(layout.width * layout.height)) => {
    paintCells(onto, layout, sprites, codes, which);
    return onto;
  };
  const updated = paint(after, differenceOf(before, after, layout.columns).cells, paint(before, allCells(cells)));
  expect(updated).toEqual(paint(after, allCells(cells)));
  expect(updated).not.toEqual(paint(before, allCells(cells)));
});

test('each state has a shape of its own down to three pixels', () => {
  for (const side of [3, 4, 5, 8, 13, 40]) {
    const shapes = cellStates.map((state) => {
      const main = wordOf(palettes.light[state].main);
      return spriteOf(state, side, 'light')
        .map((word) => (word === main ? 1 : 0))
        .join('');
    });
    expect(new Set(shapes).size, `side ${side}`).toBe(cellStates.length);
  }
});

test('colours stand out from the page, and those that lie side by side from each other', () => {
  for (const scheme of ['light', 'dark'] as const) {
    for (const state of cellStates) expect(contrast(palettes[scheme][state].main, pages[scheme]), `${scheme} ${state}`).toBeGreaterThan(3);
    const { verified, copied, 'changed-again': changed } = palettes[scheme];
    expect(contrast(verified.main, copied.main)).toBeGreaterThan(2);
    // A cell that has to be copied again is found among those that are verified.
    expect(contrast(verified.main, changed.back!)).toBeGreaterThan(3);
  }
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
});

test('totals are exact where the server counts, else by what the cells show', () => {
  const geometry = geometryOf({ cells: 3, blocks: 5, blockSize: mebibyte, blocksPerCell: 2, capacity: 5 * mebibyte });
  const codes = codesOf(['verified', 'waiting', 'verified']);
  const told = (counts?: number[]) =>
    totalsOf(codes, geometry, counts)
      .filter(({ blocks }) => blocks > 0)
      .map(({ state, blocks, bytes, share }) => [state, blocks, bytes / mebibyte, share]);
  expect(told()).toEqual([
    ['verified', 3, 3, 0.6],
    ['waiting', 2, 2, 0.4],
  ]);
  expect(told([0, 1, 0, 0, 0, 0, 4])).toEqual([
    ['verified', 4, 4, 0.8],
    ['waiting', 1, 1, 0.2],
  ]);
  expect(totalsOf(codes, geometry).map(({ state }) => state)).toEqual(legendOrder);
});
