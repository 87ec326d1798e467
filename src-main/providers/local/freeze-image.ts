import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { DIGEST_SIZE, digestOf, zeroDigest } from '../../../workers/blocks/digest.ts';
import { writeFully } from '../../../workers/blocks/durable-file.ts';
import { blockLength, type Manifest } from '../../../workers/blocks/manifest.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';

/** Copies in flight, each of one block. */
const PARALLEL = 4;

/**
 * Makes `to` a durable copy of the image `from`: shared blocks (reflink) where the file system can, otherwise a sparse copy that
 * checks each block against the manifest on its way, so that a copy is proven again, and neither reads nor writes zero blocks.
 */
export async function freezeImage(from: string, to: string, manifest: Manifest, signal?: AbortSignal): Promise<'shared' | 'copied'> {
  const shared = await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE).then(
    () => true,
    async (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOSPC' || error.code === 'EROFS' || error.code === 'EACCES' || error.code === 'ENOENT') throw error;
      await rm(to, { force: true });
      return false;
    },
  );
  if (!shared) await sparseCopy(from, to, manifest, signal);
  const handle = await open(to, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return shared ? 'shared' : 'copied';
}

async function sparseCopy(from: string, to: string, manifest: Manifest, signal: AbortSignal | undefined): Promise<void> {
  const { size, blockSize, digests, algorithm } = manifest;
  const blocks = digests.length / DIGEST_SIZE;
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx');
    try {
      await target.truncate(size);
      let next = 0;
      const lane = async (): Promise<void> => {
        const buffer = Buffer.allocUnsafe(blockSize);
        while (next < blocks) {
          const block = next++;
          signal?.throwIfAborted();
          const length = blockLength(block, size, blockSize);
          const expected = digests.subarray(block * DIGEST_SIZE, (block + 1) * DIGEST_SIZE);
          if (expected.equals(zeroDigest(length, algorithm))) continue;
          const bytes = buffer.subarray(0, length);
          const { bytesRead } = await source.read(bytes, 0, length, block * blockSize);
          if (bytesRead !== length || !digestOf(bytes, algorithm).equals(expected)) {
            throw new OctopusError(
              'verify.mismatch',
              `The replica ${from} does not hold at byte ${block * blockSize} what was copied there.`,
              {
                details: { offset: block * blockSize, length },
              },
            );
          }
          await writeFully(target, bytes, block * blockSize);
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, lane));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
