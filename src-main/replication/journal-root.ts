import { DIGEST_SIZE } from '../../workers/blocks/digest.ts';
import { blockState, openJournal } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE, computeRoot } from '../../workers/blocks/manifest.ts';

/** Root digest of the disk that a journal describes; undefined where it does not know every block. */
export async function journalRoot(path: string): Promise<string | undefined> {
  const journal = await openJournal(path);
  try {
    const digests = Buffer.allocUnsafe(journal.blocks * DIGEST_SIZE);
    for (let block = 0; block < journal.blocks; block++) {
      const state = journal.state(block);
      if (state === blockState.unknown || state === blockState.pending) return undefined;
      journal.digest(block).copy(digests, block * DIGEST_SIZE);
    }
    return computeRoot({ algorithm: 'blake3', blockSize: BLOCK_SIZE, size: journal.size, digests });
  } finally {
    await journal.close();
  }
}
