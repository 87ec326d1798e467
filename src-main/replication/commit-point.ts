import { OctopusError } from '../../workers/octopus-error.ts';
import { diskName } from '../domain/machine.ts';
import type { RecoveryPoint } from '../domain/recovery-point.ts';
import { type RunContext, replicaId } from './context.ts';
import { retrying } from './retry.ts';
import { sumCounts } from './run-counts.ts';
import { verifiesAll } from './verify-disks.ts';

/** Phase `commit`: the target freezes the point; only then is it stored here, and with it the change ids of the next baseline. */
export async function commitPoint(c: RunContext): Promise<void> {
  const point = describePoint(c);
  await retrying(c, c.signal, (signal) => c.targetProvider.commit(replicaId(c.machine), c.machine.inventory, point, signal));
  await c.crashpoint('commit:frozen');
  await c.store.recoveryPoints.add(c.job.id, point, c.clock.now().toISOString());
  sumCounts(c.run, c.disks);
  await c.store.runs.save(c.run);
}

function describePoint(c: RunContext): RecoveryPoint {
  return {
    id: c.run.recoveryPointId,
    runId: c.run.id,
    kind: c.run.kind,
    doubts: c.disks
      .filter(({ doubt }) => doubt !== undefined)
      .map(({ key, doubt }) => `${diskName(c.machine.inventory.disks, key)}: ${doubt}`),
    takenAt: c.run.snapshotTakenAt ?? c.run.startedAt,
    verified: verifiesAll(c) ? 'all' : 'written',
    disks: c.disks.map((disk) => {
      if (disk.manifestRoot === undefined || disk.algorithm === undefined) {
        throw new OctopusError('internal.unexpected', `Disk ${disk.key} came to its commit without a manifest.`);
      }
      return {
        key: disk.key,
        objectId: disk.objectId,
        capacity: disk.capacity,
        changeId: disk.changeId,
        manifestRoot: disk.manifestRoot,
        algorithm: disk.algorithm,
        manifest: `${disk.key}.manifest`,
        image: `${disk.key}.raw`,
      };
    }),
  };
}
