import { dataTypeTable } from './data-types.ts';
import { managedTypeTable, operationTable } from './managed-types.ts';

export interface Field {
  name: string;
  /** Without `[]`. */
  type: string;
  array: boolean;
  optional: boolean;
}

export interface ComplexType {
  name: string;
  base: string | undefined;
  /** Inherited ones first: the order on the wire. */
  fields: readonly Field[];
  byName: ReadonlyMap<string, Field>;
}

export interface Operation {
  name: string;
  /** Managed object type of `_this`. */
  on: string;
  fields: readonly Field[];
  result: Field;
}

/** Types whose text is the value. Enumerations are `string` in the tables. */
export const primitives: ReadonlySet<string> = new Set([
  'string',
  'boolean',
  'byte',
  'short',
  'int',
  'long',
  'float',
  'double',
  'dateTime',
  'base64Binary',
]);

function parseField(text: string): Field {
  const [name, type] = text.split(':') as [string, string];
  return {
    name: name.replace('?', ''),
    type: type.replace('[]', ''),
    array: type.endsWith('[]'),
    optional: name.endsWith('?') || type.endsWith('[]?'),
  };
}

function parseFields(text: string | undefined): Field[] {
  return (text ?? '').trim() === '' ? [] : text!.trim().split(/\s+/).map(parseField);
}

function parseTypes(table: string): Map<string, ComplexType> {
  const own = new Map<string, { base: string | undefined; fields: Field[] }>();
  for (const line of table.trim().split('\n')) {
    const [head, fields] = line.split('|');
    const [name, base] = head!.trim().split(' < ') as [string, string];
    own.set(name, { base: base === '-' ? undefined : base, fields: parseFields(fields) });
  }
  const types = new Map<string, ComplexType>();
  const build = (name: string): ComplexType => {
    const known = types.get(name);
    if (known !== undefined) return known;
    const raw = own.get(name);
    if (raw === undefined) throw new Error(`The schema table has no type ${name}.`);
    const fields = [...(raw.base === undefined ? [] : build(raw.base).fields), ...raw.fields];
    const type = { name, base: raw.base, fields, byName: new Map(fields.map((field) => [field.name, field])) };
    types.set(name, type);
    return type;
  };
  for (const name of own.keys()) build(name);
  return types;
}

export const dataTypes: ReadonlyMap<string, ComplexType> = parseTypes(dataTypeTable);
export const managedTypes: ReadonlyMap<string, ComplexType> = parseTypes(managedTypeTable);

export const operations: ReadonlyMap<string, Operation> = new Map(
  operationTable
    .trim()
    .split('\n')
    .map((line) => {
      const [head, fields, result] = line.split('|') as [string, string, string];
      const [name, on] = head.trim().split(' ') as [string, string];
      return [name, { name, on, fields: parseFields(fields), result: parseField(`returnval:${result.trim()}`) }];
    }),
);

function isKind(types: ReadonlyMap<string, ComplexType>, name: string, ancestor: string): boolean {
  for (let type = types.get(name); type !== undefined; type = type.base === undefined ? undefined : types.get(type.base)) {
    if (type.name === ancestor) return true;
  }
  return false;
}

export function isDataKind(name: string, ancestor: string): boolean {
  return name === ancestor || isKind(dataTypes, name, ancestor);
}

/** `ManagedObject` is everyone's ancestor. */
export function isManagedKind(name: string, ancestor: string): boolean {
  return ancestor === 'ManagedObject' ? managedTypes.has(name) : isKind(managedTypes, name, ancestor);
}
