import { OctopusError } from '../../../workers/octopus-error.ts';
import { changeId } from '../../domain/machine.ts';
import type { MachineSnapshot, SnapshotDisk } from '../source.ts';
import { type DiskDevice, diskDevices } from './machine-inventory.ts';
import { foreignSnapshots, type MachineState, machineState, whileBusy } from './machine-state.ts';
import { retrieveObject, waitForTask } from './properties.ts';
import { faultName } from './vim-fault.ts';
import { type MoRef, moRef, type VimSession } from './vim-session.ts';
import { checkCancelled, sleep } from './wait.ts';

/** Milliseconds. */
export interface SnapshotPatience {
  /** How long a create that failed without a clear reason may take to land after all. */
  landMs: number;
  /** How long a consolidation may take. */
  consolidationMs: number;
  /** After this long with nothing cleared, the consolidation is asked for: nobody may be working on it. */
  consolidateAfterMs: number;
  /** How long another task may hold the machine. */
  busyMs: number;
}

export const defaultPatience: SnapshotPatience = {
  landMs: 60_000,
  consolidationMs: 3_600_000,
  consolidateAfterMs: 60_000,
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
  try {
    // Not repeated blindly: a create whose answer was lost may have been carried out.
    const task = await whileBusy(
      patience.busyMs,
      () => session.call<MoRef>('CreateSnapshot_Task', args, { signal, repeat: false }),
      signal,
    );
    const result = await waitForTask(session, task, 'CreateSnapshot', signal);
    if (result?.text) return result.text;
  } catch (error) {
    checkCancelled(signal);
    const known = error as OctopusError;
    const definite =
      known.code !== 'source.unreachable' &&
      known.code !== 'source.session' &&
      !/tim(ed|e) ?out/i.test(`${faultName(known)} ${known.message}`);
    const landed = await awaitLanding(session, machine, name, definite || known.code === 'source.denied' ? 0 : patience.landMs, signal);
    if (landed === undefined) throw known;
    return landed;
  }
  const landed = await awaitLanding(session, machine, name, patience.landMs, signal);
  if (landed === undefined)
    throw new OctopusError('source.protocol', `The server says that it took the snapshot ${name}, but there is none.`);
  return landed;
}

/** A create may time out and still land: looks for the exact name, once at least. */
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
    if (ref !== undefined || Date.now() >= deadline) return ref;
    await sleep(pause, signal);
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
  const present = async () => (await machineState(session, machine, signal)).snapshots.some(({ ref }) => ref === snapshot);
  if (!(await present())) return;
  const args = { _this: moRef('VirtualMachineSnapshot', snapshot), removeChildren: false, consolidate: true };
  for (let attempt = 1; ; attempt++) {
    try {
      const task = await whileBusy(
        patience.busyMs,
        () => session.call<MoRef>('RemoveSnapshot_Task', args, { signal, repeat: false }),
        signal,
      );
      await waitForTask(session, task, 'RemoveSnapshot', signal);
      break;
    } catch (error) {
      checkCancelled(signal);
      // Whatever was said: gone is gone.
      if (!(await present())) break;
      const known = error as OctopusError;
      if (attempt >= 3 || !known.retryable) throw known;
      await sleep(500 * attempt, signal);
    }
  }
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
  let asked = false;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 2000)) {
    const state = await machineState(session, machine, signal);
    if (!state.consolidationNeeded) return;
    const waited = Date.now() - begun;
    if (waited > patience.consolidationMs) {
      const message = `The disks of ${state.name} still need consolidation after ${Math.round(waited / 60_000)} minutes. Consolidate them in vCenter, then try again.`;
      throw new OctopusError('source.busy', message, { retryable: true });
    }
    if (!asked && waited > patience.consolidateAfterMs) {
      asked = true;
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
