import type { ManagedView } from '../inventory/managed-view.ts';
import { encodeAny, encodeElement } from '../soap/encode.ts';
import type { ManagedRef, Value } from '../soap/value.ts';
import { type FilterSpec, type Lookup, pathsOf, selectObjects } from './filter-spec.ts';
import type { PropertyPath } from './property-path.ts';

/** Objects chosen and not yet answered: what a token stands for. */
export interface Retrieval {
  rest: { ref: ManagedRef; spec: FilterSpec }[];
}

export function startRetrieval(specs: readonly FilterSpec[], lookup: Lookup): Retrieval {
  return { rest: specs.flatMap((spec) => [...selectObjects(spec, lookup).values()].map((ref) => ({ ref, spec }))) };
}

/** The next objects as XML, `name` each; those deleted meanwhile are left out. */
export function nextObjects(retrieval: Retrieval, name: string, limit: number, lookup: Lookup): string {
  const paths = new Map<FilterSpec, Map<string, PropertyPath[]>>();
  const pathsFor = (spec: FilterSpec, type: string) => {
    const types = paths.get(spec) ?? new Map<string, PropertyPath[]>();
    paths.set(spec, types);
    const list = types.get(type) ?? pathsOf(spec, type);
    types.set(type, list);
    return list;
  };
  const page = retrieval.rest.splice(0, limit);
  const parts: string[] = [];
  for (const { ref, spec } of page) {
    const view = lookup(ref);
    if (view !== undefined)
      parts.push(`<${name}>${encodeElement('obj', 'ref', false, ref)}${propSets(view, pathsFor(spec, ref.type))}</${name}>`);
  }
  return parts.join('');
}

function propSets(view: ManagedView, paths: readonly PropertyPath[]): string {
  let xml = '';
  for (const path of paths) {
    const value = view.at(path.steps);
    if (value !== undefined) xml += `<propSet><name>${path.path}</name>${encodeVal(path, value)}</propSet>`;
  }
  return xml;
}

export function encodeVal(path: PropertyPath, value: Value): string {
  return encodeAny('val', path.type, path.array, value);
}
