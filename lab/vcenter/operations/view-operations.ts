import type { LabView } from '../http/sessions.ts';
import { managedObjectNotFound } from '../property-collector/filter-spec.ts';
import { isManagedKind, managedTypes } from '../soap/schema.ts';
import { invalidArgument } from '../soap/soap-fault.ts';
import { ManagedRef } from '../soap/value.ts';
import { type Call, type Handler, lookupOf, requireObject, requireSession } from './call.ts';

const containers = ['Folder', 'Datacenter', 'ComputeResource', 'ResourcePool', 'HostSystem'];

function addView(call: Call, kind: 'ContainerView' | 'ListView', rest: Omit<LabView, 'ref'>): ManagedRef {
  const session = requireSession(call);
  const ref = new ManagedRef(kind, `session[${session.key}]view-${call.server.sessions.nextId()}`);
  session.views.set(ref.value, { ref, ...rest });
  return ref;
}

const createContainerView: Handler = (call) => {
  const { container, type, recursive } = call.arguments as { container: ManagedRef; type?: string[]; recursive: boolean };
  requireObject(call, container);
  if (!containers.some((kind) => isManagedKind(container.type, kind))) throw invalidArgument('container');
  for (const one of type ?? []) if (!managedTypes.has(one) && one !== 'ManagedEntity') throw invalidArgument('type');
  return addView(call, 'ContainerView', { container, types: type ?? [], recursive, list: [] });
};

const createListView: Handler = (call) => {
  const list = (call.arguments.obj as ManagedRef[] | undefined) ?? [];
  return addView(call, 'ListView', { container: undefined, types: [], recursive: false, list: existing(call, list).present });
};

function existing(call: Call, refs: readonly ManagedRef[]) {
  const lookup = lookupOf(call.server, call.session);
  const present = refs.filter((ref) => lookup(ref) !== undefined);
  return { present, missing: refs.filter((ref) => !present.includes(ref)) };
}

function requireView(call: Call): LabView {
  const view = requireSession(call).views.get(call.self.value);
  if (view === undefined) throw managedObjectNotFound(call.self);
  return view;
}

/** Answers the references that could not be resolved. */
const modifyListView: Handler = (call) => {
  const view = requireView(call);
  const remove = new Set(((call.arguments.remove as ManagedRef[] | undefined) ?? []).map((ref) => ref.value));
  const { present, missing } = existing(call, (call.arguments.add as ManagedRef[] | undefined) ?? []);
  view.list = view.list.filter((ref) => !remove.has(ref.value)).concat(present);
  return missing;
};

const destroyView: Handler = (call) => {
  requireView(call);
  requireSession(call).views.delete(call.self.value);
  return undefined;
};

export const viewOperations: Record<string, Handler> = {
  CreateContainerView: createContainerView,
  CreateListView: createListView,
  ModifyListView: modifyListView,
  DestroyView: destroyView,
};
