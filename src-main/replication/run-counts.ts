import { type BlockState, blockState, isSettled, openStates, STATES_AT_ONCE } from '../../workers/blocks/journal.ts';
import { blockLength } from '../../workers/blocks/manifest.ts';
import { noCounts, type Run, type RunCounts, type RunDisk } from '../domain/run.ts';
import type { Store } from '../store/store.ts';
import { addTransferCounts } from './transfer-counts.ts';

/**
 * Bytes by what became of them in the journal's run: true also when several processes had a hand in it. Undefined where the journal is not
 * that run's, or is not there.
 */
export async function countJournal(path: string, runId: string): Promise<RunCounts | undefined> {
  const journal = await openStates(path);
  if (journal === undefined) return undefined;
  try {
    if (journal.runId !== runId) return undefined;
    const counts = { ...noCounts };
    for (let first = 0; first < journal.blocks; first += STATES_AT_ONCE) {
      const states = await journal.read(first, Math.min(STATES_AT_ONCE, journal.blocks - first));
      for (const [index, state] of states.entries()) {
        if (!isSettled(state as BlockState)) continue;
        const length = blockLength(first + index, journal.size);
        counts.read += length;
        if (state === blockState.copied) counts.sent += length;
        else if (state === blockState.zero) counts.zero += length;
        else counts.unchanged += length;
      }
    }
    return counts;
  } finally {
    await journal.close();
  }
}

/** The disk's counts as its journal has them now; what was kept and what was read back, only the run knows. */
export async function countDisk(disk: RunDisk): Promise<RunCounts> {
  const { resumed, verified } = disk.counts;
  // A journal that cannot be read tells nothing; what is on record stays.
  const counts = disk.journal === undefined ? undefined : await countJournal(disk.journal, disk.runId).catch(() => undefined);
  return counts ? { ...counts, resumed: Math.min(resumed, counts.read), verified } : disk.counts;
}

/** Where a run ends, or stops, before its end: what it had moved by then. */
export async function settleCounts(store: Pick<Store, 'runDisks'>, run: Run, disks: RunDisk[]): Promise<void> {
  for (const disk of disks) {
    disk.counts = await countDisk(disk);
    // How it ends matters more than what it moved.
    await store.runDisks.save(disk).catch(() => {});
  }
  sumCounts(run, disks);
}

/** Does not store it. */
export function sumCounts(run: Run, disks: RunDisk[]): void {
  run.counts = disks.map(({ counts }) => counts).reduce(addRunCounts, noCounts);
}

function addRunCounts(a: RunCounts, b: RunCounts): RunCounts {
  return { ...addTransferCounts(a, b), verified: a.verified + b.verified };
}
