import { parseElement, soapNamespace, vimNamespace, type XmlElement, xsdNamespace } from './element.ts';
import { dataTypes, type Field, isDataKind, isManagedKind, managedTypes, type Operation, operations, primitives } from './schema.ts';
import { invalidRequest } from './soap-fault.ts';
import { type DataObject, ManagedRef, type Value } from './value.ts';

export interface SoapCall {
  operation: Operation;
  self: ManagedRef;
  /** Absent optional elements are unset. */
  arguments: DataObject;
}

/** Parses and checks a request as strictly as a real server does: names, order, types, presence. Throws InvalidRequest. */
export function decodeCall(xml: string): SoapCall {
  const envelope = parseElement(xml);
  if (envelope.local !== 'Envelope' || envelope.uri !== soapNamespace) throw invalidRequest('Not a SOAP 1.1 envelope.');
  const parts = envelope.children;
  if (parts.some((part) => part.uri !== soapNamespace || !/^(Header|Body)$/.test(part.local))) {
    throw invalidRequest('Unexpected element in the envelope.');
  }
  const body = parts[parts.length - 1];
  if (body?.local !== 'Body' || body.children.length !== 1) throw invalidRequest('The SOAP body must hold exactly one call.');
  const call = body.children[0]!;
  const operation = operations.get(call.local);
  if (call.uri !== vimNamespace || operation === undefined) {
    throw invalidRequest(`Unable to resolve WSDL method name ${call.local} for namespace '${call.uri}'.`);
  }
  try {
    const [first, ...rest] = call.children;
    if (first?.local !== '_this' || first.uri !== vimNamespace) throw invalidRequest('Element tag mismatch: expected: _this.');
    const self = decodeRef(first);
    if (!isManagedKind(self.type, operation.on)) {
      throw invalidRequest(`Unable to resolve WSDL method name ${call.local} for type ${self.type}.`);
    }
    requireBlank(call);
    return { operation, self, arguments: decodeFields(rest, operation.fields, call.local) };
  } catch (error) {
    if (error instanceof Error) error.message += `\n\nwhile parsing call information for method ${call.local}`;
    throw error;
  }
}

function requireBlank(element: XmlElement): void {
  if (element.text.trim() !== '') throw invalidRequest(`Unexpected text in element ${element.local}.`);
}

function decodeFields(children: readonly XmlElement[], fields: readonly Field[], inside: string): DataObject {
  const result: DataObject = {};
  let at = 0;
  for (const field of fields) {
    const values: Value[] = [];
    while (at < children.length && children[at]!.local === field.name) {
      const child = children[at]!;
      if (child.uri !== vimNamespace) throw invalidRequest(`Element ${child.local} is not in namespace ${vimNamespace}.`);
      if (values.length === 1 && !field.array) throw invalidRequest(`Element ${child.local} occurs more than once in ${inside}.`);
      at++;
      if (child.nil) continue;
      values.push(decodeValue(child, field.type));
    }
    if (field.array) {
      if (values.length > 0 || !field.optional) result[field.name] = values;
    } else if (values.length === 1) {
      result[field.name] = values[0]!;
    } else if (!field.optional) {
      const found = children[at] === undefined ? 'the end' : children[at]!.local;
      throw invalidRequest(`Element tag mismatch in ${inside}: expected: ${field.name}, found: ${found}.`);
    }
  }
  const extra = children[at];
  if (extra !== undefined) {
    const known = fields.some((field) => field.name === extra.local);
    throw invalidRequest(`Element tag mismatch in ${inside}: ${extra.local} is ${known ? 'out of schema order' : 'unknown here'}.`);
  }
  return result;
}

function decodeRef(element: XmlElement): ManagedRef {
  const type = element.attributes.get('type');
  if (type === undefined) throw invalidRequest(`ManagedObjectReference ${element.local} has no type attribute.`);
  if (element.children.length > 0) throw invalidRequest(`Unexpected element in the reference ${element.local}.`);
  if (!managedTypes.has(type)) throw invalidRequest(`Unknown managed object type ${type}.`);
  return new ManagedRef(type, element.text.trim());
}

function decodeValue(element: XmlElement, declared: string): Value {
  let type = declared;
  if (element.type !== undefined) {
    const { uri, local } = element.type;
    if (uri !== vimNamespace && uri !== xsdNamespace) throw invalidRequest(`xsi:type of ${element.local} is in an unknown namespace.`);
    type = local === 'ManagedObjectReference' ? 'ref' : uri === xsdNamespace && local === 'anyURI' ? 'string' : local;
    if (type !== declared) requireSubtype(element.local, type, declared);
  } else if (declared === 'anyType') {
    throw invalidRequest(`Element ${element.local} has no xsi:type.`);
  }
  if (primitives.has(declared)) return decodePrimitive(element, declared);
  if (type === 'ref') return decodeRef(element);
  if (primitives.has(type)) return decodePrimitive(element, type);
  const known = dataTypes.get(type);
  if (known === undefined) {
    const item = /^ArrayOf(.+)$/.exec(type)?.[1];
    // A type that the tables name without a line of its own: present, but not looked into.
    if (item === undefined) return { $type: type };
    return element.children.map((child) => decodeValue(child, arrayItemType(item)));
  }
  requireBlank(element);
  return { $type: type, ...decodeFields(element.children, known.fields, type) };
}

function arrayItemType(item: string): string {
  if (item === 'ManagedObjectReference') return 'ref';
  const lower = item[0]!.toLowerCase() + item.slice(1);
  return primitives.has(lower) ? lower : item;
}

function requireSubtype(name: string, type: string, declared: string): void {
  if (declared === 'anyType') return;
  const fits =
    primitives.has(declared) || declared === 'ref'
      ? // Enumerations carry their own names; a number may be written as a narrower one.
        declared === 'string' ||
        (declared === 'long' && /^(int|short|byte)$/.test(type)) ||
        (declared === 'int' && /^(short|byte)$/.test(type))
      : isDataKind(type, declared) || !dataTypes.has(declared);
  if (!fits) throw invalidRequest(`xsi:type ${type} of element ${name} is not a kind of ${declared}.`);
}

const ranges: Record<string, number> = { byte: 2 ** 7, short: 2 ** 15, int: 2 ** 31, long: 2 ** 63 };

function decodePrimitive(element: XmlElement, type: string): Value {
  if (element.children.length > 0) throw invalidRequest(`Unexpected element in ${element.local}, which is of type ${type}.`);
  if (type === 'string' || type === 'base64Binary') return element.text;
  const text = element.text.trim();
  const bad = () => invalidRequest(`'${text.slice(0, 40)}' is no ${type} (element ${element.local}).`);
  if (type === 'boolean') {
    if (!/^(true|false|1|0)$/.test(text)) throw bad();
    return text === 'true' || text === '1';
  }
  if (type === 'dateTime') {
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw bad();
    return date;
  }
  const range = ranges[type];
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw bad();
  if (range !== undefined && (!/^[+-]?\d+$/.test(text) || value >= range || value < -range)) throw bad();
  return value;
}
