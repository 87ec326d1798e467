/** Partition tables as bytes: MBR for BIOS, GPT (UEFI specification 2.10, chapter 5) for UEFI. Sectors of 512 bytes. */
import { crc32 } from 'node:zlib';

export const SECTOR = 512;

export interface Partition {
  /** Both in sectors. */
  start: number;
  count: number;
  kind: 'boot' | 'data';
}

const CHS_BEYOND = [0xfe, 0xff, 0xff];

function mbrSector(entries: { active: boolean; type: number; start: number; count: number }[], code: Buffer): Buffer {
  const sector = Buffer.alloc(SECTOR);
  code.copy(sector, 0, 0, Math.min(code.length, 440));
  sector.writeUInt32LE(0x0c70b5ed, 440);
  entries.forEach((entry, index) => {
    const at = 446 + 16 * index;
    sector[at] = entry.active ? 0x80 : 0;
    sector.set(CHS_BEYOND, at + 1);
    sector[at + 4] = entry.type;
    sector.set(CHS_BEYOND, at + 5);
    sector.writeUInt32LE(entry.start, at + 8);
    sector.writeUInt32LE(entry.count, at + 12);
  });
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** `code` is the boot loader's (at most 440 bytes); it starts the active partition. */
export function masterBootRecord(partitions: Partition[], code: Buffer): Buffer {
  const entries = partitions.map(({ kind, start, count }) => ({
    active: kind === 'boot',
    type: kind === 'boot' ? 0x0c : 0x83,
    start,
    count,
  }));
  return mbrSector(entries, code);
}

const gptTypes = { boot: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b', data: '0fc63daf-8483-4772-8e79-3d69d8477de4' };
const ENTRIES = 128;
const ENTRY = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY) / SECTOR;

/** The first 34 sectors and the last 33 of a disk of `sectors`. Ids are fixed, so that the same disk is built each time. */
export function guidPartitionTable(partitions: Partition[], sectors: number): { head: Buffer; tail: Buffer } {
  const table = Buffer.alloc(ENTRIES * ENTRY);
  partitions.forEach((partition, index) => {
    const at = index * ENTRY;
    guid(gptTypes[partition.kind]).copy(table, at);
    guid(`0c70b5ed-0000-4000-8000-${(index + 1).toString(16).padStart(12, '0')}`).copy(table, at + 16);
    table.writeBigUInt64LE(BigInt(partition.start), at + 32);
    table.writeBigUInt64LE(BigInt(partition.start + partition.count - 1), at + 40);
    table.write(partition.kind, at + 56, 'utf16le');
  });
  const header = (own: number, other: number, tableAt: number): Buffer => {
    const sector = Buffer.alloc(SECTOR);
    sector.write('EFI PART', 0, 'latin1');
    sector.writeUInt32LE(0x00010000, 8);
    sector.writeUInt32LE(92, 12);
    sector.writeBigUInt64LE(BigInt(own), 24);
    sector.writeBigUInt64LE(BigInt(other), 32);
    sector.writeBigUInt64LE(BigInt(2 + TABLE_SECTORS), 40);
    sector.writeBigUInt64LE(BigInt(sectors - TABLE_SECTORS - 2), 48);
    guid('0c70b5ed-0000-4000-8000-000000000000').copy(sector, 56);
    sector.writeBigUInt64LE(BigInt(tableAt), 72);
    sector.writeUInt32LE(ENTRIES, 80);
    sector.writeUInt32LE(ENTRY, 84);
    sector.writeUInt32LE(crc32(table), 88);
    sector.writeUInt32LE(crc32(sector.subarray(0, 92)), 16);
    return sector;
  };
  const protective = mbrSector([{ active: false, type: 0xee, start: 1, count: Math.min(sectors - 1, 0xffffffff) }], Buffer.alloc(0));
  const head = Buffer.concat([protective, header(1, sectors - 1, 2), table]);
  const tail = Buffer.concat([table, header(sectors - 1, 1, sectors - 1 - TABLE_SECTORS)]);
  return { head, tail };
}

/** The first three groups are little-endian. */
function guid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
