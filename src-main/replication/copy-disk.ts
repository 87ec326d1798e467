import { splitForTasks } from '../../workers/blocks/extents.ts';
import { beginRun, journalToManifest, seedJournal } from '../../workers/blocks/journal.ts';
import type { Manifest } from '../../workers/blocks/manifest.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { RunningTask, TransferPool } from '../../workers/pool.ts';
import type { SinkDescriptor, SourceDescriptor, TransferCounts, VerifyMismatch } from '../../workers/protocol.ts';
import { addTransferCounts, noTransferCounts } from './transfer-counts.ts';

/** Beyond the last checkpoints of all its tasks a copy never has more than this. Bytes. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
/** Bytes in flight in all tasks: far away as many as it takes, nearby as few as stay in the processor's caches (measured). */
const WINDOW_BYTES = { far: 48 * 1024 * 1024, near: 8 * 1024 * 1024 };

export interface DiskCopy {
  pool: TransferPool;
  source: SourceDescriptor;
  sink: SinkDescriptor;
  /** Reads the target back; needed for `verify`. */
  readBack: SourceDescriptor;
  /** Bytes of the disk. */
  size: number;
  /** The target reads as zeros wherever the journal does not know better. */
  targetIsBlank: boolean;
  /** Tasks that share the disk; both ends must stand so many openings. */
  tasks: number;
  /** Undefined: nothing is hashed, and nothing can be resumed or verified. */
  journal: { path: string; runId: string /** What the target holds, to begin with. */; base?: Manifest | undefined } | undefined;
  /** Where the manifest goes in the end. Needs a journal. */
  manifest: string | undefined;
  /** Read the whole target back. Needs a journal. */
  verify: boolean;
  /** Bytes a second. */
  limit: number | undefined;
  signal: AbortSignal;
  onProgress(progress: { activity: 'copy' | 'verify'; done: number; total: number; counts: TransferCounts }): void;
}

export interface DiskCopyResult {
  counts: TransferCounts;
  reconnects: number;
  /** Root digest of the manifest, in hex; undefined without a journal. */
  root: string | undefined;
  /** Bytes read back and found right; undefined where that was not asked for. */
  verified: number | undefined;
}

/** Copies one disk, outside of any run. What it reports as done is durable. */
export async function copyDisk(copy: DiskCopy): Promise<DiskCopyResult> {
  const { journal } = copy;
  if (journal !== undefined) {
    if (journal.base !== undefined) await seedJournal(journal.path, journal.base);
    await beginRun(journal.path, { runId: journal.runId, size: copy.size });
  }
  const { counts, reconnects } = await transferAll(copy);
  let verified: number | undefined;
  if (journal !== undefined && copy.verify) {
    const result = await verifyDisk({ ...copy, image: copy.readBack, digests: journal.path });
    if (result.mismatchCount > 0) throw mismatchError(result, 'the target');
    verified = result.verified;
  }
  const manifest = journal !== undefined && copy.manifest !== undefined ? await journalToManifest(journal.path, copy.manifest) : undefined;
  return { counts, reconnects, root: manifest?.root, verified };
}

async function transferAll(copy: DiskCopy): Promise<{ counts: TransferCounts; reconnects: number }> {
  const parts = splitForTasks(undefined, copy.size, copy.tasks);
  const latest = parts.map(() => noTransferCounts);
  const results = await together(copy, parts, (extents, index, signal) => {
    const running = copy.pool.run(
      {
        kind: 'transfer',
        id: `copy/${index}`,
        source: copy.source,
        sink: copy.sink,
        size: copy.size,
        extents,
        journal: copy.journal?.path,
        targetIsBlank: copy.targetIsBlank,
        checkpointBytes: Math.floor(CHECKPOINT_BYTES / parts.length),
        windowBytes: Math.floor(windowOf(copy.source) / parts.length),
        ...(copy.limit === undefined ? {} : { limit: copy.limit / parts.length }),
      },
      {
        signal,
        onEvent(event) {
          latest[index] = event.counts;
          const counts = latest.reduce(addTransferCounts, noTransferCounts);
          copy.onProgress({ activity: 'copy', done: counts.read + counts.resumed, total: copy.size, counts });
        },
      },
    );
    return running;
  });
  let counts = noTransferCounts;
  let reconnects = 0;
  for (const result of results) {
    if (result.kind !== 'transfer') continue;
    counts = addTransferCounts(counts, result.counts);
    reconnects += result.reconnects;
  }
  return { counts, reconnects };
}

function windowOf(source: SourceDescriptor): number {
  const near = source.kind === 'file' || (source.kind === 'nbd' && 'socketPath' in source.endpoint);
  return near ? WINDOW_BYTES.near : WINDOW_BYTES.far;
}

export interface DiskVerification extends Pick<DiskCopy, 'pool' | 'size' | 'tasks' | 'signal' | 'onProgress'> {
  image: SourceDescriptor;
  /** Manifest or journal file. */
  digests: string;
  limit?: number | undefined;
}

/** Reads a whole disk and compares it with its digests. */
export async function verifyDisk(
  verification: DiskVerification,
): Promise<{ verified: number; mismatches: VerifyMismatch[]; mismatchCount: number }> {
  const parts = splitForTasks(undefined, verification.size, verification.tasks);
  const latest = parts.map(() => 0);
  const results = await together(verification, parts, (extents, index, signal) => {
    const running = verification.pool.run(
      {
        kind: 'verify',
        id: `verify/${index}`,
        source: verification.image,
        size: verification.size,
        digests: verification.digests,
        extents,
        ...(verification.limit === undefined ? {} : { limit: verification.limit / parts.length }),
      },
      {
        signal,
        onEvent(event) {
          latest[index] = event.counts.read;
          const done = latest.reduce((a, b) => a + b, 0);
          verification.onProgress({ activity: 'verify', done, total: verification.size, counts: { ...noTransferCounts, read: done } });
        },
      },
    );
    return running;
  });
  const outcome = { verified: 0, mismatches: [] as VerifyMismatch[], mismatchCount: 0 };
  for (const result of results) {
    if (result.kind !== 'verify') continue;
    outcome.verified += result.verified;
    outcome.mismatchCount += result.mismatchCount;
    outcome.mismatches.push(...result.mismatches);
  }
  outcome.mismatches.sort((a, b) => a.offset - b.offset).splice(100);
  return outcome;
}

export function mismatchError(result: { mismatches: VerifyMismatch[]; mismatchCount: number }, where: string): OctopusError {
  const first = result.mismatches[0]?.offset ?? 0;
  return new OctopusError(
    'verify.mismatch',
    result.mismatchCount === 1
      ? `1 block of ${where} is not what the manifest says, at offset ${first}.`
      : `${result.mismatchCount} blocks of ${where} are not what the manifest says, the first one at offset ${first}.`,
    { details: { blocks: result.mismatchCount, offset: first } },
  );
}

/** Runs one task a part; the first failure cancels the others and is the one reported. The limit is shared by those that still run. */
async function together<Part>(
  options: { signal: AbortSignal; limit?: number | undefined },
  parts: Part[],
  run: (part: Part, index: number, signal: AbortSignal) => RunningTask,
): Promise<Awaited<RunningTask['result']>[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([options.signal, stop.signal]);
  let failure: { error: unknown } | undefined;
  const running = new Set<RunningTask>(parts.map((part, index) => run(part, index, either)));
  const results = await Promise.all(
    [...running].map(async (task) => {
      try {
        return await task.result;
      } catch (error) {
        failure ??= { error };
        stop.abort();
        return undefined;
      } finally {
        running.delete(task);
        if (options.limit !== undefined) {
          for (const other of running) other.control({ type: 'limit', bytesPerSecond: options.limit / running.size });
        }
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return results.filter((result) => result !== undefined);
}
