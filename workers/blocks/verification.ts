import { OctopusError } from '../octopus-error.ts';
import type { ExtentTable, VerifyMismatch } from '../protocol.ts';
import type { BlockSource } from './block-source.ts';
import { digestOf, zeroDigest } from './digest.ts';
import type { Digests } from './digests.ts';
import { totalLength, widen } from './extents.ts';
import { inLanes } from './lanes.ts';
import { blockLength } from './manifest.ts';
import { planPieces } from './pieces.ts';
import { readParts } from './pipeline.ts';

const WINDOW_BYTES = 24 * 1024 * 1024;
/** Milliseconds between two progress events. */
const PROGRESS_INTERVAL = 200;
const MOST_MISMATCHES = 100;
/** Block devices round their size up to whole sectors of this many bytes; the footer of a fixed VHD is as long. */
const SECTOR = 512;

export interface Verification {
  /** The target, opened for reading. */
  source: BlockSource;
  digests: Digests;
  /** Bytes of the disk. */
  size: number;
  extents: ExtentTable | undefined;
  signal: AbortSignal;
  /** Bytes compared so far. */
  onProgress?: (compared: number, total: number) => void;
}

/** Reads the target back and compares each block with its digest; a block without one counts as a mismatch. `verified` are bytes that agree. */
export async function runVerification(
  verification: Verification,
): Promise<{ verified: number; mismatches: VerifyMismatch[]; mismatchCount: number }> {
  const { source, digests, size, extents, signal } = verification;
  const { blockSize, algorithm } = digests;
  if (digests.size !== size || ![size, Math.ceil(size / SECTOR) * SECTOR, size + SECTOR].includes(source.size)) {
    throw new OctopusError(
      'verify.mismatch',
      `The image has ${source.size} bytes, its manifest ${digests.size}, and ${size} were expected.`,
    );
  }
  const total = extents === undefined ? size : totalLength(widen(extents, blockSize, size));
  let compared = 0;
  let verified = 0;
  let mismatchCount = 0;
  const mismatches: VerifyMismatch[] = [];
  const compare = (offset: number, length: number, actual: Buffer): void => {
    compared += length;
    if (digests.digest(offset / blockSize)?.equals(actual)) {
      verified += length;
      return;
    }
    mismatchCount++;
    // Lanes end in any order: keep the lowest ones in order.
    let at = mismatches.length;
    while (at > 0 && (mismatches[at - 1] as VerifyMismatch).offset > offset) at--;
    mismatches.splice(at, 0, { offset, length });
    mismatches.length = Math.min(mismatches.length, MOST_MISMATCHES);
  };
  const progress = setInterval(() => verification.onProgress?.(compared, total), PROGRESS_INTERVAL);
  try {
    await inLanes(
      (laneSignal) => planPieces(source, { extents, size, unit: blockSize, blockSize }, laneSignal),
      { lanes: Math.floor(Math.min(source.parallelism + 2, WINDOW_BYTES / blockSize)), blockSize, signal },
      async (piece, buffer, laneSignal) => {
        if (piece.data === undefined) {
          for (let offset = piece.offset; offset < piece.offset + piece.length; offset += blockSize) {
            const length = blockLength(offset / blockSize, size, blockSize);
            compare(offset, length, zeroDigest(length, algorithm));
          }
          return;
        }
        const content = buffer.subarray(0, piece.length);
        await readParts(source, piece, piece.data, content, laneSignal);
        compare(piece.offset, piece.length, digestOf(content, algorithm));
      },
    );
  } finally {
    clearInterval(progress);
  }
  verification.onProgress?.(compared, total);
  return { verified, mismatches, mismatchCount };
}
