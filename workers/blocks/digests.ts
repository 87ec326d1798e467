import type { DigestAlgorithm } from './digest.ts';
import { DIGEST_SIZE } from './digest.ts';
import { blockState, openJournal } from './journal.ts';
import { BLOCK_SIZE, isManifestFile, readManifest } from './manifest.ts';

/** What a disk should hold, from a manifest or a journal. */
export interface Digests {
  algorithm: DigestAlgorithm;
  blockSize: number;
  /** Bytes of the disk. */
  size: number;
  /** Undefined where the journal does not know. */
  digest(block: number): Buffer | undefined;
  close(): Promise<void>;
}

export async function openDigests(path: string): Promise<Digests> {
  if (await isManifestFile(path)) {
    const { algorithm, blockSize, size, digests } = await readManifest(path);
    return {
      algorithm,
      blockSize,
      size,
      digest: (block) => digests.subarray(block * DIGEST_SIZE, (block + 1) * DIGEST_SIZE),
      close: async () => {},
    };
  }
  const journal = await openJournal(path);
  return {
    algorithm: 'blake3',
    blockSize: BLOCK_SIZE,
    size: journal.size,
    digest(block) {
      const state = journal.state(block);
      return state === blockState.unknown || state === blockState.pending ? undefined : journal.digest(block);
    },
    close: () => journal.close(),
  };
}
