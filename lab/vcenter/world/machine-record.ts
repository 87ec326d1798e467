import { FrozenDisk, type SimulatedDisk } from './disk.ts';
import type { Layer } from './layer.ts';
import { type MachineState, SnapshotNode } from './machine-state.ts';
import type { Made, Piece } from './pieces.ts';
import type { Tracking } from './tracking.ts';
import type { LabPowerState, Ref } from './types.ts';

/** `Made` as JSON holds it: bytes as base64. */
export type MadeRecord = number | 'zeros' | 'same' | { bytes: string };
/** Pairs of first number and count. */
type Runs = [number, number][];

interface LayerRecord {
  file: string;
  /** Place in the list, in which parents come first. */
  parent: number | undefined;
  grains: Runs;
  /** offset, length, made, skip */
  pieces: [number, number, MadeRecord, number][];
  modified: number;
}

interface DiskRecord {
  uuid: string;
  capacity: number;
  madeAgain: SimulatedDisk['madeAgain'];
  tracking: (Omit<Tracking, 'stretches'> & { stretches: [number, Runs][] }) | undefined;
  layers: LayerRecord[];
  top: number;
}

type SnapshotRecord = Pick<
  SnapshotNode,
  'ref' | 'id' | 'name' | 'description' | 'createTime' | 'state' | 'quiesced' | 'parent' | 'children'
> & { disks: (Pick<FrozenDisk, 'uuid' | 'capacity' | 'changeId'> & { layer: number })[] };

const plain = [
  'name',
  'powerState',
  'bootTime',
  'rootSnapshots',
  'currentSnapshot',
  'snapshotCount',
  'consolidationNeeded',
  'changeTrackingEnabled',
  'enabledWithSnapshots',
  'changeCount',
  'changedAt',
] as const;

/** All of a machine that its description does not say. */
export interface MachineRecord extends Pick<MachineState, (typeof plain)[number]> {
  ref: Ref;
  powerState: LabPowerState;
  consolidating: boolean;
  disks: DiskRecord[];
  snapshots: SnapshotRecord[];
}

export function recordOf(machine: MachineState): MachineRecord {
  const orders = machine.disks.map((disk) => layersInOrder(machine, disk));
  const fields = Object.fromEntries(plain.map((name) => [name, machine[name]])) as Pick<MachineState, (typeof plain)[number]>;
  return {
    ...fields,
    ref: machine.ref,
    consolidating: machine.consolidating > 0,
    disks: machine.disks.map((disk, index) => diskRecord(disk, orders[index]!)),
    snapshots: [...machine.snapshots.values()].map(
      ({ ref, id, name, description, createTime, state, quiesced, parent, children, disks }) => ({
        ...{ ref, id, name, description, createTime, state, quiesced, parent, children },
        disks: disks.map(({ uuid, capacity, changeId, layer }, index) => ({
          uuid,
          capacity,
          changeId,
          layer: orders[index]!.indexOf(layer),
        })),
      }),
    ),
  };
}

/** `machine` is as its description makes it; `contentAgain` makes the content of a disk that was made again. */
export function applyRecord(machine: MachineState, record: MachineRecord): void {
  Object.assign(machine, Object.fromEntries(plain.map((name) => [name, record[name]])));
  machine.consolidating = record.consolidating ? 1 : 0;
  const layers = machine.disks.map((disk, index) => applyDisk(machine, disk, record.disks[index]!));
  machine.snapshots.clear();
  for (const { disks, ...fields } of record.snapshots) {
    const frozen = disks.map(
      (disk, index) => new FrozenDisk({ ...disk, identity: machine.disks[index]!.identity, layer: layers[index]![disk.layer]! }),
    );
    const node = new SnapshotNode({ ...fields, machine: machine.ref }, frozen);
    node.children = fields.children;
    machine.snapshots.set(node.ref, node);
  }
}

export function madeRecord(made: Made | 'same'): MadeRecord {
  return Buffer.isBuffer(made) ? { bytes: made.toString('base64') } : made;
}

export function madeOf(record: MadeRecord): Made | 'same' {
  return typeof record === 'object' ? Buffer.from(record.bytes, 'base64') : record;
}

function layersInOrder(machine: MachineState, disk: SimulatedDisk): Layer[] {
  const ordered = new Set<Layer>();
  const add = (layer: Layer) => {
    if (layer.parent !== undefined) add(layer.parent);
    ordered.add(layer);
  };
  for (const layer of machine.layersOf(disk)) add(layer);
  return [...ordered];
}

function diskRecord({ uuid, capacity, madeAgain, tracking, top }: SimulatedDisk, layers: Layer[]): DiskRecord {
  return {
    ...{ uuid, capacity, madeAgain },
    tracking: tracking && { ...tracking, stretches: [...tracking.stretches].map(([sequence, grains]) => [sequence, runsOf(grains)]) },
    layers: layers.map(({ file, parent, grains, pieces, modified }) => ({
      ...{ file, modified },
      parent: parent && layers.indexOf(parent),
      grains: runsOf(grains),
      pieces: pieces.map(pieceRecord),
    })),
    top: layers.indexOf(top),
  };
}

/** A piece that shows part of given bytes only needs no more than them. */
function pieceRecord({ offset, length, made, skip }: Piece): LayerRecord['pieces'][number] {
  return Buffer.isBuffer(made) ? [offset, length, madeRecord(made.subarray(skip, skip + length)), 0] : [offset, length, made, skip];
}

function applyDisk(machine: MachineState, disk: SimulatedDisk, record: DiskRecord): Layer[] {
  if (record.madeAgain !== undefined) machine.replace(disk, record.madeAgain);
  const layers: Layer[] = [];
  for (const { file, parent, grains, pieces, modified } of record.layers) {
    layers.push({
      ...{ file, modified },
      parent: parent === undefined ? undefined : layers[parent]!,
      content: parent === undefined ? disk.content : undefined,
      grains: setOf(grains),
      pieces: pieces.map(([offset, length, made, skip]) => ({ offset, length, made: madeOf(made) as Made, skip })),
    });
  }
  disk.uuid = record.uuid;
  disk.capacity = record.capacity;
  disk.top = layers[record.top]!;
  disk.tracking = record.tracking && {
    ...record.tracking,
    stretches: new Map(record.tracking.stretches.map(([sequence, runs]) => [sequence, setOf(runs)])),
  };
  return layers;
}

function runsOf(numbers: ReadonlySet<number>): Runs {
  const runs: Runs = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === number) last[1]++;
    else runs.push([number, 1]);
  }
  return runs;
}

function setOf(runs: Runs): Set<number> {
  return new Set(runs.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index)));
}
