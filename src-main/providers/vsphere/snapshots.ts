import { OctopusError } from '../../../workers/octopus-error.ts';
import { changeId } from '../../domain/machine.ts';
import type { MachineSnapshot, SnapshotDisk } from '../source.ts';
import { type DiskDevice, diskDevices } from './machine-inventory.ts';
import { foreignSnapshots, type MachineState, machineState, whileBusy } from './machine-state.ts';
import { reachByTask } from './machine-task.ts';
import { retrieveObject, retrieveObjects, waitForTask } from './properties.ts';
import { faultName } from './vim-fault.ts';
import { type MoRef, moRef, type VimSession } from './vim-session.ts';
import { checkCancelled, sleep } from './wait.ts';

/** Milliseconds. */
export interface SnapshotPatience {
  /** How long a create that timed out on the server may take to land after all. */
  landMs: number;
  /** How long a create whose answer was lost may take to appear. */
  lostMs: number;
  /** How long a consolidation may take. */
  consolidationMs: number;
  /** After this long with nothing cleared, the consolidation is asked for: nobody may be working on it. */
  consolidateAfterMs: number;
  /** How long another task may hold the machine. */
  busyMs: number;
}

export const defaultPatience: SnapshotPatience = {
  landMs: 30_000,
  lostMs: 2000,
  consolidationMs: 3_600_000,
  consolidateAfterMs: 3000,
  busyMs: 120_000,
};

const vm = (machine: string) => moRef('VirtualMachine', machine);

/** Faults of a quiesced snapshot that an unquiesced one does not have. */
const quiesceFaults = new Set(['ApplicationQuiesceFault', 'FilesystemQuiesceFault', 'ToolsUnavailable', 'QuiesceDatastoreIOForHAFailed']);

/** Creates of one machine and name that are under way here: a repeated call joins instead of making a second snapshot. */
const underWay = new WeakMap<VimSession, Map<string, Promise<string>>>();

export async function createSnapshot(
  session: VimSession,
  machine: string,
  name: string,
  options: { quiesce: boolean },
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<MachineSnapshot> {
  const running = underWay.get(session) ?? new Map<string, Promise<string>>();
  underWay.set(session, running);
  const key = `${machine}/${name}`;
  const create = running.get(key) ?? make(session, machine, name, options, patience, signal).finally(() => running.delete(key));
  running.set(key, create);
  return describeSnapshot(session, machine, { ref: await create, name }, signal);
}

async function make(
  session: VimSession,
  machine: string,
  name: string,
  options: { quiesce: boolean },
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<string> {
  const existing = await snapshotNamed(session, machine, name, signal);
  if (existing !== undefined) return existing;
  await waitForConsolidation(session, machine, patience, signal);
  const state = await machineState(session, machine, signal);
  const quiesce = options.quiesce && state.powerState === 'on' && state.toolsRunning;
  try {
    return await takeSnapshot(session, machine, name, quiesce, patience, signal);
  } catch (error) {
    if (!quiesce || !quiesceFaults.has(faultName(error) ?? '')) throw error;
    // The guest could not be quiesced: the snapshot is as consistent as after a power loss, which every guest must bear.
    return takeSnapshot(session, machine, name, false, patience, signal);
  }
}

/** Tries of a create that broke on the way and left nothing. */
const TRIES = 3;

async function takeSnapshot(
  session: VimSession,
  machine: string,
  name: string,
  quiesce: boolean,
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<string> {
  const description = 'Taken by Octopus for one replication run; removed when it ends.';
  const args = { _this: vm(machine), name, description, memory: false, quiesce };
  for (let attempt = 1; ; attempt++) {
    try {
      // Not repeated blindly: a create whose answer was lost may have been carried out.
      const task = await whileBusy(
        patience.busyMs,
        () => session.call<MoRef>('CreateSnapshot_Task', args, { signal, repeat: false }),
        signal,
      );
      const result = await waitForTask(session, task, 'CreateSnapshot', signal);
      if (result?.text) return result.text;
      throw new OctopusError('source.protocol', `The server says that it took the snapshot ${name}, but does not name it.`);
    } catch (error) {
      checkCancelled(signal);
      const known = error as OctopusError;
      const timedOut = faultName(known) === 'Timedout';
      const unclear = known.retryable || known.code === 'source.protocol';
      const landed = await awaitLanding(session, machine, name, timedOut ? patience.landMs : unclear ? patience.lostMs : 0, signal);
      if (landed !== undefined) return landed;
      // A create that timed out may land after any time: only its caller, who sweeps by name, may decide to make another.
      if (timedOut || !known.retryable || attempt >= TRIES) throw known;
    }
  }
}

/** A create may fail and still land: looks for the exact name, once at least, and as long as the server works on a snapshot. */
async function awaitLanding(
  session: VimSession,
  machine: string,
  name: string,
  landMs: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + landMs;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const ref = await snapshotNamed(session, machine, name, signal);
    if (ref !== undefined) return ref;
    if (Date.now() >= deadline && !(landMs > 0 && (await snapshotUnderWay(session, machine, signal)))) {
      // Between the two questions it may have come.
      return landMs > 0 ? snapshotNamed(session, machine, name, signal) : undefined;
    }
    await sleep(pause, signal);
  }
}

async function snapshotUnderWay(session: VimSession, machine: string, signal?: AbortSignal): Promise<boolean> {
  const recent = (await retrieveObject(session, vm(machine), ['recentTask'], signal)).get('recentTask');
  const tasks = (recent?.children ?? []).map((task) => moRef('Task', task.text));
  if (tasks.length === 0) return false;
  try {
    const infos = await retrieveObjects(session, tasks, { Task: ['info.state', 'info.descriptionId'] }, signal);
    return infos.some(({ properties }) => {
      const state = properties.get('info.state')?.text;
      return (state === 'queued' || state === 'running') && /createSnapshot/i.test(properties.get('info.descriptionId')?.text ?? '');
    });
  } catch (error) {
    // A task that was forgotten between the two questions had ended.
    if ((error as OctopusError).code === 'source.missing') return false;
    throw error;
  }
}

async function snapshotNamed(session: VimSession, machine: string, name: string, signal?: AbortSignal): Promise<string | undefined> {
  return (await machineState(session, machine, signal)).snapshots.find((snapshot) => snapshot.name === name)?.ref;
}

export async function findSnapshot(
  session: VimSession,
  machine: string,
  name: string,
  signal?: AbortSignal,
): Promise<MachineSnapshot | undefined> {
  const ref = await snapshotNamed(session, machine, name, signal);
  return ref === undefined ? undefined : describeSnapshot(session, machine, { ref, name }, signal);
}

/** The disks as the snapshot froze them. */
export async function snapshotDevices(session: VimSession, snapshot: string, signal?: AbortSignal): Promise<DiskDevice[]> {
  const properties = await retrieveObject(session, moRef('VirtualMachineSnapshot', snapshot), ['config.hardware.device'], signal);
  return diskDevices(properties.get('config.hardware.device'));
}

async function describeSnapshot(
  session: VimSession,
  machine: string,
  snapshot: { ref: string; name: string },
  signal?: AbortSignal,
): Promise<MachineSnapshot> {
  const state = await machineState(session, machine, signal);
  const devices = await snapshotDevices(session, snapshot.ref, signal);
  return {
    ref: snapshot.ref,
    name: snapshot.name,
    disks: devices.map((device) => snapshotDisk(device, state)),
    foreignSnapshots: foreignSnapshots(state).length,
    powerState: state.powerState,
  };
}

function snapshotDisk(device: DiskDevice, state: MachineState): SnapshotDisk {
  const doubt = trackingDoubt(device, state);
  return {
    key: device.key,
    objectId: device.objectId,
    capacity: device.capacity,
    // A change id in doubt must never become a baseline.
    changeId: doubt === undefined ? changeId(device.changeId as string) : undefined,
    doubt,
  };
}

/** Why a change id of this disk proves nothing; undefined where it can be relied on. */
export function trackingDoubt(device: DiskDevice, state: MachineState): string | undefined {
  const { label } = device;
  if (device.excluded !== undefined) return `${label} cannot be tracked. ${device.excluded}`;
  if (device.untrackable !== undefined) return `${label} cannot be tracked: ${device.untrackable}.`;
  if (state.hardwareVersion < 7) return `${label} cannot be tracked: the machine's hardware version ${state.hardwareVersion} is below 7.`;
  if (!state.tracking) return `${label} is not tracked: change tracking is switched off for the machine.`;
  const [foreign] = foreignSnapshots(state);
  if (foreign !== undefined) {
    return `The changes of ${label} cannot be trusted while the machine has a snapshot that Octopus did not make ('${foreign.name}').`;
  }
  if (state.consolidationNeeded) return `The changes of ${label} cannot be trusted while the machine's disks need consolidation.`;
  if (device.changeId === undefined) return `${label} has no change id: tracking is not in effect yet.`;
  return undefined;
}

export async function removeSnapshot(
  session: VimSession,
  machine: string,
  snapshot: string,
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<void> {
  const reached = async () => !(await machineState(session, machine, signal)).snapshots.some(({ ref }) => ref === snapshot);
  if (await reached()) return;
  const args = { _this: moRef('VirtualMachineSnapshot', snapshot), removeChildren: false, consolidate: true };
  await reachByTask(session, { operation: 'RemoveSnapshot', args, reached, busyMs: patience.busyMs }, signal);
  await waitForConsolidation(session, machine, patience, signal);
}

/** Until nothing is left to consolidate: a snapshot taken meanwhile corrupted data in a peer. */
export async function waitForConsolidation(
  session: VimSession,
  machine: string,
  patience: SnapshotPatience,
  signal?: AbortSignal,
): Promise<void> {
  const begun = Date.now();
  let askAt = begun + patience.consolidateAfterMs;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 2000)) {
    const state = await machineState(session, machine, signal);
    if (!state.consolidationNeeded) return;
    const waited = Date.now() - begun;
    if (waited > patience.consolidationMs) {
      const message = `The disks of ${state.name} still need consolidation after ${Math.round(waited / 60_000)} minutes. Consolidate them in vCenter, then try again.`;
      throw new OctopusError('source.busy', message, { retryable: true });
    }
    if (Date.now() >= askAt) {
      askAt = Date.now() + 10 * patience.consolidateAfterMs;
      try {
        const task = await session.call<MoRef>('ConsolidateVMDisks_Task', { _this: vm(machine) }, { signal, repeat: false });
        await waitForTask(session, task, 'ConsolidateVMDisks', signal);
      } catch {
        // A consolidation under way refuses a second one; a missing privilege leaves it to vCenter. The loop goes on waiting.
        checkCancelled(signal);
      }
    }
    await sleep(pause, signal);
  }
}
