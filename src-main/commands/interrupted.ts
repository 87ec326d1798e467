import { isSettled, openJournal } from '../../workers/blocks/journal.ts';
import { blockLength } from '../../workers/blocks/manifest.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { bytes } from './progress.ts';

/** What a person who pressed Ctrl+C during a copy is told: how far it came, and how it goes on. */
export async function interrupted(copy: {
  /** Bytes that went through, durable or not. */
  done: number;
  size: number;
  /** The journal that stays for --resume, where there is one. */
  journal: string | undefined;
  cause: unknown;
}): Promise<OctopusError> {
  const { size, journal, cause } = copy;
  const kept = journal === undefined ? undefined : await settledBytes(journal);
  const message =
    kept === undefined
      ? `Interrupted after ${bytes(copy.done)} of ${bytes(size)}; nothing is kept to go on from. With --manifest FILE it could have been resumed.`
      : `Interrupted with ${bytes(kept)} of ${bytes(size)} copied and kept: the same command with --resume continues there.`;
  return new OctopusError('operation.cancelled', message, { cause });
}

/** Undefined where the copy was stopped before it had a journal. */
export async function settledBytes(path: string): Promise<number | undefined> {
  const journal = await openJournal(path).catch(() => undefined);
  if (journal === undefined) return undefined;
  try {
    let settled = 0;
    for (let block = 0; block < journal.blocks; block++) {
      if (isSettled(journal.state(block))) settled += blockLength(block, journal.size);
    }
    return settled;
  } finally {
    await journal.close();
  }
}
