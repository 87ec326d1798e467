import type { Extent, ExtentTable } from '../protocol.ts';
import type { BlockSource, SourceExtent } from './block-source.ts';
import { widen } from './extents.ts';

/** A stretch of the disk to be settled at once. */
export interface Piece extends Extent {
  /** What must be read within it, everything else being zero; at most a block long. Undefined: all of it is zero, of any length. */
  data: Extent[] | undefined;
}

/** Bytes for which the source is asked about its holes at once. */
const WINDOW = 256 * 1024 * 1024;
/** Reads of one block; where its data is in more parts than this, the gaps are read along. */
const PARTS = 4;

/**
 * The extents (undefined: the whole disk) as pieces, in order: widened to `unit`, cut at blocks, holes told apart. The next window's
 * holes are asked for while the pieces of this one are being worked on.
 */
export async function* planPieces(
  source: BlockSource,
  plan: { extents: ExtentTable | undefined; size: number; unit: number; blockSize: number },
  signal: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  const table = plan.extents === undefined ? Float64Array.of(0, plan.size) : widen(plan.extents, plan.unit, plan.size);
  const windows = cutIntoWindows(table);
  const ask = () => {
    const { value: ranges } = windows.next();
    if (ranges === undefined) return undefined;
    const first = ranges[0] as Extent;
    const last = ranges.at(-1) as Extent;
    const answer = source.extents({ offset: first.offset, length: last.offset + last.length - first.offset }, signal);
    answer.catch(() => {}); // Met where it is awaited, if ever.
    return { ranges, answer };
  };
  for (let next = ask(); next !== undefined; ) {
    const { ranges, answer } = next;
    const known = await answer;
    next = ask();
    for (const range of ranges) yield* cutIntoPieces(range, known, plan.blockSize);
  }
}

/** Groups the ranges by window, cut at its borders. */
function* cutIntoWindows(table: ExtentTable): Generator<Extent[], undefined, undefined> {
  let ranges: Extent[] = [];
  let window = -1;
  for (let i = 0; i < table.length; i += 2) {
    const end = (table[i] as number) + (table[i + 1] as number);
    for (let offset = table[i] as number; offset < end; ) {
      const number = Math.floor(offset / WINDOW);
      if (number !== window && ranges.length > 0) {
        yield ranges;
        ranges = [];
      }
      window = number;
      const length = Math.min(end, (number + 1) * WINDOW) - offset;
      if (length > 0) ranges.push({ offset, length });
      offset += length;
    }
  }
  if (ranges.length > 0) yield ranges;
  return undefined;
}

function* cutIntoPieces(range: Extent, known: SourceExtent[], blockSize: number): Generator<Piece, void, undefined> {
  const end = range.offset + range.length;
  let index = firstAfter(known, range.offset);
  let offset = range.offset;
  while (offset < end) {
    const extent = known[index];
    const extentEnd = extent === undefined ? end : extent.offset + extent.length;
    if (extent !== undefined && extentEnd <= offset) {
      index++;
      continue;
    }
    if (extent === undefined || extent.kind === 'data') {
      const piece = Math.min(end, (Math.floor(offset / blockSize) + 1) * blockSize);
      yield { offset, length: piece - offset, data: dataWithin(known, index, offset, piece) };
      offset = piece;
      continue;
    }
    // A zero stretch: its whole blocks at once. What remains of it is part of a block that may hold data.
    const zeroEnd = extentEnd >= end ? end : Math.floor(extentEnd / blockSize) * blockSize;
    if (zeroEnd > offset) {
      yield { offset, length: zeroEnd - offset, data: undefined };
      offset = zeroEnd;
      continue;
    }
    const piece = Math.min(end, (Math.floor(offset / blockSize) + 1) * blockSize);
    const data = dataWithin(known, index, offset, piece);
    yield { offset, length: piece - offset, data: data.length === 0 ? undefined : data };
    offset = piece;
  }
}

/** What the source does not speak of is taken as data. */
function dataWithin(known: SourceExtent[], index: number, from: number, to: number): Extent[] {
  const parts: Extent[] = [];
  let covered = from;
  const add = (start: number, end: number): void => {
    const last = parts.at(-1);
    if (last !== undefined && last.offset + last.length === start) last.length += end - start;
    else if (end > start) parts.push({ offset: start, length: end - start });
  };
  for (let i = index; i < known.length && covered < to; i++) {
    const { offset, length, kind } = known[i] as SourceExtent;
    const start = Math.max(offset, covered);
    const end = Math.min(offset + length, to);
    if (end <= start) continue;
    if (start > covered) add(covered, start);
    if (kind === 'data') add(start, end);
    covered = end;
  }
  if (covered < to) add(covered, to);
  if (parts.length <= PARTS) return parts;
  const first = parts[0] as Extent;
  const last = parts.at(-1) as Extent;
  return [{ offset: first.offset, length: last.offset + last.length - first.offset }];
}

/** Index of the first extent that ends after `offset`. */
function firstAfter(known: SourceExtent[], offset: number): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { offset: start, length } = known[middle] as SourceExtent;
    if (start + length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
