import { type DataObject, ManagedRef, type Value } from '../soap/value.ts';
import type {
  LabCluster,
  LabDatacenter,
  LabDatastore,
  LabHost,
  LabInventoryEntity,
  LabMachine,
  LabNetwork,
  Ref,
  World,
} from '../world/types.ts';
import { aboutInfo } from './about.ts';
import type { PropertyTable } from './managed-view.ts';
import { entityRef, escapeName, machineRef } from './refs.ts';

const mhz = 2400;

export function entityProperties(world: World, entity: LabInventoryEntity): PropertyTable {
  const machines = (has: (machine: LabMachine) => boolean) => () =>
    [...world.machines.values()].filter(has).map((machine) => machineRef(machine.ref));
  const refs = (values: readonly Ref[]) => values.map((ref) => entityRef(world, ref));
  const common: PropertyTable = {
    parent: () => (entity.parent === undefined ? undefined : entityRef(world, entity.parent)),
    overallStatus: () => 'green',
    configStatus: () => 'green',
    effectiveRole: () => [-1],
    name: () => escapeName(entity.name),
    alarmActionsEnabled: () => true,
    recentTask: () => [],
    tag: () => [],
  };
  switch (entity.type) {
    case 'Folder':
      return { ...common, childType: () => entity.childType, childEntity: () => refs(entity.children) };
    case 'Datacenter':
      return { ...common, ...datacenter(world, entity) };
    case 'ClusterComputeResource':
    case 'ComputeResource':
      return { ...common, ...cluster(world, entity) };
    case 'ResourcePool':
      return { ...common, ...pool(world, entity), vm: machines((machine) => machine.resourcePool === entity.ref && !machine.template) };
    case 'HostSystem':
      return { ...common, ...host(world, entity), vm: machines((machine) => machine.host === entity.ref) };
    case 'Datastore':
      return { ...common, ...datastore(entity), vm: machines((machine) => machine.datastores.includes(entity.ref)) };
    default:
      return {
        ...common,
        ...network(world, entity),
        vm: machines((machine) => machine.adapters.some((adapter) => adapter.network === entity.ref)),
      };
  }
}

function datacenter(world: World, entity: LabDatacenter): PropertyTable {
  const folder = (ref: Ref) => () => new ManagedRef('Folder', ref);
  return {
    vmFolder: folder(entity.vmFolder),
    hostFolder: folder(entity.hostFolder),
    datastoreFolder: folder(entity.datastoreFolder),
    networkFolder: folder(entity.networkFolder),
    datastore: () => [...world.datastores.keys()].map((ref) => entityRef(world, ref)),
    network: () => networks(world).map((ref) => entityRef(world, ref)),
  };
}

function networks(world: World): Ref[] {
  return [...world.entities.values()]
    .filter((one) => one.type === 'Network' || one.type === 'DistributedVirtualPortgroup')
    .map((one) => one.ref);
}

function hostsOf(world: World, refs: readonly Ref[]): LabHost[] {
  return refs.map((ref) => world.entities.get(ref)).filter((one): one is LabHost => one?.type === 'HostSystem');
}

function cluster(world: World, entity: LabCluster): PropertyTable {
  const refs = (values: readonly Ref[]) => () => values.map((ref) => entityRef(world, ref));
  return {
    resourcePool: () => new ManagedRef('ResourcePool', entity.resourcePool),
    host: refs(entity.hosts),
    datastore: refs(entity.datastores),
    network: refs(entity.networks),
    summary: () => {
      const hosts = hostsOf(world, entity.hosts);
      const cores = hosts.reduce((sum, one) => sum + one.cpuCores, 0);
      const memory = hosts.reduce((sum, one) => sum + one.memory, 0);
      return {
        ...(entity.type === 'ClusterComputeResource'
          ? { $type: 'ClusterComputeResourceSummary', currentFailoverLevel: 0, numVmotions: 0 }
          : {}),
        totalCpu: cores * mhz,
        totalMemory: memory,
        numCpuCores: cores,
        numCpuThreads: cores * 2,
        effectiveCpu: cores * mhz,
        effectiveMemory: Math.floor(memory / 2 ** 20),
        numHosts: hosts.length,
        numEffectiveHosts: hosts.length,
        overallStatus: 'green',
      };
    },
  };
}

function pool(world: World, entity: LabInventoryEntity & { owner: Ref }): PropertyTable {
  return {
    owner: () => entityRef(world, entity.owner),
    resourcePool: () =>
      [...world.entities.values()]
        .filter((one) => one.type === 'ResourcePool' && one.parent === entity.ref)
        .map((one) => entityRef(world, one.ref)),
    config: () => resourceConfig(),
  };
}

function resourceConfig(): DataObject {
  const allocation = { reservation: 0, expandableReservation: true, limit: -1, shares: { shares: 4000, level: 'normal' } };
  return { cpuAllocation: allocation, memoryAllocation: allocation };
}

function host(world: World, entity: LabHost): PropertyTable {
  const owner = () => world.entities.get(entity.cluster) as LabCluster | undefined;
  const runtime = (): DataObject => ({ connectionState: 'connected', powerState: 'poweredOn', inMaintenanceMode: false });
  return {
    runtime,
    datastore: () => (owner()?.datastores ?? []).map((ref) => entityRef(world, ref)),
    network: () => (owner()?.networks ?? []).map((ref) => entityRef(world, ref)),
    summary: () => ({
      host: new ManagedRef('HostSystem', entity.ref),
      hardware: {
        vendor: 'Octopus',
        model: 'Lab host',
        uuid: `4c4c4544-0000-1000-8000-${entity.ref.replace(/\D/g, '').padStart(12, '0')}`,
        memorySize: entity.memory,
        cpuModel: 'Lab CPU',
        cpuMhz: mhz,
        numCpuPkgs: 2,
        numCpuCores: entity.cpuCores,
        numCpuThreads: entity.cpuCores * 2,
        numNics: 2,
        numHBAs: 1,
      },
      runtime: runtime(),
      config: {
        name: entity.name,
        port: 443,
        product: {
          ...aboutInfo(world),
          name: 'VMware ESXi',
          fullName: 'VMware ESXi 7.0.3 build-0',
          productLineId: 'embeddedEsx',
          apiType: 'HostAgent',
        },
        vmotionEnabled: true,
        faultToleranceEnabled: false,
      },
      quickStats: { overallCpuUsage: 0, overallMemoryUsage: 0 },
      overallStatus: 'green',
      rebootRequired: false,
    }),
  };
}

function datastore(entity: LabDatastore): PropertyTable {
  const url = `ds:///vmfs/volumes/${entity.ref}/`;
  const info = (): Value => {
    const base = {
      name: entity.name,
      url,
      freeSpace: entity.free,
      maxFileSize: 70_368_744_177_664,
      maxVirtualDiskCapacity: 68_169_720_922_112,
      maxMemoryFileSize: 70_368_744_177_664,
    };
    if (entity.kind === 'VMFS') {
      const vmfs = {
        type: 'VMFS',
        name: entity.name,
        capacity: entity.capacity,
        blockSizeMb: 1,
        maxBlocks: 63_963_136,
        majorVersion: 6,
        version: '6.82',
        uuid: entity.ref,
        extent: [{ diskName: `naa.${entity.ref}`, partition: 1 }],
        vmfsUpgradable: false,
      };
      return {
        $type: 'VmfsDatastoreInfo',
        ...base,
        maxPhysicalRDMFileSize: 70_368_744_177_664,
        maxVirtualRDMFileSize: 68_169_720_922_112,
        vmfs,
      };
    }
    if (entity.kind === 'NFS') {
      const nas = {
        type: 'NFS',
        name: entity.name,
        capacity: entity.capacity,
        remoteHost: 'nas.lab.example',
        remotePath: `/export/${entity.name}`,
      };
      return { $type: 'NasDatastoreInfo', ...base, nas };
    }
    return base;
  };
  return {
    info,
    summary: () => ({
      datastore: new ManagedRef('Datastore', entity.ref),
      name: entity.name,
      url,
      capacity: entity.capacity,
      freeSpace: entity.free,
      uncommitted: 0,
      accessible: true,
      multipleHostAccess: entity.hosts.length > 1,
      type: entity.kind,
      maintenanceMode: 'normal',
    }),
    host: () =>
      entity.hosts.map((ref) => ({
        key: new ManagedRef('HostSystem', ref),
        mountInfo: { path: `/vmfs/volumes/${entity.ref}`, accessMode: 'readWrite', mounted: true, accessible: true },
      })),
    capability: () => ({
      directoryHierarchySupported: true,
      rawDiskMappingsSupported: entity.kind === 'VMFS',
      perFileThinProvisioningSupported: true,
      storageIORMSupported: true,
      nativeSnapshotSupported: false,
    }),
  };
}

function network(world: World, entity: LabNetwork): PropertyTable {
  const hosts = () =>
    [...world.entities.values()].filter((one) => one.type === 'HostSystem').map((one) => new ManagedRef('HostSystem', one.ref));
  return {
    summary: () => ({ network: new ManagedRef(entity.type, entity.ref), name: entity.name, accessible: true, ipPoolName: '' }),
    host: hosts,
    ...(entity.type === 'DistributedVirtualPortgroup' ? { key: () => entity.ref } : {}),
  };
}
