import type { MissingPrivilege } from '../source.ts';
import { retrieveObjects } from './properties.ts';
import { type MoRef, moRef, type VimSession } from './vim-session.ts';

const onMachine = [
  'VirtualMachine.Config.ChangeTracking',
  'VirtualMachine.Provisioning.DiskRandomRead',
  'VirtualMachine.Provisioning.GetVmFiles',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.PowerOn',
];
/** What reading over `/folder` needs. */
const onDatastore = ['Datastore.Browse', 'Datastore.FileManagement'];

interface EntityPrivilege {
  entity: MoRef;
  privAvailability?: { privId: string; isGranted: boolean }[];
}

/** What this user may not do that a run will need, by name, so that it is known before the first run. */
export async function missingPrivileges(
  session: VimSession,
  machine: MoRef,
  datastores: string[],
  readsDatastore: boolean,
  signal?: AbortSignal,
): Promise<MissingPrivilege[]> {
  const { authorizationManager } = session.content;
  if (authorizationManager === undefined) return [];
  const stores = readsDatastore ? datastores.map((ref) => moRef('Datastore', ref)) : [];
  const named = await retrieveObjects(session, [machine, ...stores], { VirtualMachine: ['name'], Datastore: ['name'] }, signal);
  const names = new Map(named.map(({ ref, properties }) => [ref, properties.get('name')?.text ?? ref]));
  const missing: MissingPrivilege[] = [];
  for (const [entity, privId] of [[[machine], onMachine] as const, [stores, onDatastore] as const]) {
    if (entity.length === 0) continue;
    // The session's key changes with a silent login: such a call is built again.
    const ask = () =>
      session.call<EntityPrivilege[] | null>(
        'HasPrivilegeOnEntities',
        { _this: authorizationManager, entity, sessionId: session.sessionKey, privId },
        { signal },
      );
    const generation = session.generation;
    let answer = await ask();
    if (generation !== session.generation) answer = await ask();
    for (const { entity: of, privAvailability = [] } of answer ?? []) {
      for (const { privId: privilege, isGranted } of privAvailability) {
        if (!isGranted) missing.push({ privilege, on: names.get(of.$value) ?? of.$value });
      }
    }
  }
  return missing;
}
