import type { SimulatedDisk } from './disk.ts';
import { LabFault } from './lab-fault.ts';
import { deltaLayer, type Layer, mergeIntoParent } from './layer.ts';
import { type MachineState, managedObjectNotFound, SnapshotNode } from './machine-state.ts';
import { forgetCovered, loseStretch, nextStretch } from './tracking.ts';
import type { CreateSnapshotOptions, Ref } from './types.ts';

/** Freezes the machine: each disk's top layer stays as it is, writes go to a new delta. */
export function takeSnapshot(machine: MachineState, name: string, description: string, options: CreateSnapshotOptions): Ref {
  const { settings, clock } = machine.context;
  refuseWhereImpossible(machine, options);
  const hadSnapshots = machine.hasSnapshots();
  const disturbed = machine.consolidating > 0;
  if (disturbed && settings.snapshotDuringConsolidation === 'refused') {
    throw new LabFault('InvalidState', "The machine's disks are being consolidated.");
  }
  const node = new SnapshotNode(
    {
      ref: machine.context.nextSnapshot(),
      id: ++machine.snapshotCount,
      machine: machine.ref,
      name,
      description,
      createTime: clock.now(),
      state: options.memory === true ? machine.powerState : 'poweredOff',
      quiesced: options.quiesce === true && machine.powerState === 'poweredOn',
      parent: machine.currentSnapshot,
    },
    machine.disks.map((disk) => disk.freeze()),
  );
  for (const disk of machine.disks) {
    if (!disk.snapshottable) continue;
    disk.top = deltaLayer(nextDeltaFile(machine, disk), disk.top, clock.now());
    if (disk.tracking === undefined) continue;
    if (disturbed) loseStretch(disk.tracking);
    nextStretch(disk.tracking);
  }
  machine.snapshots.set(node.ref, node);
  if (node.parent === undefined) machine.rootSnapshots.push(node.ref);
  else machine.snapshots.get(node.parent)!.children.push(node.ref);
  machine.currentSnapshot = node.ref;
  machine.stun(hadSnapshots);
  snapshotsChanged(machine);
  return node.ref;
}

function refuseWhereImpossible(machine: MachineState, options: CreateSnapshotOptions): void {
  const refuse = (disk: SimulatedDisk, why: string) => {
    throw new LabFault('SnapshotIncompatibleDeviceInVm', `${disk.label} ${why}.`);
  };
  for (const disk of machine.disks) {
    if (disk.identity.sharing !== 'none') refuse(disk, 'is on a controller with bus sharing');
    if (options.memory === true && machine.powerState === 'poweredOn' && !disk.snapshottable) {
      refuse(disk, 'does not take part in snapshots with memory');
    }
  }
}

/** `folder/disk.vmdk` → the first free `folder/disk-00000N.vmdk`. */
function nextDeltaFile(machine: MachineState, disk: SimulatedDisk): string {
  const layers = [...machine.layersOf(disk)];
  const used = new Set(layers.map((layer) => layer.file));
  const base = layers.find((layer) => layer.parent === undefined)!.file.replace(/\.vmdk$/, '');
  for (let number = 1; ; number++) {
    const file = `${base}-${String(number).padStart(6, '0')}.vmdk`;
    if (!used.has(file)) return file;
  }
}

function snapshotsChanged(machine: MachineState): void {
  machine.changed('snapshot', 'rootSnapshot', 'layoutEx', 'runtime.consolidationNeeded');
  machine.configurationChanged();
}

/** Takes a snapshot (and those below it) out of the tree at once; the files are merged later. */
export function dropSnapshot(machine: MachineState, ref: Ref, removeChildren: boolean): void {
  const node = machine.snapshots.get(ref);
  if (node === undefined) throw managedObjectNotFound(ref);
  const hadSnapshots = machine.hasSnapshots();
  if (removeChildren) for (const child of [...node.children]) dropSnapshot(machine, child, true);
  const siblings = node.parent === undefined ? machine.rootSnapshots : machine.snapshots.get(node.parent)!.children;
  siblings.splice(siblings.indexOf(ref), 1, ...node.children);
  for (const child of node.children) machine.snapshots.get(child)!.parent = node.parent;
  if (machine.currentSnapshot === ref) machine.currentSnapshot = node.parent;
  machine.snapshots.delete(ref);
  for (const disk of machine.disks) {
    if (disk.tracking === undefined) continue;
    nextStretch(disk.tracking);
    forgetCovered(
      disk.tracking,
      [...machine.snapshots.values()].flatMap((each) => each.disks).filter((each) => each.key === disk.key),
    );
  }
  machine.stun(hadSnapshots);
  snapshotsChanged(machine);
}

/** Starts to merge files; `finish` or the timer ends it. */
export function beginConsolidation(machine: MachineState): void {
  machine.consolidating++;
  setNeeded(machine, true);
}

export function endConsolidation(machine: MachineState, failed = false): void {
  machine.consolidating--;
  if (machine.removed) return;
  if (failed) {
    machine.changed('runtime');
    return;
  }
  for (const disk of machine.disks) mergeLayers(machine, disk);
  if (machine.consolidating === 0) setNeeded(machine, false);
  machine.configurationChanged();
}

function setNeeded(machine: MachineState, needed: boolean): void {
  if (machine.consolidationNeeded === needed) return;
  machine.consolidationNeeded = needed;
  machine.changed('runtime.consolidationNeeded', 'runtime');
}

/** Merges each layer that nobody needs with its only child; one with several children has to stay. */
function mergeLayers(machine: MachineState, disk: SimulatedDisk): void {
  for (;;) {
    const owned = machine.ownedLayers(disk);
    const layers = [...machine.layersOf(disk)];
    let child: Layer | undefined;
    for (const layer of layers) {
      if (owned.has(layer)) continue;
      const children = layers.filter((each) => each.parent === layer);
      if (children.length === 1) child = children[0];
    }
    if (child === undefined) return;
    const merged = mergeIntoParent(child, machine.now());
    for (const layer of layers) if (layer.parent === child) layer.parent = merged;
    if (disk.top === child) disk.top = merged;
    for (const node of machine.snapshots.values()) for (const frozen of node.disks) if (frozen.layer === child) frozen.layer = merged;
  }
}

/** The machine goes back to the snapshot; what was written since is gone, and tracking with it. */
export function revert(machine: MachineState, ref: Ref): void {
  const node = machine.snapshots.get(ref);
  if (node === undefined) throw managedObjectNotFound(ref);
  for (const disk of machine.disks) {
    const frozen = node.disks.find((each) => each.key === disk.key);
    if (frozen === undefined || !disk.snapshottable) continue;
    // The name is chosen while the old top is still known, as ESXi does: the new delta is another file.
    disk.top = deltaLayer(nextDeltaFile(machine, disk), frozen.layer, machine.now());
    disk.capacity = frozen.capacity;
  }
  machine.currentSnapshot = ref;
  machine.resetTracking();
  machine.stun(true);
  if (machine.powerState !== node.state) machine.setPower(node.state);
  snapshotsChanged(machine);
}
