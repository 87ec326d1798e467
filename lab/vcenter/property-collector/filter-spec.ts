import type { ManagedView } from '../inventory/managed-view.ts';
import { isManagedKind, managedTypes } from '../soap/schema.ts';
import { invalidArgument, SoapFault } from '../soap/soap-fault.ts';
import type { DataObject, ManagedRef, Value } from '../soap/value.ts';
import { allPaths, type PropertyPath, propertyPath } from './property-path.ts';

export type Lookup = (ref: ManagedRef) => ManagedView | undefined;

interface Traversal {
  type: string;
  path: PropertyPath;
  skip: boolean;
  next: readonly Selection[];
}
/** A traversal, or the name of one. */
type Selection = { name: string } | { traversal: Traversal };

interface StartingPoint {
  obj: ManagedRef;
  skip: boolean;
  select: readonly Selection[];
}

/** A checked PropertyFilterSpec. */
export interface FilterSpec {
  source: DataObject;
  properties: readonly { type: string; paths: readonly string[]; all: boolean }[];
  objects: readonly StartingPoint[];
  named: ReadonlyMap<string, Traversal>;
  reportMissing: boolean;
}

export function compileFilterSpec(spec: DataObject): FilterSpec {
  const named = new Map<string, Traversal>();
  const properties = (spec.propSet as DataObject[]).map((one) => {
    const type = one.type as string;
    if (!managedTypes.has(type)) throw invalidArgument('specSet.propSet.type', `Unknown managed object type ${type}.`);
    const paths = (one.pathSet as string[] | undefined) ?? [];
    for (const path of paths) propertyPath(type, path);
    return { type, paths, all: one.all === true };
  });
  const select = (list: Value | undefined): Selection[] =>
    ((list as DataObject[] | undefined) ?? []).map((one) => {
      const name = one.name as string | undefined;
      if (one.$type !== 'TraversalSpec') {
        if (name === undefined) throw invalidArgument('selectSet.name');
        return { name };
      }
      const type = one.type as string;
      if (!managedTypes.has(type)) throw invalidArgument('selectSet.type', `Unknown managed object type ${type}.`);
      const path = propertyPath(type, one.path as string);
      if (path.type !== 'ref') throw invalidArgument('selectSet.path', `The property ${path.path} of ${type} leads to no managed object.`);
      const next: Selection[] = [];
      const traversal: Traversal = { type, path, skip: one.skip === true, next };
      // Named before what is below it, so that a traversal may name itself.
      if (name !== undefined) named.set(name, traversal);
      next.push(...select(one.selectSet));
      return { traversal };
    });
  const objects = (spec.objectSet as DataObject[]).map((one) => ({
    obj: one.obj as ManagedRef,
    skip: one.skip === true,
    select: select(one.selectSet),
  }));
  return { source: spec, properties, objects, named, reportMissing: spec.reportMissingObjectsInResults === true };
}

/** Whether anything of this type would be reported. */
function reported(spec: FilterSpec, type: string): boolean {
  return spec.properties.some((one) => isManagedKind(type, one.type));
}

/** Paths that the filter asks of objects of a type, each once. */
export function pathsOf(spec: FilterSpec, type: string): PropertyPath[] {
  const paths = new Map<string, PropertyPath>();
  for (const one of spec.properties) {
    if (!isManagedKind(type, one.type)) continue;
    for (const path of one.all ? allPaths(one.type) : one.paths.map((text) => propertyPath(type, text))) paths.set(path.path, path);
  }
  return [...paths.values()];
}

/** The objects that a filter selects, each once, in the order of the walk. */
export function selectObjects(spec: FilterSpec, lookup: Lookup): Map<string, ManagedRef> {
  const found = new Map<string, ManagedRef>();
  const walked = new Set<string>();
  const numbers = new Map<Selection, number>();
  const walk = (ref: ManagedRef, skip: boolean, select: readonly Selection[], known?: ManagedView) => {
    if (!skip && reported(spec, ref.type)) found.set(ref.value, ref);
    let view = known;
    for (const one of select) {
      const traversal = 'name' in one ? spec.named.get(one.name) : one.traversal;
      if (traversal === undefined) throw invalidArgument('selectSet.name', 'A selection names a traversal that does not exist.');
      if (!isManagedKind(ref.type, traversal.type)) continue;
      if (!numbers.has(one)) numbers.set(one, numbers.size);
      const step = `${numbers.get(one)} ${ref.value}`;
      if (walked.has(step)) continue;
      walked.add(step);
      view ??= lookup(ref);
      const value = view?.at(traversal.path.steps);
      if (value === undefined) continue;
      for (const next of traversal.path.array ? (value as ManagedRef[]) : [value as ManagedRef]) walk(next, traversal.skip, traversal.next);
    }
  };
  for (const { obj, skip, select } of spec.objects) {
    const view = lookup(obj);
    if (view === undefined) {
      if (spec.reportMissing) continue;
      throw managedObjectNotFound(obj);
    }
    walk(view.ref, skip, select, view);
  }
  return found;
}

export function managedObjectNotFound(obj: ManagedRef): SoapFault {
  return new SoapFault(
    'ManagedObjectNotFound',
    `The object '${obj.type}:${obj.value}' has already been deleted or has not been completely created`,
    {
      obj,
    },
  );
}
