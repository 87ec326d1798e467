import type { Content } from './content.ts';

/** Half-open range of bytes: [offset, offset + length). */
export interface Range {
  offset: number;
  length: number;
}

const sector = 512;
/** The backup of a GPT: 32 sectors of entries and a header. */
const gptTail = 33 * sector;
const unit = 64 * 1024;

/**
 * Where a guest of a real image may write without harm: a disk without a partition table or file system anywhere, otherwise behind the last
 * partition and in empty stretches before the first one. A real guest writes into its file systems; made-up writes would destroy them.
 */
export function writableRanges(content: Content): Range[] {
  const head = Buffer.alloc(Math.min(content.size, 128 * 1024));
  content.read(head, 0);
  const partitions = partitionsOf(head);
  if (partitions === 'file system') return [];
  if (partitions === undefined) return content.size === 0 ? [] : [{ offset: 0, length: content.size }];
  const first = Math.min(...partitions.map((each) => each.offset));
  const end = Math.max(...partitions.map((each) => each.offset + each.length));
  const ranges: Range[] = [];
  // Boot loaders live right behind the table; what reads as zeros is nobody's.
  const block = Buffer.alloc(unit);
  for (let offset = unit; offset + unit <= first && offset < 1024 * 1024; offset += unit) {
    content.read(block, offset);
    if (block.every((byte) => byte === 0)) ranges.push({ offset, length: unit });
  }
  const tail = Math.ceil(end / unit) * unit;
  const tailEnd = Math.floor((content.size - gptTail) / sector) * sector;
  if (tailEnd > tail) ranges.push({ offset: tail, length: tailEnd - tail });
  return ranges;
}

function partitionsOf(head: Buffer): Range[] | 'file system' | undefined {
  if (head.length >= 0x43a && head.readUInt16LE(0x438) === 0xef53) return 'file system'; // ext
  if (head.length >= 4 && head.toString('latin1', 0, 4) === 'XFSB') return 'file system';
  if (head.length < 2 * sector || head.readUInt16LE(510) !== 0xaa55) return undefined;
  // FAT and NTFS boot sectors carry the same mark; they name themselves.
  if (
    /^(NTFS {4}|FAT)/.test(head.toString('latin1', 3, 11)) ||
    /^FAT/.test(head.toString('latin1', 54, 57)) ||
    /^FAT32/.test(head.toString('latin1', 82, 87))
  ) {
    return 'file system';
  }
  if (head.toString('latin1', sector, sector + 8) === 'EFI PART') {
    const start = head.readUInt32LE(sector + 72) * sector;
    const count = head.readUInt32LE(sector + 80);
    const size = head.readUInt32LE(sector + 84);
    const found: Range[] = [];
    for (let index = 0; index < count && start + (index + 1) * size <= head.length; index++) {
      const entry = start + index * size;
      const first = Number(head.readBigUInt64LE(entry + 32));
      const last = Number(head.readBigUInt64LE(entry + 40));
      if (!head.subarray(entry, entry + 16).every((byte) => byte === 0))
        found.push({ offset: first * sector, length: (last - first + 1) * sector });
    }
    return found.length === 0 ? undefined : found;
  }
  const found: Range[] = [];
  for (let index = 0; index < 4; index++) {
    const entry = 446 + index * 16;
    const length = head.readUInt32LE(entry + 12) * sector;
    if (head[entry + 4] !== 0 && length > 0) found.push({ offset: head.readUInt32LE(entry + 8) * sector, length });
  }
  return found.length === 0 ? undefined : found;
}
