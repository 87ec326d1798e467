import { foreignSnapshots, type MachineState, machineState } from './machine-state.ts';
import { reachByTask } from './machine-task.ts';
import { createSnapshot, removeSnapshot, type SnapshotPatience, trackingDoubt, waitForConsolidation } from './snapshots.ts';
import { moRef, type VimSession } from './vim-session.ts';

export type Tracking = { tracked: boolean; doubt?: string };

/**
 * Tracking is only switched on where no snapshot exists: on top of one it corrupts silently. It takes effect at a stun cycle, so a
 * temporary snapshot follows.
 */
export async function prepareTracking(
  session: VimSession,
  machine: string,
  snapshotName: string,
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<Tracking> {
  const before = await machineState(session, machine, signal);
  const [foreign] = foreignSnapshots(before);
  if (foreign !== undefined) {
    const doubt = `${before.name} has a snapshot that Octopus did not make ('${foreign.name}'): whether its changes are tracked without gaps cannot be known while it exists.`;
    return { tracked: false, doubt };
  }
  if (before.hardwareVersion < 7) {
    return {
      tracked: false,
      doubt: `The hardware version ${before.hardwareVersion} of ${before.name} is below 7: its changes cannot be tracked.`,
    };
  }
  if (before.disks.length > 0 && before.disks.every((disk) => disk.excluded !== undefined)) return judged(before);
  if (inEffect(before)) return judged(before);
  // A leftover of an interrupted try is finished here; any other snapshot of ours belongs to a run and is not ours to remove.
  for (const snapshot of before.snapshots) {
    if (snapshot.name !== snapshotName) {
      const doubt = `Tracking of ${before.name} cannot be switched on while the snapshot '${snapshot.name}' exists.`;
      return { tracked: false, doubt };
    }
    await removeSnapshot(session, machine, snapshot.ref, patience, signal);
  }
  if (!before.tracking) {
    // Files of a removed snapshot that are still being merged spoil tracking like a snapshot does.
    await waitForConsolidation(session, machine, patience, signal);
    const args = { _this: moRef('VirtualMachine', machine), spec: { changeTrackingEnabled: true } };
    const reached = async () => (await machineState(session, machine, signal)).tracking;
    await reachByTask(session, { operation: 'ReconfigVM', args, reached, busyMs: patience.busyMs }, signal);
  }
  const temporary = await createSnapshot(session, machine, snapshotName, { quiesce: false }, patience, signal);
  await removeSnapshot(session, machine, temporary.ref, patience, signal);
  return judged(await machineState(session, machine, signal));
}

const candidates = (state: MachineState) => state.disks.filter((disk) => disk.excluded === undefined && disk.untrackable === undefined);

function inEffect(state: MachineState): boolean {
  return state.tracking && candidates(state).every((disk) => disk.changeId !== undefined);
}

function judged(state: MachineState): Tracking {
  // Disks that are never tracked have their own doubt in each snapshot and do not spoil the others.
  const able = candidates(state);
  const doubt = able.map((disk) => trackingDoubt(disk, state)).find((sentence) => sentence !== undefined);
  if (doubt !== undefined) return { tracked: false, doubt };
  return able.length > 0 ? { tracked: true } : { tracked: false, doubt: `${state.name} has no disk whose changes can be tracked.` };
}
