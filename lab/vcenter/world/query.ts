import { pageOf } from './changed-areas.ts';
import type { FrozenDisk, SimulatedDisk } from './disk.ts';
import { LabFault } from './lab-fault.ts';
import { chainOf, grainSize, type Layer, readLayer } from './layer.ts';
import { invalidArgument, invalidPowerState, type MachineState } from './machine-state.ts';
import { changedSince, parseChangeId } from './tracking.ts';
import type { ChangedArea, ChangedAreasPage, Ref } from './types.ts';

/** Answers of the last question, so that paging does not begin anew at each page. */
interface Asked {
  key: string;
  areas: ChangedArea[];
}
const last = new WeakMap<MachineState, Asked>();

export function queryChangedDiskAreas(
  machine: MachineState,
  snapshot: Ref | undefined,
  deviceKey: number,
  startOffset: number,
  changeId: string,
): ChangedAreasPage {
  const disk = machine.disks.find((each) => each.key === deviceKey);
  if (disk === undefined) throw invalidArgument('deviceKey', `The machine has no disk with the key ${deviceKey}.`);
  if (snapshot === undefined && machine.powerState !== 'poweredOff') throw invalidPowerState(machine, 'poweredOff');
  const frozen = snapshot === undefined ? undefined : machine.frozen(snapshot, deviceKey);
  const capacity = (frozen ?? disk).capacity;
  if (!Number.isSafeInteger(startOffset) || startOffset < 0 || startOffset >= capacity) {
    throw invalidArgument('startOffset', `${startOffset} is not inside the disk's ${capacity} bytes.`);
  }
  const until = trackedUntil(disk, frozen);
  const key = `${snapshot}|${deviceKey}|${changeId}|${until.uuid}/${until.sequence}`;
  const asked = last.get(machine);
  // Only what a snapshot froze is sure not to change between two pages.
  const areas = asked?.key === key && snapshot !== undefined ? asked.areas : answer(machine, disk, frozen, capacity, until, changeId);
  last.set(machine, { key, areas });
  const { pageSize, pageWindow } = machine.context.settings;
  return pageOf(areas, startOffset, capacity, pageSize, pageWindow);
}

/** The stretch at which the view ends; FileFault where tracking does not know it. */
function trackedUntil(disk: SimulatedDisk, frozen: FrozenDisk | undefined): { uuid: string; sequence: number } {
  const tracking = disk.tracking;
  const until = parseChangeId((frozen === undefined ? disk.changeId : frozen.changeId) ?? '');
  if (tracking === undefined || until === undefined || until.uuid !== tracking.uuid) throw fileFault(disk);
  return until;
}

function answer(
  machine: MachineState,
  disk: SimulatedDisk,
  frozen: FrozenDisk | undefined,
  capacity: number,
  until: { uuid: string; sequence: number },
  changeId: string,
): ChangedArea[] {
  const tracking = disk.tracking!;
  if (changeId === '*') {
    if (tracking.begunWithSnapshots) throw fileFault(disk);
    const knowsAllocation = machine.context.datastoreKind(disk.datastore) === 'VMFS' && disk.thin;
    return knowsAllocation ? allocatedAreas(frozen?.layer ?? disk.top, capacity) : [{ start: 0, length: capacity }];
  }
  const since = parseChangeId(changeId);
  if (since === undefined) throw invalidArgument('changeId', `${JSON.stringify(changeId)} is not a change id.`);
  if (since.uuid !== tracking.uuid) {
    if (machine.context.settings.foreignChangeId === 'fault') throw fileFault(disk);
  } else if (since.sequence > until.sequence) {
    throw fileFault(disk);
  }
  return changedSince(tracking, since.sequence, until.sequence, capacity);
}

function fileFault(disk: SimulatedDisk): LabFault {
  const file = disk.fileName;
  return new LabFault('FileFault', `Error caused by file ${file}`, { file });
}

/** VMFS allocates whole MiB. */
const allocationUnit = 1024 * 1024;

/** Units that hold anything but zeros, which is what a thin disk would have allocated. */
export function allocatedAreas(layer: Layer, capacity: number): ChangedArea[] {
  const chain = chainOf(layer);
  const content = chain[chain.length - 1]!.content!;
  const written = new Set<number>();
  for (const each of chain) for (const grain of each.grains) written.add(Math.floor((grain * grainSize) / allocationUnit));
  const zeros = Buffer.alloc(allocationUnit);
  const areas: ChangedArea[] = [];
  for (let unit = 0; unit * allocationUnit < capacity; unit++) {
    const start = unit * allocationUnit;
    const length = Math.min(allocationUnit, capacity - start);
    if (!written.has(unit)) {
      if (content.hole(start, length)) continue;
      if (readLayer(layer, start, length).equals(zeros.subarray(0, length))) continue;
    }
    const previous = areas[areas.length - 1];
    if (previous !== undefined && previous.start + previous.length === start) previous.length += length;
    else areas.push({ start, length });
  }
  return areas;
}
