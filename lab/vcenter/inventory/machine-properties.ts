import { dataTypes } from '../soap/schema.ts';
import { type DataObject, ManagedRef, type Value } from '../soap/value.ts';
import type { LabMachine, LabSnapshot, Ref, World } from '../world/types.ts';
import { machineConfig } from './machine-config.ts';
import { layoutEx } from './machine-layout.ts';
import type { PropertyTable } from './managed-view.ts';
import { entityRef, escapeName, machineRef, snapshotRef } from './refs.ts';

export function machineProperties(world: World, machine: LabMachine): PropertyTable {
  const networks = () => [...new Set(machine.adapters.map((adapter) => adapter.network))].map((ref) => entityRef(world, ref));
  const runtime = (): DataObject => ({
    host: new ManagedRef('HostSystem', machine.host),
    connectionState: 'connected',
    powerState: machine.powerState,
    faultToleranceState: 'notConfigured',
    toolsInstallerMounted: false,
    bootTime: machine.bootTime === undefined ? undefined : new Date(machine.bootTime),
    maxCpuUsage: 2400 * machine.cpus,
    maxMemoryUsage: Math.floor(machine.memory / 2 ** 20),
    numMksConnections: 0,
    recordReplayState: 'inactive',
    onlineStandby: false,
    consolidationNeeded: machine.consolidationNeeded,
  });
  return {
    parent: () => new ManagedRef('Folder', machine.folder),
    overallStatus: () => 'green',
    configStatus: () => 'green',
    effectiveRole: () => [-1],
    name: () => escapeName(machine.name),
    alarmActionsEnabled: () => true,
    recentTask: () => recentTasks(world, machine.ref),
    tag: () => machine.tags.map((key) => ({ key })),
    capability: () => capability(machine),
    config: () => machineConfig(machine),
    layoutEx: () => layoutEx(world, machine),
    storage: () => storage(world, machine),
    resourcePool: () => (machine.template ? undefined : new ManagedRef('ResourcePool', machine.resourcePool)),
    runtime,
    guest: () => guest(machine),
    summary: () => summary(machine, runtime()),
    datastore: () => machine.datastores.map((ref) => new ManagedRef('Datastore', ref)),
    network: networks,
    snapshot: () => snapshotInfo(machine),
    rootSnapshot: () => machine.rootSnapshots.map(snapshotRef),
    guestHeartbeatStatus: () => (machine.toolsStatus === 'toolsOk' ? 'green' : 'gray'),
  };
}

export function snapshotProperties(machine: LabMachine, snapshot: LabSnapshot): PropertyTable {
  return {
    config: () => machineConfig(machine, snapshot.disks),
    childSnapshot: () => snapshot.children.map(snapshotRef),
    vm: () => machineRef(machine.ref),
  };
}

function recentTasks(world: World, entity: Ref): Value {
  return [...world.tasks.values()]
    .filter((task) => task.entity === entity && (task.completeTime === undefined || task.completeTime > world.clock.now() - 600_000))
    .map((task) => new ManagedRef('Task', task.ref));
}

/** What a machine can do: of the flags that the schema asks for, these are true. */
const able = new Set([
  'snapshotOperationsSupported',
  'multipleSnapshotsSupported',
  'snapshotConfigSupported',
  'poweredOffSnapshotsSupported',
  'memorySnapshotsSupported',
  'revertToSnapshotSupported',
  'quiescedSnapshotsSupported',
  'toolsSyncTimeSupported',
  'bootOptionsSupported',
  'bootRetryOptionsSupported',
  'diskSharesSupported',
  'multipleCoresPerSocketSupported',
]);
const capabilityFlags = Object.fromEntries(
  dataTypes
    .get('VirtualMachineCapability')!
    .fields.filter((field) => !field.optional)
    .map((field) => [field.name, able.has(field.name)]),
);

function capability(machine: LabMachine): DataObject {
  return { ...capabilityFlags, changeTrackingSupported: machine.changeTrackingSupported };
}

const runs = (machine: LabMachine) => (machine.toolsStatus === 'toolsOk' ? 'guestToolsRunning' : 'guestToolsNotRunning');
const toolsVersion = (machine: LabMachine) =>
  machine.toolsStatus === 'toolsNotInstalled' ? 'guestToolsNotInstalled' : 'guestToolsCurrent';
const hostName = (machine: LabMachine) => `${machine.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}.lab.example`;

function guest(machine: LabMachine): DataObject {
  const running = machine.toolsStatus === 'toolsOk';
  return {
    toolsStatus: machine.toolsStatus,
    toolsVersionStatus: toolsVersion(machine),
    toolsVersionStatus2: toolsVersion(machine),
    toolsRunningStatus: runs(machine),
    toolsVersion: machine.toolsStatus === 'toolsNotInstalled' ? '0' : '11365',
    ...(running
      ? {
          guestId: machine.guestId,
          guestFamily: machine.guestId.startsWith('windows') ? 'windowsGuest' : 'linuxGuest',
          guestFullName: machine.guestName,
          hostName: hostName(machine),
          net: machine.adapters.map((adapter) => ({
            network: adapter.networkName,
            macAddress: adapter.mac,
            connected: true,
            deviceConfigId: adapter.key,
          })),
        }
      : {}),
    guestState: running ? 'running' : 'notRunning',
    guestOperationsReady: running,
    guestStateChangeSupported: running,
  };
}

function storage(world: World, machine: LabMachine): DataObject {
  return {
    perDatastoreUsage: machine.datastores.map((ref) => {
      const committed = machine.disks.reduce((sum, disk) => sum + (disk.datastoreRef === ref ? disk.capacity : 0), 0);
      return { datastore: new ManagedRef('Datastore', ref), committed, uncommitted: 0, unshared: committed };
    }),
    timestamp: new Date(world.clock.now()),
  };
}

function summary(machine: LabMachine, runtime: DataObject): DataObject {
  const committed = machine.disks.reduce((sum, disk) => sum + disk.capacity, 0);
  return {
    vm: machineRef(machine.ref),
    runtime,
    guest: {
      ...(machine.toolsStatus === 'toolsOk'
        ? { guestId: machine.guestId, guestFullName: machine.guestName, hostName: hostName(machine) }
        : {}),
      toolsStatus: machine.toolsStatus,
      toolsVersionStatus: toolsVersion(machine),
      toolsVersionStatus2: toolsVersion(machine),
      toolsRunningStatus: runs(machine),
    },
    config: {
      name: machine.name,
      template: machine.template,
      vmPathName: machine.vmxPath,
      memorySizeMB: Math.floor(machine.memory / 2 ** 20),
      cpuReservation: 0,
      memoryReservation: 0,
      numCpu: machine.cpus,
      numEthernetCards: machine.adapters.length,
      numVirtualDisks: machine.disks.length,
      uuid: machine.biosUuid,
      instanceUuid: machine.instanceUuid,
      guestId: machine.guestId,
      guestFullName: machine.guestName,
      annotation: '',
    },
    storage: { committed, uncommitted: 0, unshared: committed, timestamp: new Date(0) },
    quickStats: { guestHeartbeatStatus: machine.toolsStatus === 'toolsOk' ? 'green' : 'gray' },
    overallStatus: 'green',
  };
}

/** Unset without snapshots, like the real property. */
function snapshotInfo(machine: LabMachine): DataObject | undefined {
  if (machine.rootSnapshots.length === 0) return undefined;
  const tree = (ref: Ref): DataObject => {
    const snapshot = machine.snapshots.get(ref)!;
    return {
      snapshot: snapshotRef(ref),
      vm: machineRef(machine.ref),
      name: escapeName(snapshot.name),
      description: snapshot.description,
      id: snapshot.id,
      createTime: new Date(snapshot.createTime),
      state: snapshot.state,
      quiesced: snapshot.quiesced,
      replaySupported: false,
      ...(snapshot.children.length === 0 ? {} : { childSnapshotList: snapshot.children.map(tree) }),
    };
  };
  return {
    ...(machine.currentSnapshot === undefined ? {} : { currentSnapshot: snapshotRef(machine.currentSnapshot) }),
    rootSnapshotList: machine.rootSnapshots.map(tree),
  };
}
