import { childByName, findByPath } from '../inventory/inventory.ts';
import { machineRef } from '../inventory/refs.ts';
import { SoapFault } from '../soap/soap-fault.ts';
import type { DataObject, ManagedRef, Value } from '../soap/value.ts';
import { type Call, type Handler, requireObject, requireSession } from './call.ts';

function byUuid(call: Call): ManagedRef[] {
  const { uuid, vmSearch, instanceUuid } = call.arguments as { uuid: string; vmSearch: boolean; instanceUuid?: boolean };
  if (!vmSearch) return [];
  const wanted = uuid.toLowerCase();
  return [...call.world.machines.values()]
    .filter((machine) => (instanceUuid === true ? machine.instanceUuid : machine.biosUuid).toLowerCase() === wanted)
    .map((machine) => machineRef(machine.ref));
}

const findByInventoryPath: Handler = (call) => findByPath(call.world, call.arguments.inventoryPath as string);

const findChild: Handler = (call) => {
  const { entity, name } = call.arguments as { entity: ManagedRef; name: string };
  requireObject(call, entity);
  return childByName(call.world, entity.value, name);
};

function requireOwnSession(call: Call, key: string): void {
  if (call.server.sessions.byKey(key) === undefined) throw new SoapFault('NotFound', 'There is no session of this key.');
}

function availability(call: Call): (privId: string) => boolean {
  return (privId) => !call.server.denied.has(privId);
}

function entityPrivileges(call: Call, entities: ManagedRef[]): Value {
  const has = availability(call);
  const privileges = (call.arguments.privId as string[] | undefined) ?? [];
  return entities.map((entity): DataObject => {
    requireObject(call, entity);
    return { entity, privAvailability: privileges.map((privId) => ({ privId, isGranted: has(privId) })) };
  });
}

const hasPrivilegeOnEntities: Handler = (call) => {
  requireOwnSession(call, call.arguments.sessionId as string);
  return entityPrivileges(call, call.arguments.entity as ManagedRef[]);
};

const hasPrivilegeOnEntity: Handler = (call) => {
  requireOwnSession(call, call.arguments.sessionId as string);
  requireObject(call, call.arguments.entity as ManagedRef);
  return ((call.arguments.privId as string[] | undefined) ?? []).map(availability(call));
};

/** All privileges that a migration asks about, for FetchUserPrivilegeOnEntities. */
const knownPrivileges = [
  'System.Anonymous',
  'System.View',
  'System.Read',
  'Datastore.Browse',
  'Datastore.FileManagement',
  'VirtualMachine.Config.ChangeTracking',
  'VirtualMachine.Config.DiskExtend',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.PowerOn',
  'VirtualMachine.Provisioning.DiskRandomRead',
  'VirtualMachine.Provisioning.GetVmFiles',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.State.RevertToSnapshot',
];

const fetchUserPrivilegeOnEntities: Handler = (call) => {
  requireSession(call);
  const privileges = knownPrivileges.filter(availability(call));
  return (call.arguments.entities as ManagedRef[]).map((entity) => ({ entity, privileges }));
};

export const searchOperations: Record<string, Handler> = {
  FindByUuid: (call) => byUuid(call)[0],
  FindAllByUuid: byUuid,
  FindByInventoryPath: findByInventoryPath,
  FindChild: findChild,
  // Guests of the lab have no addresses, and their names are nobody's DNS.
  FindByIp: () => undefined,
  FindAllByIp: () => [],
  FindByDnsName: () => undefined,
  FindAllByDnsName: () => [],
  HasPrivilegeOnEntities: hasPrivilegeOnEntities,
  HasPrivilegeOnEntity: hasPrivilegeOnEntity,
  HasUserPrivilegeOnEntities: (call) => entityPrivileges(call, call.arguments.entities as ManagedRef[]),
  FetchUserPrivilegeOnEntities: fetchUserPrivilegeOnEntities,
};
