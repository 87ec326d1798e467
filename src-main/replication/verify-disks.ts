import { blockState, openJournal } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE } from '../../workers/blocks/manifest.ts';
import { errorCodes, OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { ExtentTable, SourceDescriptor, VerifyMismatch } from '../../workers/protocol.ts';
import { diskName } from '../domain/machine.ts';
import type { RunDisk } from '../domain/run.ts';
import type { ReplicaHandle } from '../providers/target.ts';
import type { RunContext } from './context.ts';
import { splitTable, tableBytes, tableOfBlocks, toBlockTable, wholeDisk } from './extent-table.ts';
import { journalRoot } from './journal-root.ts';
import { note } from './plan-disks.ts';
import { openReplicas } from './prepare-replica.ts';
import { allOrNone, retrying } from './retry.ts';
import { transferTable } from './transfer-disks.ts';

/** Only a run that trusts what earlier ones have read back may leave it at what it wrote itself. */
export function verifiesAll(c: Pick<RunContext, 'run' | 'job'>): boolean {
  return c.run.kind !== 'incremental' || c.job.settings.verify === 'all';
}

/** Phase `verify`: reads the replica back and compares it with the journal, then takes the root digest of the whole disk. */
export async function verifyDisks(c: RunContext): Promise<void> {
  const handles = await openReplicas(c);
  await allOrNone(
    c.signal,
    c.disks.map((disk) => async (signal) => {
      const handle = handles.get(disk.key)!;
      if (handle.readBack === undefined) {
        note(c, `${nameOf(c, disk)} cannot be read back at this target; its proof is what the target itself acknowledged.`);
      } else {
        await verifyDisk(c, disk, handle, handle.readBack, signal);
      }
      disk.manifestRoot = await journalRoot(handle.journal);
      disk.algorithm = 'blake3';
      if (disk.manifestRoot === undefined) {
        throw new OctopusError(
          'manifest.invalid',
          `${nameOf(c, disk)}: not every block is settled, so that nothing is proven of the whole disk.`,
        );
      }
      await c.store.runDisks.save(disk);
    }),
  );
}

const nameOf = (c: RunContext, { key }: RunDisk) => diskName(c.machine.inventory.disks, key);

async function verifyDisk(c: RunContext, disk: RunDisk, handle: ReplicaHandle, readBack: SourceDescriptor, signal: AbortSignal) {
  const table = verifiesAll(c) ? wholeDisk(disk.capacity) : await writtenBlocks(handle.journal, disk.capacity);
  const wrong = await readBackTable(c, disk, handle, readBack, table, signal);
  disk.counts = { ...disk.counts, verified: tableBytes(table) };
  if (wrong.length === 0) return;
  // The replica is not what it was said to be (a disk that lies, someone wrote to it): that is healed once, and said.
  const broken = toBlockTable(wrong, disk.capacity);
  await forget(c, disk, handle.journal, broken);
  note(c, `${nameOf(c, disk)}: ${tableBytes(broken)} bytes at the target were not what had been written there, and were copied again.`);
  await transferTable(c, disk, handle, broken, false, signal);
  const still = await readBackTable(c, disk, handle, readBack, broken, signal);
  if (still.length === 0) return;
  await forget(c, disk, handle.journal, toBlockTable(still, disk.capacity));
  throw new OctopusError(
    'verify.mismatch',
    `${nameOf(c, disk)}: the target does not hold what was copied, also after it was copied again (first at offset ${still[0]!.offset}). Check the target's storage.`,
    { details: { disk: disk.key, offset: still[0]!.offset, length: still[0]!.length } },
  );
}

async function readBackTable(
  c: RunContext,
  disk: RunDisk,
  handle: ReplicaHandle,
  source: SourceDescriptor,
  table: ExtentTable,
  signal: AbortSignal,
): Promise<VerifyMismatch[]> {
  const total = tableBytes(table);
  const parts = splitTable(table, c.pool.tasksPerDisk, c.tuning.taskBytes);
  const counts = parts.map(() => 0);
  const wrong: VerifyMismatch[][] = parts.map(() => []);
  await allOrNone(
    signal,
    parts.map((extents, index) => async (either) => {
      const task = {
        kind: 'verify' as const,
        id: `${c.run.id}/${disk.key}/verify-${index}`,
        source,
        size: disk.capacity,
        digests: handle.journal,
        extents,
      };
      const onEvent = (event: { counts: { read: number } }) => {
        counts[index] = event.counts.read;
        const done = counts.reduce((a, b) => a + b, 0);
        const none = { read: done, sent: 0, zero: 0, unchanged: 0, resumed: 0 };
        c.onEvent({ type: 'progress', runId: c.run.id, key: disk.key, activity: 'verify', done, total, counts: none });
      };
      const result = await retrying(c, either, (each) => c.pool.run(task, { signal: each, onEvent }).result.catch(asTargetError));
      if (result.kind !== 'verify') return;
      // More mismatches than are listed: the whole part is in doubt.
      wrong[index] = result.mismatchCount > result.mismatches.length ? toExtents(extents) : result.mismatches;
    }),
  );
  return wrong.flat();
}

/** The pool opens the replica with a source, whose errors speak of the source. */
function asTargetError(caught: unknown): never {
  const error = toOctopusError(caught);
  const code = errorCodes.find((known) => known === error.code.replace('source.', 'target.')) ?? error.code;
  throw new OctopusError(code, error.message, { retryable: error.retryable, details: error.details, cause: error });
}

async function writtenBlocks(path: string, size: number): Promise<ExtentTable> {
  const journal = await openJournal(path);
  try {
    return tableOfBlocks(size, (block) => {
      const state = journal.state(block);
      return state === blockState.copied || state === blockState.zero;
    });
  } finally {
    await journal.close();
  }
}

/** What the target holds in these blocks is unknown from now on, in this run and in any later one. */
async function forget(c: RunContext, disk: RunDisk, path: string, table: ExtentTable): Promise<void> {
  const journal = await openJournal(path);
  try {
    for (const { offset, length } of toExtents(table)) {
      for (let at = offset; at < offset + length; at += BLOCK_SIZE) {
        journal.record(Math.floor(at / BLOCK_SIZE), blockState.unknown, Buffer.alloc(32));
      }
    }
    await journal.persist();
  } finally {
    await journal.close();
  }
  const spans = [...table].map((bytes) => Math.ceil(bytes / BLOCK_SIZE));
  c.onEvent({ type: 'journal', runId: c.run.id, key: disk.key, spans });
}

function toExtents(table: ExtentTable): VerifyMismatch[] {
  const extents: VerifyMismatch[] = [];
  for (let index = 0; index < table.length; index += 2) extents.push({ offset: table[index]!, length: table[index + 1]! });
  return extents;
}
