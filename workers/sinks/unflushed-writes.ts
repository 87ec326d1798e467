import { crc32 } from 'node:zlib';

interface Written {
  offset: number;
  length: number;
  /** CRC-32 of the bytes; undefined: zeros. */
  crc: number | undefined;
}

const READ_BYTES = 1024 * 1024;

/**
 * What a server acknowledged since its last flush. A connection that breaks may mean that the server died, and with it what it had
 * only in memory; a flush on the next connection would then call durable what is gone. After a loss everything in here is read back
 * and compared before the flush counts. A lost write is gone in whole blocks, so a CRC is enough to notice it.
 */
export class UnflushedWrites {
  private writes: Written[] = [];

  wrote(offset: number, buffer: Buffer): void {
    this.writes.push({ offset, length: buffer.length, crc: crc32(buffer) });
  }

  zeroed(offset: number, length: number): void {
    this.writes.push({ offset, length, crc: undefined });
  }

  /** Takes what was acknowledged so far; putBack() it where the flush fails. */
  take(): Written[] {
    const taken = this.writes;
    this.writes = [];
    return taken;
  }

  /** The flush failed: they are still to be made durable, before newer ones. */
  putBack(taken: Written[]): void {
    this.writes = [...taken, ...this.writes];
  }
}

/**
 * The first range that does not hold what was acknowledged, or undefined. Where a newer write covers a part of an older one the older one
 * cannot be told by its sum, and counts as lost.
 */
export async function findLost(
  writes: readonly { offset: number; length: number; crc: number | undefined }[],
  read: (offset: number, buffer: Buffer) => Promise<void>,
): Promise<{ offset: number; length: number } | undefined> {
  const newestFirst = [...writes].reverse();
  const seen: { offset: number; end: number }[] = [];
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (const { offset, length, crc } of newestFirst) {
    const end = offset + length;
    const at = firstEndingAfter(seen, offset);
    const over = seen[at];
    if (over !== undefined && over.offset < end) {
      if (over.offset <= offset && over.end >= end) continue;
      return { offset, length };
    }
    seen.splice(at, 0, { offset, end });
    let sum = 0;
    for (let from = offset; from < end; from += READ_BYTES) {
      const part = buffer.subarray(0, Math.min(READ_BYTES, end - from));
      await read(from, part);
      if (crc === undefined && part.some((byte) => byte !== 0)) return { offset, length };
      sum = crc32(part, sum);
    }
    if (crc !== undefined && sum !== crc) return { offset, length };
  }
  return undefined;
}

/** `ranges` are sorted and disjoint. */
function firstEndingAfter(ranges: { offset: number; end: number }[], offset: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
