/** The footer of a fixed VHD, after Microsoft's "Virtual Hard Disk Image Format Specification" 1.0. Big-endian. */
export const VHD_FOOTER_BYTES = 512;

const SECTOR = 512;
const COOKIE = 'conectix';
/** Seconds between the Unix epoch and 2000-01-01T00:00:00Z, where VHD time begins. */
const VHD_EPOCH = 946_684_800;
const CHECKSUM_AT = 64;
const UUID_AT = 68;

export interface VhdIdentity {
  /** 16 bytes. */
  uuid: Buffer;
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

export function encodeVhdFooter(size: number, identity: VhdIdentity): Buffer {
  const footer = Buffer.alloc(VHD_FOOTER_BYTES);
  footer.write(COOKIE, 0, 'latin1');
  footer.writeUInt32BE(2, 8); // features: the reserved bit is always set
  footer.writeUInt32BE(0x00010000, 12); // file format version
  footer.fill(0xff, 16, 24); // data offset: none in a fixed disk
  footer.writeUInt32BE(Math.max(0, Math.floor(identity.createdAt / 1000) - VHD_EPOCH), 24);
  // Creator: readers (QEMU among them) take the size from `current size` only for creators that are known to fill it in, and from
  // the rounded geometry otherwise. 'win ' on Windows is what Hyper-V writes.
  footer.write('win ', 28, 'latin1');
  footer.writeUInt32BE(0x000a0000, 32); // creator version 10.0
  footer.write('Wi2k', 36, 'latin1');
  footer.writeBigUInt64BE(BigInt(size), 40); // original size
  footer.writeBigUInt64BE(BigInt(size), 48); // current size
  const { cylinders, heads, sectors } = chsGeometry(size);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectors, 59);
  footer.writeUInt32BE(2, 60); // disk type: fixed
  identity.uuid.copy(footer, UUID_AT, 0, 16);
  footer.writeUInt32BE(checksum(footer), CHECKSUM_AT);
  return footer;
}

/** The identity in a valid footer, undefined in anything else. */
export function decodeVhdIdentity(footer: Buffer): VhdIdentity | undefined {
  if (footer.length !== VHD_FOOTER_BYTES || footer.toString('latin1', 0, 8) !== COOKIE) return undefined;
  if (footer.readUInt32BE(CHECKSUM_AT) !== checksum(footer)) return undefined;
  return { uuid: Buffer.from(footer.subarray(UUID_AT, UUID_AT + 16)), createdAt: (footer.readUInt32BE(24) + VHD_EPOCH) * 1000 };
}

/** One's complement of the sum of all bytes but the checksum's. */
function checksum(footer: Buffer): number {
  let sum = 0;
  for (let i = 0; i < footer.length; i++) if (i < CHECKSUM_AT || i >= CHECKSUM_AT + 4) sum += footer[i] ?? 0;
  return ~sum >>> 0;
}

/** "CHS Calculation" in the specification's appendix. */
export function chsGeometry(size: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(Math.floor(size / SECTOR), 65535 * 16 * 255);
  let sectors: number;
  let heads: number;
  let cylinderHeads: number;
  if (total >= 65535 * 16 * 63) {
    sectors = 255;
    heads = 16;
    cylinderHeads = Math.floor(total / sectors);
  } else {
    sectors = 17;
    cylinderHeads = Math.floor(total / sectors);
    heads = Math.max(4, Math.floor((cylinderHeads + 1023) / 1024));
    if (cylinderHeads >= heads * 1024 || heads > 16) {
      sectors = 31;
      heads = 16;
      cylinderHeads = Math.floor(total / sectors);
    }
    if (cylinderHeads >= heads * 1024) {
      sectors = 63;
      heads = 16;
      cylinderHeads = Math.floor(total / sectors);
    }
  }
  return { cylinders: Math.floor(cylinderHeads / heads), heads, sectors };
}
