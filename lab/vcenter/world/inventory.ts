import type { WritableChangeFeed } from './change-feed.ts';
import type {
  LabCluster,
  LabDatacenter,
  LabDatastore,
  LabFolder,
  LabHost,
  LabInventoryEntity,
  LabNetwork,
  LabResourcePool,
  Ref,
} from './types.ts';

/** Everything around the machines. What is asked for by a name that does not exist yet is made. */
export interface Inventory {
  entities: Map<Ref, LabInventoryEntity>;
  datastores: Map<Ref, LabDatastore>;
  rootFolder: Ref;
  datacenter: LabDatacenter;
  cluster(name?: string): LabCluster;
  datastore(name?: string): LabDatastore;
  network(name?: string): LabNetwork;
  /** A path below the data centre's vm folder; '' is that folder. */
  folder(path: string): LabFolder;
  resourcePool(cluster: LabCluster): LabResourcePool;
}

const hostsPerCluster = 4;
const GiB = 1024 ** 3;

export function createInventory(changes: WritableChangeFeed): Inventory {
  const entities = new Map<Ref, LabInventoryEntity>();
  const datastores = new Map<Ref, LabDatastore>();
  const counts = new Map<string, number>();

  function next(prefix: string): string {
    const number = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, number);
    return `${prefix}${number}`;
  }
  function add<E extends LabInventoryEntity>(entity: E): E {
    entities.set(entity.ref, entity);
    changes.emit('enter', entity.type, entity.ref);
    return entity;
  }
  function folderIn(parent: LabFolder | LabDatacenter | undefined, name: string, childType: string[], ref = next('group-v')): LabFolder {
    const folder = add<LabFolder>({ ref, type: 'Folder', name, parent: parent?.ref, childType, children: [] });
    if (parent?.type === 'Folder') parent.children.push(folder.ref);
    return folder;
  }
  function named<E extends LabInventoryEntity>(types: string[], name: string): E | undefined {
    for (const entity of entities.values()) if (types.includes(entity.type) && entity.name === name) return entity as E;
    return undefined;
  }

  const root = folderIn(undefined, 'Datacenters', ['Folder', 'Datacenter'], 'group-d1');
  const datacenter = add<LabDatacenter>({
    ref: 'datacenter-2',
    type: 'Datacenter',
    name: 'Lab DC',
    parent: root.ref,
    vmFolder: 'group-v3',
    hostFolder: 'group-h4',
    datastoreFolder: 'group-s5',
    networkFolder: 'group-n6',
  });
  root.children.push(datacenter.ref);
  counts.set('group-v', 100);
  const vmFolder = folderIn(datacenter, 'vm', ['Folder', 'VirtualMachine', 'VirtualApp'], 'group-v3');
  const hostFolder = folderIn(datacenter, 'host', ['Folder', 'ComputeResource'], 'group-h4');
  const datastoreFolder = folderIn(datacenter, 'datastore', ['Folder', 'Datastore', 'StoragePod'], 'group-s5');
  const networkFolder = folderIn(datacenter, 'network', ['Folder', 'Network', 'DistributedVirtualSwitch'], 'group-n6');

  function allHosts(): Ref[] {
    return [...entities.values()].filter((entity) => entity.type === 'HostSystem').map((host) => host.ref);
  }

  function cluster(name = 'Cluster A'): LabCluster {
    const existing = named<LabCluster>(['ClusterComputeResource'], name);
    if (existing !== undefined) return existing;
    const ref = next('domain-c');
    const pool = add<LabResourcePool>({ ref: next('resgroup-'), type: 'ResourcePool', name: 'Resources', parent: ref, owner: ref });
    const made = add<LabCluster>({
      ref,
      type: 'ClusterComputeResource',
      name,
      parent: hostFolder.ref,
      hosts: [],
      datastores: [...datastores.keys()],
      networks: [...entities.values()].filter((entity) => networkFolder.children.includes(entity.ref)).map((entity) => entity.ref),
      resourcePool: pool.ref,
    });
    hostFolder.children.push(ref);
    for (let number = 0; number < hostsPerCluster; number++) {
      const host = next('host-');
      add<LabHost>({
        ref: host,
        type: 'HostSystem',
        name: `esx${host.slice(5).padStart(2, '0')}.lab.test`,
        parent: ref,
        cluster: ref,
        cpuCores: 32,
        memory: 512 * GiB,
      });
      made.hosts.push(host);
    }
    for (const datastore of datastores.values()) datastore.hosts = allHosts();
    return made;
  }

  function datastore(name = 'datastore1'): LabDatastore {
    const existing = named<LabDatastore>(['Datastore'], name);
    if (existing !== undefined) return existing;
    const kind = /^vsan/i.test(name) ? 'vsan' : /^nfs/i.test(name) ? 'NFS' : 'VMFS';
    const made = add<LabDatastore>({
      ref: next('datastore-'),
      type: 'Datastore',
      name,
      parent: datastoreFolder.ref,
      kind,
      capacity: 64 * 1024 * GiB,
      free: 40 * 1024 * GiB,
      hosts: allHosts(),
    });
    datastores.set(made.ref, made);
    datastoreFolder.children.push(made.ref);
    for (const entity of entities.values()) if (entity.type === 'ClusterComputeResource') (entity as LabCluster).datastores.push(made.ref);
    return made;
  }

  function network(name = 'VM Network'): LabNetwork {
    const existing = named<LabNetwork>(['Network', 'DistributedVirtualPortgroup'], name);
    if (existing !== undefined) return existing;
    const distributed = /^dv/i.test(name);
    const made = add<LabNetwork>({
      ref: next(distributed ? 'dvportgroup-' : 'network-'),
      type: distributed ? 'DistributedVirtualPortgroup' : 'Network',
      name,
      parent: networkFolder.ref,
    });
    networkFolder.children.push(made.ref);
    for (const entity of entities.values()) if (entity.type === 'ClusterComputeResource') (entity as LabCluster).networks.push(made.ref);
    return made;
  }

  function folder(path: string): LabFolder {
    let at = vmFolder;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const child = at.children.map((ref) => entities.get(ref)).find((entity) => entity?.type === 'Folder' && entity.name === name);
      at = (child as LabFolder | undefined) ?? folderIn(at, name, vmFolder.childType);
    }
    return at;
  }

  return {
    entities,
    datastores,
    rootFolder: root.ref,
    datacenter,
    cluster,
    datastore,
    network,
    folder,
    resourcePool: (of) => entities.get(of.resourcePool) as LabResourcePool,
  };
}
