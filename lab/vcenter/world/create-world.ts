import { createChangeFeed } from './change-feed.ts';
import { createChurn } from './churn.ts';
import { realClock } from './clock.ts';
import { type Content, fileContent, seededContent, zeroContent } from './content.ts';
import { createDatastoreFiles } from './datastore-files.ts';
import { type DiskIdentity, SimulatedDisk } from './disk.ts';
import { createFaultPlan } from './fault-plan.ts';
import { generateMachines } from './generated-machines.ts';
import { createInventory } from './inventory.ts';
import { Keeper } from './keeper.ts';
import { LabFault } from './lab-fault.ts';
import { baseLayer } from './layer.ts';
import { SimulatedMachine } from './machine.ts';
import { diskUuid, invalidPowerState, managedObjectNotFound, type WorldContext } from './machine-state.ts';
import { createRandom, mix } from './random.ts';
import { endConsolidation, takeSnapshot } from './snapshots.ts';
import { createTaskRunner } from './tasks.ts';
import type { LabClock, LabController, LabDiskSpec, LabMachineSpec, Ref, World, WorldOptions } from './types.ts';

const MiB = 1024 * 1024;
/** 16 units a controller, of which 7 is its own. */
const disksPerController = 15;

/** The clock of one world: close() takes back everything that was still to come. */
function boundClock(clock: LabClock): { clock: LabClock; close(): void } {
  const pending = new Set<() => void>();
  let closed = false;
  return {
    clock: {
      now: () => clock.now(),
      after(ms, run) {
        if (closed) return () => {};
        const cancel = clock.after(ms, () => {
          pending.delete(forget);
          run();
        });
        const forget = () => {
          pending.delete(forget);
          cancel();
        };
        pending.add(forget);
        return forget;
      },
    },
    close() {
      closed = true;
      for (const cancel of [...pending]) cancel();
    },
  };
}

export function createWorld(options: WorldOptions = {}): World {
  const seed = options.seed ?? 1;
  const taskMs = options.taskMs ?? 100;
  const { clock, close: closeClock } = boundClock(options.clock ?? realClock());
  const random = createRandom(options.identity === undefined ? seed : mix(seed, options.identity));
  const generated = generateMachines(seed, options.generate ?? 0);
  // What was kept before there were identities is of a world without one.
  const identity = options.identity === undefined ? [] : [options.identity];
  const keeper = options.keep && new Keeper({ ...options.keep, description: [seed, options.machines, generated, ...identity] });
  const changes = createChangeFeed();
  const faults = createFaultPlan(options.faults);
  const tasks = createTaskRunner(clock, taskMs, faults, changes);
  const inventory = createInventory(changes);
  const machines = new Map<Ref, SimulatedMachine>();
  /** By datastore name and folder. */
  const folders = new Map<string, Map<string, SimulatedMachine>>();
  let machineNumber = 100;
  let snapshotNumber = 0;
  const instanceUuid = random.uuid();

  const context: WorldContext = {
    settings: {
      pageSize: options.pageSize ?? 2000,
      pageWindow: options.pageWindow ?? (options.pageSize === undefined ? Number.MAX_SAFE_INTEGER : options.pageSize * MiB),
      taskMs,
      consolidationMs: options.consolidationMs ?? 3 * taskMs,
      consolidation: options.consolidation ?? 'background',
      snapshotDuringConsolidation: options.snapshotDuringConsolidation ?? 'corrupts',
      foreignChangeId: options.foreignChangeId ?? 'silent',
      hardPowerOffResetsTracking: options.hardPowerOffResetsTracking ?? false,
      guestShutdownMs: options.guestShutdownMs ?? 5 * taskMs,
    },
    clock,
    // Names and uuids come from the seed; marks of change tracking must not come again after a state that was lost.
    random: keeper === undefined ? random : createRandom(mix(seed, keeper.salt)),
    changes,
    faults,
    tasks,
    keeper,
    nextSnapshot: () => `snapshot-${++snapshotNumber}`,
    datastoreKind: (name) => inventory.datastore(name).kind,
  };

  function foldersOf(datastore: string): Map<string, SimulatedMachine> {
    let known = folders.get(datastore);
    if (known === undefined) {
      known = new Map();
      folders.set(datastore, known);
    }
    return known;
  }

  /** The machine's name as VMware escapes it in paths; a second machine of that name gets a suffix. */
  function freeFolder(name: string, datastores: string[]): string {
    const escaped = name.replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c');
    for (let number = 0; ; number++) {
      const folder = number === 0 ? escaped : `${escaped}_${number}`;
      if (datastores.every((datastore) => !foldersOf(datastore).has(folder))) return folder;
    }
  }

  function addMachine(spec: LabMachineSpec): SimulatedMachine {
    const ref = `vm-${++machineNumber}`;
    const home = inventory.datastore(spec.datastore).name;
    const stores = [...new Set([home, ...spec.disks.map((disk) => disk.datastore ?? home)])];
    const directory = freeFolder(spec.name, stores);
    const cluster = inventory.cluster(spec.cluster);
    const folder = inventory.folder(spec.folder ?? '');
    const networks = spec.networks ?? ['VM Network'];
    const machine = new SimulatedMachine(context, ref, spec, {
      instanceUuid: `50${random.uuid().slice(2)}`,
      biosUuid: `42${random.uuid().slice(2)}`,
      folder: folder.ref,
      host: cluster.hosts[random.below(cluster.hosts.length)]!,
      cluster: cluster.ref,
      resourcePool: cluster.resourcePool,
      datastores: stores.map((name) => inventory.datastore(name).ref),
      vmxPath: `[${home}] ${directory}/${directory}.vmx`,
      directory,
      controllers: controllersFor(spec.disks),
      adapters: networks.map((name, index) => ({
        key: 4000 + index,
        label: `Network adapter ${index + 1}`,
        mac: `00:50:56:${[machineNumber >> 8, machineNumber, index].map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join(':')}`,
        network: inventory.network(name).ref,
        networkName: name,
        model: 'VirtualVmxnet3',
      })),
    });
    for (const [index, disk] of spec.disks.entries()) addDisk(machine, disk, index, home);
    for (const name of stores) foldersOf(name).set(directory, machine);
    machines.set(ref, machine);
    folder.children.push(ref);
    machine.powerState = spec.poweredOn === false || spec.template === true ? 'poweredOff' : 'poweredOn';
    machine.bootTime = machine.powerState === 'poweredOn' ? clock.now() : undefined;
    if (spec.changeTracking === true && machine.changeTrackingSupported) {
      machine.changeTrackingEnabled = true;
      machine.stun(false);
    }
    const foreign = typeof spec.foreignSnapshots === 'number' ? numberedSnapshots(spec.foreignSnapshots) : (spec.foreignSnapshots ?? []);
    for (const name of foreign) takeSnapshot(machine, name, 'Before the update', {});
    changes.emit('enter', 'VirtualMachine', ref);
    return machine;
  }

  function addDisk(machine: SimulatedMachine, spec: LabDiskSpec, index: number, home: string): void {
    const datastore = inventory.datastore(spec.datastore ?? home);
    const sharing = spec.sharing ?? 'none';
    const nth = machine.disks.filter((disk) => disk.identity.sharing === sharing).length;
    const controllers = machine.controllers.filter((each) => each.sharing === sharingName(sharing));
    const controller = controllers[Math.floor(nth / disksPerController)]!;
    const identity: DiskIdentity = {
      key: 2000 + index,
      label: `Hard disk ${index + 1}`,
      controllerKey: controller.key,
      unitNumber: slotOf(nth),
      objectId: `${machine.ref.slice(3)}-${2000 + index}`,
      thin: spec.thin ?? true,
      mode: spec.mode ?? 'persistent',
      backing: spec.backing ?? 'flat',
      datastore: datastore.name,
      datastoreRef: datastore.ref,
      sharing,
    };
    const { directory } = machine.place;
    const file = `${directory}/${directory}${index === 0 ? '' : `_${index}`}.vmdk`;
    const content = contentOf(spec);
    machine.disks.push(new SimulatedDisk(machine, identity, diskUuid(random), content, baseLayer(file, content, clock.now())));
  }

  const files = createDatastoreFiles((name) => {
    const known = [...inventory.datastores.values()].some((datastore) => datastore.name === name);
    return known ? foldersOf(name) : undefined;
  });

  inventory.cluster();
  inventory.datastore();
  inventory.network();
  for (const spec of options.machines ?? []) addMachine(spec);
  for (const spec of generated) addMachine(spec);
  keeper?.begin({
    machines,
    counters: () => ({ random: context.random, snapshots: snapshotNumber, tasks: tasks.number }),
    setCounters(counters) {
      snapshotNumber = counters.snapshots;
      tasks.number = counters.tasks;
    },
  });
  for (const machine of machines.values()) {
    if (machine.consolidating > 0) clock.after(context.settings.consolidationMs, () => endConsolidation(machine));
  }
  const refuseWhereKept = () => {
    if (keeper !== undefined) throw new LabFault('NotSupported', 'A lab that is kept has the machines that it began with.');
  };
  const churn = createChurn({ clock, machines, seed: options.churn, everyMs: options.churnMs ?? 250, starts: keeper?.starts ?? 1 });

  return {
    seed,
    clock,
    instanceUuid,
    rootFolder: inventory.rootFolder,
    datacenter: inventory.datacenter,
    machines,
    entities: inventory.entities,
    datastores: inventory.datastores,
    tasks: tasks.tasks,
    changes,
    faults,
    churn,
    kept: keeper?.kept,
    machineByName(name) {
      for (const machine of machines.values()) if (machine.name === name) return machine;
      return undefined;
    },
    snapshot(ref) {
      for (const machine of machines.values()) {
        const snapshot = machine.snapshots.get(ref);
        if (snapshot !== undefined) return { machine, snapshot };
      }
      return undefined;
    },
    addMachine(spec) {
      refuseWhereKept();
      return addMachine(spec);
    },
    removeMachine(ref) {
      refuseWhereKept();
      const machine = machines.get(ref);
      if (machine === undefined) throw managedObjectNotFound(ref);
      if (machine.powerState !== 'poweredOff') throw invalidPowerState(machine, 'poweredOff');
      if (machine.busy !== undefined) throw new LabFault('TaskInProgress', 'Another task is in progress on this machine.');
      machine.removed = true;
      machines.delete(ref);
      for (const known of folders.values()) if (known.get(machine.place.directory) === machine) known.delete(machine.place.directory);
      const folder = inventory.entities.get(machine.folder);
      if (folder?.type === 'Folder' && 'children' in folder) folder.children.splice(folder.children.indexOf(ref), 1);
      for (const disk of machine.disks) disk.content.close();
      changes.emit('leave', 'VirtualMachine', ref);
    },
    statDatastoreFile: files.stat,
    readDatastoreFile: files.read,
    listDatastoreFolder: files.list,
    close() {
      closeClock();
      keeper?.close();
      for (const machine of machines.values()) for (const disk of machine.disks) disk.content.close();
    },
  };
}

function contentOf(spec: LabDiskSpec): Content {
  if ('file' in spec) return fileContent(spec.file);
  return spec.fill === undefined ? zeroContent(spec.size) : seededContent(spec.size, spec.fill);
}

function numberedSnapshots(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Manual snapshot ${index + 1}`);
}

function sharingName(sharing: 'none' | 'virtual' | 'physical'): LabController['sharing'] {
  return sharing === 'none' ? 'noSharing' : `${sharing}Sharing`;
}

/** Unit 7 is the controller's own. */
function slotOf(index: number): number {
  const unit = index % disksPerController;
  return unit < 7 ? unit : unit + 1;
}

/** One controller for each 15 disks and way of sharing. */
function controllersFor(disks: LabDiskSpec[]): LabController[] {
  const controllers: LabController[] = [];
  for (const sharing of ['none', 'virtual', 'physical'] as const) {
    const count = disks.filter((disk) => (disk.sharing ?? 'none') === sharing).length;
    for (let number = 0; number < Math.ceil(count / disksPerController); number++) {
      const bus = controllers.length;
      controllers.push({ key: 1000 + bus, bus, label: `SCSI controller ${bus}`, sharing: sharingName(sharing) });
    }
  }
  return controllers;
}
