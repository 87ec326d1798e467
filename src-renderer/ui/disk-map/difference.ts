/** Cells of one row that go to the screen together, both included. */
export interface Patch {
  row: number;
  firstColumn: number;
  lastColumn: number;
}

export interface Difference {
  /** Cells whose state is another one, ascending. */
  cells: number[];
  /** The rectangles they lie in: neighbours are joined, for each transfer to the screen has its own price. */
  patches: Patch[];
}

/** So few unchanged cells between two changed ones are cheaper to send along than to leave out. */
const joined = 6;

/** What has changed since the last drawing. Both must be of one length. */
export function differenceOf(before: Uint8Array, after: Uint8Array, columns: number): Difference {
  const cells: number[] = [];
  const patches: Patch[] = [];
  let patch: Patch | undefined;
  for (let cell = 0; cell < after.length; cell++) {
    if (before[cell] === after[cell]) continue;
    cells.push(cell);
    const row = Math.floor(cell / columns);
    const column = cell % columns;
    if (patch?.row === row && column - patch.lastColumn <= joined) {
      patch.lastColumn = column;
      continue;
    }
    patch = { row, firstColumn: column, lastColumn: column };
    patches.push(patch);
  }
  return { cells, patches };
}
