import type { LabFault } from '../world/lab-fault.ts';
import { dataTypes, isDataKind, type Operation } from './schema.ts';
import type { SoapFault } from './soap-fault.ts';
import { type DataObject, isDataObject, ManagedRef, type Value } from './value.ts';

const envelopeStart =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" ' +
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n';
const envelopeEnd = '\n</soapenv:Body>\n</soapenv:Envelope>';

const special = /[&<>"\r]/;
const specials: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };

export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(/[&<>"\r]/g, (found) => specials[found]!) : text;
}

/** An element whose text is XML already: lets a caller cache what it encoded. */
export class EncodedXml {
  readonly xml: string;
  constructor(xml: string) {
    this.xml = xml;
  }
}

export function encodeResponse(operation: Operation, value: Value | EncodedXml | undefined): string {
  const { type, array } = operation.result;
  const inner =
    value instanceof EncodedXml ? value.xml : value === undefined || type === 'void' ? '' : encodeElement('returnval', type, array, value);
  return `${envelopeStart}<${operation.name}Response xmlns="urn:vim25">${inner}</${operation.name}Response>${envelopeEnd}`;
}

export function encodeFault(fault: SoapFault | LabFault): string {
  const known = dataTypes.has(fault.fault);
  const detail = known ? encodeContent(fault.fault, faultContent(fault)) : encodeLoose(fault.detail);
  return (
    `${envelopeStart}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(fault.message)}</faultstring><detail>` +
    `<${fault.fault}Fault xmlns="urn:vim25" xsi:type="${fault.fault}">${detail}</${fault.fault}Fault></detail></soapenv:Fault>${envelopeEnd}`
  );
}

/** A fault as data: LocalizedMethodFault, as in TaskInfo.error. */
export function localizedFault(fault: SoapFault | LabFault): DataObject {
  const type = dataTypes.has(fault.fault) ? fault.fault : 'MethodFault';
  return {
    fault: { $type: type, ...(type === 'MethodFault' ? {} : faultContent(fault)) },
    localizedMessage: fault.message,
  };
}

const refTypes: Record<string, string> = { vm: 'VirtualMachine', snapshot: 'VirtualMachineSnapshot', task: 'Task', host: 'HostSystem' };

/** The world's faults know no references, only their values. */
function faultContent(fault: SoapFault | LabFault): Record<string, Value> {
  const fields = dataTypes.get(fault.fault)?.byName;
  return Object.fromEntries(
    Object.entries(fault.detail).map(([name, value]) => {
      const isText = fields?.get(name)?.type === 'ref' && typeof value === 'string';
      return [name, isText ? new ManagedRef(refTypes[value.replace(/-.*/, '')] ?? 'ManagedEntity', value) : value];
    }),
  );
}

function encodeLoose(detail: Record<string, Value>): string {
  return Object.entries(detail)
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join('');
}

/** One element, or one for each value of an array. */
export function encodeElement(name: string, type: string, array: boolean, value: Value): string {
  if (array) {
    let xml = '';
    for (const item of value as Value[]) xml += encodeOne(name, type, item);
    return xml;
  }
  return encodeOne(name, type, value);
}

function encodeOne(name: string, type: string, value: Value): string {
  switch (typeof value) {
    case 'string':
      return type === 'anyType' ? `<${name} xsi:type="xsd:string">${escapeXml(value)}</${name}>` : `<${name}>${escapeXml(value)}</${name}>`;
    case 'boolean':
      return type === 'anyType' ? `<${name} xsi:type="xsd:boolean">${value}</${name}>` : `<${name}>${value}</${name}>`;
    case 'number': {
      if (type !== 'anyType') return `<${name}>${value}</${name}>`;
      const kind = !Number.isInteger(value) ? 'double' : Math.abs(value) < 2 ** 31 ? 'int' : 'long';
      return `<${name} xsi:type="xsd:${kind}">${value}</${name}>`;
    }
  }
  if (value instanceof Date) return encodeTyped(name, type, 'xsd:dateTime', 'dateTime', value.toISOString());
  if (value instanceof ManagedRef) {
    const mark = type === 'anyType' ? ' xsi:type="ManagedObjectReference"' : '';
    return `<${name} type="${value.type}"${mark}>${escapeXml(value.value)}</${name}>`;
  }
  if (Array.isArray(value)) throw new Error(`An array for the single element ${name}.`);
  const actual = value.$type ?? type;
  return encodeTyped(name, type, actual, actual, encodeContent(actual, value));
}

function encodeTyped(name: string, declared: string, mark: string, actual: string, content: string): string {
  return declared === actual ? `<${name}>${content}</${name}>` : `<${name} xsi:type="${mark}">${content}</${name}>`;
}

/**
 * The elements of a data object in schema order. An element that the schema does not know is a defect of the lab, except in a fault,
 * which must reach the client whatever it carries.
 */
export function encodeContent(typeName: string, value: Record<string, Value | undefined>): string {
  const type = dataTypes.get(typeName);
  if (type === undefined) throw new Error(`The schema table has no type ${typeName}.`);
  const lenient = isDataKind(typeName, 'MethodFault');
  let xml = '';
  let used = 0;
  for (const field of type.fields) {
    const item = value[field.name];
    if (item === undefined) {
      if (field.name in value) used++;
      else if (!field.optional && !field.array && !lenient) throw new Error(`${typeName} needs ${field.name}.`);
      continue;
    }
    used++;
    xml += encodeElement(field.name, field.type, field.array, item);
  }
  const given = Object.keys(value).length - ('$type' in value ? 1 : 0);
  if (used !== given && !lenient) {
    throw new Error(`${typeName} has no element ${Object.keys(value).find((key) => key !== '$type' && !type.byName.has(key))}.`);
  }
  return xml;
}

const xsdNames: Record<string, string> = { ref: 'ManagedObjectReference' };

/** A property's value where the schema says anyType: `xsi:type` from the declared type, arrays as `ArrayOfX`. */
export function encodeAny(name: string, type: string, array: boolean, value: Value): string {
  if (!array) {
    if (type === 'ref' || value instanceof ManagedRef) return encodeOne(name, 'anyType', value);
    if (isDataObject(value)) return encodeOne(name, 'anyType', { $type: type, ...value });
    return `<${name} xsi:type="xsd:${type}">${value instanceof Date ? value.toISOString() : escapeXml(String(value))}</${name}>`;
  }
  const item = xsdNames[type] ?? type;
  const capital = item[0]!.toUpperCase() + item.slice(1);
  const itemName = type === 'ref' || dataTypes.has(type) ? item : type;
  return `<${name} xsi:type="ArrayOf${capital}">${encodeElement(itemName, type, true, value)}</${name}>`;
}
