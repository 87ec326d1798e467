export interface DiskGeometry {
  /** Cells that are given. */
  cells: number;
  /** Blocks of the disk. */
  blocks: number;
  /** Bytes. */
  blockSize: number;
  /** Bytes. The last block may be shorter than the others. */
  capacity: number;
  /** Blocks that one cell stands for; the last cell may stand for fewer. */
  blocksPerCell: number;
}

export interface CellRange {
  firstBlock: number;
  lastBlock: number;
  /** Bytes, `end` excluded. */
  start: number;
  end: number;
}

export function geometryOf(disk: {
  cells: number;
  blocks: number;
  blockSize: number;
  blocksPerCell: number;
  capacity: number;
}): DiskGeometry {
  // More cells than the blocks fill would stand for nothing.
  return { ...disk, cells: Math.min(disk.cells, Math.ceil(disk.blocks / disk.blocksPerCell)) };
}

export function rangeOf(geometry: DiskGeometry, cell: number): CellRange {
  const { blocksPerCell, blocks, blockSize, capacity } = geometry;
  const firstBlock = Math.min(cell * blocksPerCell, blocks - 1);
  const lastBlock = Math.min(firstBlock + blocksPerCell, blocks) - 1;
  return { firstBlock, lastBlock, start: firstBlock * blockSize, end: Math.min((lastBlock + 1) * blockSize, capacity) };
}

/** The cell that an arrow key (or Home, End, Page Up, Page Down) leads to; undefined for any other key. */
export function cellAfterKey(key: string, cell: number, cells: number, columns: number, rows: number): number | undefined {
  const page = columns * Math.max(1, Math.floor(rows / 4));
  const steps: Record<string, number> = {
    ArrowRight: cell + 1,
    ArrowLeft: cell - 1,
    ArrowDown: cell + columns,
    ArrowUp: cell - columns,
    PageDown: cell + page,
    PageUp: cell - page,
    Home: 0,
    End: cells - 1,
  };
  const next = steps[key];
  if (next === undefined || cells === 0) return undefined;
  // A step over the upper or lower edge stays; so do the first and the last cell.
  if ((key === 'ArrowUp' || key === 'ArrowDown') && (next < 0 || next >= cells)) return cell;
  return Math.max(0, Math.min(cells - 1, next));
}
