import { rm } from 'node:fs/promises';
import { beginRun, journalRun } from '../../workers/blocks/journal.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import type { RunDisk } from '../domain/run.ts';
import type { ReplicaHandle } from '../providers/target.ts';
import { type RunContext, replicaId } from './context.ts';
import { journalRoot } from './journal-root.ts';
import { announceDisks, runKind } from './plan-disks.ts';
import { retrying } from './retry.ts';

/** Asks the target for the replicas of the run's disks. Idempotent; also called when a run is resumed behind phase `replica`. */
export async function openReplicas(c: RunContext): Promise<Map<number, ReplicaHandle>> {
  const disks = c.disks.map(({ key, objectId, capacity }) => ({ key, objectId, capacity }));
  const handles = await retrying(c, c.signal, (signal) => c.targetProvider.prepareReplica(replicaId(c.machine), disks, signal));
  const byKey = new Map(handles.map((handle) => [handle.key, handle]));
  for (const { key } of disks) {
    if (!byKey.has(key)) throw new OctopusError('internal.unexpected', `The target prepared no replica for disk ${key}.`);
  }
  return byKey;
}

/**
 * Phase `replica`: the journal of each disk begins this run. An incremental goes on only where the journal holds exactly the manifest
 * of the baseline; else something else happened to the replica (an unwound run, a lost file), and the disk is reconciled.
 */
export async function prepareReplica(c: RunContext): Promise<void> {
  const baseline = await c.store.recoveryPoints.newest(c.job.id);
  const handles = await openReplicas(c);
  await c.crashpoint('replica:made');
  for (const disk of c.disks) {
    const handle = handles.get(disk.key)!;
    // Whatever an old journal says of another image is not true of one that was just created.
    if (handle.blank) await rm(handle.journal, { force: true });
    const begun = await storedRun(handle.journal);
    if (begun !== c.run.id) {
      if (disk.mode === 'extents') await doubtReplica(disk, handle, baseline);
      disk.blank = handle.blank;
    }
    disk.journal = handle.journal;
    await c.store.runDisks.save(disk);
    await c.crashpoint('replica:planned');
    await beginRun(handle.journal, { runId: c.run.id, size: disk.capacity, extents: disk.extents });
    await c.crashpoint('replica:begun');
  }
  c.run.kind = runKind(c.run.kind, c.disks, baseline);
  await c.store.runs.save(c.run);
  announceDisks(c);
}

async function doubtReplica(disk: RunDisk, handle: ReplicaHandle, baseline: RecoveryPoint | undefined): Promise<void> {
  const expected = baseline?.disks.find(({ key }) => key === disk.key)?.manifestRoot;
  if (handle.blank) {
    Object.assign(disk, { mode: 'full', extents: undefined, doubt: 'The replica was missing at the target.' });
  } else if (
    expected === undefined ||
    (await storedRun(handle.journal)) === undefined ||
    (await journalRoot(handle.journal)) !== expected
  ) {
    const doubt = 'The replica is not as the last recovery point left it: a run in between was interrupted, or its journal is lost.';
    Object.assign(disk, { mode: 'reconcile', extents: undefined, doubt });
  }
}

/** The run that a journal holds; one that cannot be read is removed, since everything it could tell is only an economy. */
async function storedRun(journal: string): Promise<string | undefined> {
  try {
    return (await journalRun(journal))?.runId;
  } catch (error) {
    if (!(error instanceof OctopusError && error.code === 'manifest.invalid')) throw error;
    await rm(journal, { force: true });
    return undefined;
  }
}
