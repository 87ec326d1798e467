import type { Extent, ExtentTable } from '../protocol.ts';

/** Tasks of one disk meet only at multiples of this, so that none shares a block, or a file system's extent, with another. Bytes. */
export const TASK_ALIGNMENT = 64 * 1024 * 1024;

export function toTable(extents: readonly Extent[]): ExtentTable {
  const table = new Float64Array(extents.length * 2);
  for (let i = 0; i < extents.length; i++) {
    const { offset, length } = extents[i] as Extent;
    table[2 * i] = offset;
    table[2 * i + 1] = length;
  }
  return table;
}

export function fromTable(table: ExtentTable): Extent[] {
  const extents: Extent[] = [];
  for (let i = 0; i < table.length; i += 2) extents.push({ offset: table[i] as number, length: table[i + 1] as number });
  return extents;
}

/** Bytes covered. */
export function totalLength(table: ExtentTable): number {
  let total = 0;
  for (let i = 1; i < table.length; i += 2) total += table[i] as number;
  return total;
}

/** Sorted, disjoint, touching and overlapping ones joined, empty ones left out. */
export function coalesce(extents: readonly Extent[]): Extent[] {
  return fromTable(coalesceTable(toTable(extents)));
}

/** As `coalesce`, a million in well under a second; the input stays as it is. */
export function coalesceTable(table: ExtentTable): ExtentTable {
  const ordered = isSorted(table) ? table : sorted(table);
  return joined(ordered, 1, Number.MAX_SAFE_INTEGER);
}

/** Each extent grown outwards to multiples of `unit` (bytes), cut at `size`, and coalesced. The input is sorted. */
export function widen(table: ExtentTable, unit: number, size: number): ExtentTable {
  return joined(table, unit, size);
}

/** The parts of sorted, disjoint extents that lie within the range. */
export function intersect(table: ExtentTable, range: Extent): ExtentTable {
  const out: number[] = [];
  const end = range.offset + range.length;
  for (let i = 0; i < table.length; i += 2) {
    const from = Math.max(table[i] as number, range.offset);
    const to = Math.min((table[i] as number) + (table[i + 1] as number), end);
    if (to > from) out.push(from, to - from);
  }
  return Float64Array.from(out);
}

/**
 * Deals a disk's extents (undefined: the whole disk) to at most `tasks` tables. Each stretch of TASK_ALIGNMENT goes whole to the task
 * with the fewest bytes so far: data and holes come in long stretches, so dealing spreads them where halving the disk would not.
 */
export function splitForTasks(table: ExtentTable | undefined, size: number, tasks: number): ExtentTable[] {
  const whole = table ?? (size > 0 ? Float64Array.of(0, size) : new Float64Array(0));
  if (tasks <= 1) return whole.length === 0 ? [] : [whole];
  const parts = Array.from({ length: tasks }, () => ({ bytes: 0, pairs: [] as number[] }));
  let stretch = -1;
  let part = parts[0] as (typeof parts)[number];
  for (let i = 0; i < whole.length; i += 2) {
    const end = (whole[i] as number) + (whole[i + 1] as number);
    for (let offset = whole[i] as number; offset < end; ) {
      const number = Math.floor(offset / TASK_ALIGNMENT);
      if (number !== stretch) {
        stretch = number;
        part = parts.reduce((least, other) => (other.bytes < least.bytes ? other : least));
      }
      const length = Math.min(end, (number + 1) * TASK_ALIGNMENT) - offset;
      part.pairs.push(offset, length);
      part.bytes += length;
      offset += length;
    }
  }
  return parts.filter(({ pairs }) => pairs.length > 0).map(({ pairs }) => coalesceTable(Float64Array.from(pairs)));
}

function isSorted(table: ExtentTable): boolean {
  for (let i = 2; i < table.length; i += 2) if ((table[i] as number) < (table[i - 2] as number)) return false;
  return true;
}

function sorted(table: ExtentTable): ExtentTable {
  const count = table.length / 2;
  const order = new Uint32Array(count).map((_, i) => i).sort((a, b) => (table[2 * a] as number) - (table[2 * b] as number));
  const out = new Float64Array(table.length);
  for (let i = 0; i < count; i++) {
    out[2 * i] = table[2 * (order[i] as number)] as number;
    out[2 * i + 1] = table[2 * (order[i] as number) + 1] as number;
  }
  return out;
}

function joined(table: ExtentTable, unit: number, size: number): ExtentTable {
  const out = new Float64Array(table.length);
  let used = 0;
  let start = 0;
  let end = -1;
  for (let i = 0; i < table.length; i += 2) {
    if ((table[i + 1] as number) <= 0) continue;
    const from = Math.floor((table[i] as number) / unit) * unit;
    const to = Math.min(Math.ceil(((table[i] as number) + (table[i + 1] as number)) / unit) * unit, size);
    if (to <= from) continue;
    if (from <= end) {
      if (to > end) end = to;
      continue;
    }
    if (end >= 0) {
      out[used++] = start;
      out[used++] = end - start;
    }
    start = from;
    end = to;
  }
  if (end >= 0) {
    out[used++] = start;
    out[used++] = end - start;
  }
  return out.slice(0, used);
}
