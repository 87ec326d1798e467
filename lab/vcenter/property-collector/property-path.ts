import { dataTypes, type Field, managedTypes } from '../soap/schema.ts';
import { SoapFault } from '../soap/soap-fault.ts';

export interface PropertyPath {
  path: string;
  steps: readonly string[];
  /** Declared type of what the path leads to. */
  type: string;
  array: boolean;
}

const known = new Map<string, PropertyPath>();

/** `config.hardware.device` on a managed object type; InvalidProperty where the schema has no such path. Not by index or key. */
export function propertyPath(managedType: string, path: string): PropertyPath {
  const id = `${managedType} ${path}`;
  const cached = known.get(id);
  if (cached !== undefined) return cached;
  const steps = path.split('.');
  let fields = managedTypes.get(managedType)?.byName;
  let field: Field | undefined;
  for (const step of steps) {
    const found: Field | undefined = field?.array ? undefined : fields?.get(step);
    if (found === undefined)
      throw new SoapFault('InvalidProperty', `The property ${path} of ${managedType} does not exist.`, { name: path });
    field = found;
    fields = dataTypes.get(found.type)?.byName;
  }
  const result = { path, steps, type: field!.type, array: field!.array };
  known.set(id, result);
  return result;
}

/** All properties of a type, for PropertySpec.all. */
export function allPaths(managedType: string): PropertyPath[] {
  return [...(managedTypes.get(managedType)?.fields ?? [])].map((field) => propertyPath(managedType, field.name));
}
