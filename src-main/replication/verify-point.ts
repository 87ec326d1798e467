import { readManifest } from '../../workers/blocks/manifest.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { TransferPool } from '../../workers/pool.ts';
import type { Clock } from '../domain/clock.ts';
import type { KeptPoint } from '../domain/recovery-point.ts';
import type { PointDisk, TargetProvider } from '../providers/target.ts';
import { type RetryPolicy, retrying } from './retry.ts';

/** Codes that say that the point itself is not what it was; others say that it could not be looked at. */
const damage = new Set(['target.missing', 'manifest.invalid', 'verify.mismatch']);

export type VerifyProgress = (progress: { key: number; done: number; total: number }) => void;

/** Reads every block of a recovery point at the target and compares it with its manifest. Answers what differs, in a sentence; undefined: nothing. */
export async function verifyPoint(
  parts: { pool: TransferPool; target: TargetProvider; clock: Clock; retry: RetryPolicy },
  replica: string,
  nameOf: (key: number) => string,
  point: KeptPoint,
  onProgress: VerifyProgress,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wrong: string[] = [];
  try {
    const disks = await parts.target.pointDisks(replica, point.id, signal);
    for (const { key, capacity, manifestRoot } of point.disks) {
      signal.throwIfAborted();
      const disk = disks.find((one) => one.key === key);
      const sentence = disk
        ? await verifyDisk(parts, disk, { key, name: nameOf(key), capacity, manifestRoot }, onProgress, signal)
        : `${nameOf(key)}: the point at the target has no image of it.`;
      if (sentence !== undefined) wrong.push(sentence);
    }
  } catch (caught) {
    const error = toOctopusError(caught);
    if (signal.aborted || !damage.has(error.code)) throw error;
    wrong.push(error.message);
  }
  return wrong.length === 0 ? undefined : wrong.join(' ');
}

async function verifyDisk(
  parts: { pool: TransferPool; clock: Clock; retry: RetryPolicy },
  disk: PointDisk,
  known: { key: number; name: string; capacity: number; manifestRoot: string },
  onProgress: VerifyProgress,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { key, name, capacity } = known;
  const manifest = await readManifest(disk.manifest);
  if (manifest.root !== known.manifestRoot || manifest.size !== capacity) {
    return `${name}: its manifest at the target is not the one that its run proved.`;
  }
  if (disk.readBack === undefined) {
    throw new OctopusError('target.denied', `${name} cannot be read back at this target.`);
  }
  const task = {
    kind: 'verify' as const,
    id: `verify-${key}`,
    source: disk.readBack,
    size: capacity,
    digests: disk.manifest,
    extents: undefined,
  };
  const onEvent = (event: { counts: { read: number } }) => onProgress({ key, done: event.counts.read, total: capacity });
  const result = await retrying(parts, signal, (either) => parts.pool.run(task, { signal: either, onEvent }).result);
  if (result.kind !== 'verify') throw new OctopusError('internal.unexpected', 'A verification answered as something else.');
  onProgress({ key, done: capacity, total: capacity });
  const [first] = result.mismatches;
  if (!first) return undefined;
  return `${name}: ${result.mismatchCount} of ${Math.ceil(capacity / manifest.blockSize)} blocks are not what was copied (first at offset ${first.offset}).`;
}
