import { BLOCK_SIZE } from '../../workers/blocks/manifest.ts';
import type { Extent, ExtentTable } from '../../workers/protocol.ts';

/** Widens to whole blocks (the last one may be short), sorts and coalesces: a block is the unit of resume, and belongs to one task. */
export function toBlockTable(extents: readonly Extent[], size: number): ExtentTable {
  const sorted = extents.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  const table = new Float64Array(sorted.length * 2);
  let used = 0;
  for (const { offset, length } of sorted) {
    const from = Math.floor(offset / BLOCK_SIZE) * BLOCK_SIZE;
    const to = Math.min(size, Math.ceil((offset + length) / BLOCK_SIZE) * BLOCK_SIZE);
    const last = used - 2;
    if (last >= 0 && from <= table[last]! + table[last + 1]!) {
      table[last + 1] = Math.max(table[last + 1]!, to - table[last]!);
    } else {
      table[used++] = from;
      table[used++] = to - from;
    }
  }
  return table.slice(0, used);
}

export function wholeDisk(size: number): ExtentTable {
  return size === 0 ? new Float64Array() : Float64Array.of(0, size);
}

export function tableBytes(table: ExtentTable): number {
  let bytes = 0;
  for (let index = 1; index < table.length; index += 2) bytes += table[index]!;
  return bytes;
}

/** A table of those blocks for which `wanted` answers true. */
export function tableOfBlocks(size: number, wanted: (block: number) => boolean): ExtentTable {
  const extents: number[] = [];
  const blocks = Math.ceil(size / BLOCK_SIZE);
  for (let block = 0; block < blocks; block++) {
    if (!wanted(block)) continue;
    const from = block * BLOCK_SIZE;
    const to = Math.min(size, from + BLOCK_SIZE);
    const last = extents.length - 2;
    if (last >= 0 && extents[last]! + extents[last + 1]! === from) extents[last + 1] = to - extents[last]!;
    else extents.push(from, to - from);
  }
  return Float64Array.from(extents);
}

/** Cuts a table of whole blocks into at most `parts` tables of about the same number of bytes, none (but a last one) below `leastBytes`. */
export function splitTable(table: ExtentTable, parts: number, leastBytes: number): ExtentTable[] {
  const total = tableBytes(table);
  if (total === 0) return [];
  const wanted = Math.max(1, Math.min(parts, Math.floor(total / leastBytes)));
  const share = Math.ceil(total / wanted / BLOCK_SIZE) * BLOCK_SIZE;
  const tables: ExtentTable[] = [];
  let current: number[] = [];
  let room = share;
  for (let index = 0; index < table.length; index += 2) {
    let offset = table[index]!;
    let left = table[index + 1]!;
    while (left > 0) {
      const length = Math.min(left, room);
      current.push(offset, length);
      offset += length;
      left -= length;
      room -= length;
      if (room <= 0) {
        tables.push(Float64Array.from(current));
        current = [];
        room = share;
      }
    }
  }
  if (current.length > 0) tables.push(Float64Array.from(current));
  return tables;
}
