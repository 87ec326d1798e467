/** Rows from `first` to `last`, both included. */
export interface RowBand {
  first: number;
  last: number;
}

export interface Difference {
  /** Cells whose state is another one, ascending. */
  cells: number[];
  /** The rows they lie in, neighbours joined: what has to go to the screen. */
  bands: RowBand[];
}

/** What has changed since the last drawing. Both must be of one length. */
export function differenceOf(before: Uint8Array, after: Uint8Array, columns: number): Difference {
  const cells: number[] = [];
  const bands: RowBand[] = [];
  let band: RowBand | undefined;
  for (let cell = 0; cell < after.length; cell++) {
    if (before[cell] === after[cell]) continue;
    cells.push(cell);
    const row = Math.floor(cell / columns);
    if (band && row <= band.last + 1) {
      band.last = row;
      continue;
    }
    band = { first: row, last: row };
    bands.push(band);
  }
  return { cells, bands };
}
