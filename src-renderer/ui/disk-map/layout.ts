/** Where the cells lie. All lengths are device pixels, so that no edge falls between two of them. */
export interface CellLayout {
  columns: number;
  rows: number;
  /** From one cell to the next. */
  pitch: number;
  /** Side of the drawn square: the pitch without the gap. */
  side: number;
  width: number;
  height: number;
  ratio: number;
}

/** CSS pixels. */
const largestPitch = 22;
const smallestPitch = 4;

/** The largest cells that fit the width and, while they stay visible, the height. Width and height are CSS pixels. */
export function layoutCells(given: { cells: number; width: number; maxHeight: number; ratio: number }): CellLayout {
  const { cells, ratio } = given;
  const width = Math.max(1, Math.floor(given.width * ratio));
  const maxHeight = Math.floor(given.maxHeight * ratio);
  const least = Math.max(2, Math.round(smallestPitch * ratio));
  let pitch = Math.max(least, Math.round(largestPitch * ratio));
  const columnsAt = (size: number) => Math.max(1, Math.floor(width / size));
  while (pitch > least && Math.ceil(cells / columnsAt(pitch)) * pitch > maxHeight) pitch--;
  const columns = Math.max(1, Math.min(columnsAt(pitch), cells));
  const rows = Math.ceil(cells / columns);
  const gap = Math.max(1, Math.round(pitch / 10));
  return { columns, rows, pitch, side: pitch - gap, width: columns * pitch, height: rows * pitch, ratio };
}

/** The cell under a point in CSS pixels from the upper left corner. */
export function cellAt(layout: CellLayout, cells: number, x: number, y: number): number | undefined {
  const column = Math.floor((x * layout.ratio) / layout.pitch);
  const row = Math.floor((y * layout.ratio) / layout.pitch);
  if (column < 0 || row < 0 || column >= layout.columns || row >= layout.rows) return undefined;
  const cell = row * layout.columns + column;
  return cell < cells ? cell : undefined;
}

/** Where a cell's square is, in CSS pixels. */
export function boxOf(layout: CellLayout, cell: number): { left: number; top: number; side: number } {
  const { columns, pitch, ratio, side } = layout;
  return { left: ((cell % columns) * pitch) / ratio, top: (Math.floor(cell / columns) * pitch) / ratio, side: side / ratio };
}
