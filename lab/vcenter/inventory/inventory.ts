import { isManagedKind } from '../soap/schema.ts';
import type { ManagedRef } from '../soap/value.ts';
import type { LabCluster, LabDatacenter, LabFolder, LabInventoryEntity, Ref, World } from '../world/types.ts';
import { entityProperties } from './entity-properties.ts';
import { machineProperties, snapshotProperties } from './machine-properties.ts';
import { ManagedView } from './managed-view.ts';
import { entityRef, machineRef } from './refs.ts';
import { taskProperties } from './task-properties.ts';

/** The world's objects as managed objects; undefined where there is none of this type and name. */
export function viewOf(world: World, ref: ManagedRef, userName: string): ManagedView | undefined {
  if (ref.type === 'VirtualMachine') {
    const machine = world.machines.get(ref.value);
    return machine && new ManagedView(ref, machineProperties(world, machine));
  }
  if (ref.type === 'VirtualMachineSnapshot') {
    const found = world.snapshot(ref.value);
    return found && new ManagedView(ref, snapshotProperties(found.machine, found.snapshot));
  }
  if (ref.type === 'Task') {
    const task = world.tasks.get(ref.value);
    return task && new ManagedView(ref, taskProperties(world, task, userName));
  }
  const entity = world.entities.get(ref.value);
  if (entity === undefined || !isManagedKind(entity.type, ref.type)) return undefined;
  return new ManagedView(entityRef(world, ref.value), entityProperties(world, entity));
}

/** Direct children as a ContainerView walks them. */
function childrenOf(world: World, entity: LabInventoryEntity): Ref[] {
  switch (entity.type) {
    case 'Folder':
      return (entity as LabFolder).children;
    case 'Datacenter': {
      const { vmFolder, hostFolder, datastoreFolder, networkFolder } = entity as LabDatacenter;
      return [vmFolder, hostFolder, datastoreFolder, networkFolder];
    }
    case 'ClusterComputeResource':
    case 'ComputeResource':
      return [...(entity as LabCluster).hosts, (entity as LabCluster).resourcePool];
    case 'ResourcePool':
      return [...world.entities.values()].filter((one) => one.type === 'ResourcePool' && one.parent === entity.ref).map((one) => one.ref);
    default:
      return [];
  }
}

/** What a ContainerView shows: each object once. */
export function containerContent(world: World, container: ManagedRef, types: readonly string[], recursive: boolean): ManagedRef[] {
  const found = new Map<Ref, ManagedRef>();
  const visit = (ref: Ref) => {
    const entity = world.entities.get(ref);
    if (entity === undefined) return;
    const children = childrenOf(world, entity);
    const belongs =
      entity.type === 'HostSystem' || entity.type === 'ResourcePool'
        ? [...world.machines.values()]
            .filter((one) => (entity.type === 'HostSystem' ? one.host : one.resourcePool) === ref)
            .map((one) => one.ref)
        : [];
    for (const child of ref === container.value ? [...children, ...belongs] : children) {
      if (found.has(child)) continue;
      const childRef = world.machines.has(child) ? machineRef(child) : entityRef(world, child);
      found.set(child, childRef);
      if (recursive && childRef.type !== 'VirtualMachine') visit(child);
    }
  };
  visit(container.value);
  const all = [...found.values()];
  return types.length === 0 ? all : all.filter((ref) => types.some((type) => isManagedKind(ref.type, type)));
}

/** By the path of names below the root folder, each as the `name` property shows it: `DC0/vm/Web/web-1`. */
export function findByPath(world: World, path: string): ManagedRef | undefined {
  let at: Ref = world.rootFolder;
  for (const part of path.split('/').filter((one) => one !== '')) {
    const next = childByName(world, at, part);
    if (next === undefined) return undefined;
    at = next.value;
  }
  return world.machines.has(at) ? machineRef(at) : entityRef(world, at);
}

export function childByName(world: World, parent: Ref, name: string): ManagedRef | undefined {
  const entity = world.entities.get(parent);
  if (entity === undefined) return undefined;
  for (const child of childrenOf(world, entity)) {
    const machine = world.machines.get(child);
    const childName = viewOf(world, machine ? machineRef(child) : entityRef(world, child), '')?.property('name');
    if (childName === name) return machine ? machineRef(child) : entityRef(world, child);
  }
  return undefined;
}
