import { OctopusError } from '../../../workers/octopus-error.ts';
import type { PowerState } from '../../domain/machine.ts';
import { snapshotPrefix } from '../../domain/snapshot-prefix.ts';
import { type DiskDevice, diskDevices, hardwareVersion, powerState, type SnapshotNode, snapshotTree } from './machine-inventory.ts';
import { retrieveObject } from './properties.ts';
import { moRef, type VimSession } from './vim-session.ts';
import { sleep } from './wait.ts';

/** What snapshots, tracking and power need to know of a machine, read afresh each time. */
export interface MachineState {
  name: string;
  powerState: PowerState;
  tracking: boolean;
  consolidationNeeded: boolean;
  toolsRunning: boolean;
  hardwareVersion: number;
  snapshots: SnapshotNode[];
  disks: DiskDevice[];
}

const paths = [
  'name',
  'config.version',
  'config.changeTrackingEnabled',
  'config.hardware.device',
  'guest.toolsStatus',
  'runtime.powerState',
  'runtime.consolidationNeeded',
  'snapshot',
];

export async function machineState(session: VimSession, machine: string, signal?: AbortSignal): Promise<MachineState> {
  const properties = await retrieveObject(session, moRef('VirtualMachine', machine), paths, signal);
  const text = (path: string) => properties.get(path)?.text;
  if (text('runtime.powerState') === undefined)
    throw new OctopusError('source.protocol', `The server does not tell the state of ${machine}.`);
  const tools = text('guest.toolsStatus');
  return {
    name: text('name') ?? machine,
    powerState: powerState(text('runtime.powerState')),
    tracking: text('config.changeTrackingEnabled') === 'true',
    consolidationNeeded: text('runtime.consolidationNeeded') === 'true',
    toolsRunning: tools === 'toolsOk' || tools === 'toolsOld',
    hardwareVersion: hardwareVersion(properties),
    snapshots: snapshotTree(properties.get('snapshot')),
    disks: diskDevices(properties.get('config.hardware.device')),
  };
}

export function foreignSnapshots(state: MachineState): SnapshotNode[] {
  return state.snapshots.filter((snapshot) => !snapshot.name.startsWith(snapshotPrefix));
}

/** Waits while another task holds the machine, for at most `patienceMs`; then the `source.busy` error comes through. */
export async function whileBusy<T>(patienceMs: number, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (let pause = 200; ; pause = Math.min(pause * 2, 3000)) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof OctopusError) || error.code !== 'source.busy' || Date.now() > deadline) throw error;
      await sleep(pause, signal);
    }
  }
}
