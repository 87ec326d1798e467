import { describe, expect, it } from 'vitest';
import { handlers } from '../operations/handlers.ts';
import { decodeCall } from './decode.ts';
import { encodeAny, encodeFault, encodeResponse } from './encode.ts';
import { dataTypes, managedTypes, operations } from './schema.ts';
import { SoapFault } from './soap-fault.ts';
import { type DataObject, ManagedRef } from './value.ts';

function envelope(body: string): string {
  return (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    `xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>${body}</e:Body></e:Envelope>`
  );
}
const snapshot = (inner: string) =>
  envelope(`<CreateSnapshot_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this>${inner}</CreateSnapshot_Task>`);
const reconfigure = (inner: string) =>
  envelope(`<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><spec>${inner}</spec></ReconfigVM_Task>`);

function refusal(xml: string): string {
  try {
    decodeCall(xml);
  } catch (error) {
    if (error instanceof SoapFault) return `${error.fault}: ${error.message.split('\n')[0]}`;
    throw error;
  }
  return 'accepted';
}

describe('decoding a call', () => {
  it('reads what is in order', () => {
    const call = decodeCall(snapshot('<name>a &amp; b</name><memory>false</memory><quiesce>1</quiesce>'));
    expect(call.operation.name).toBe('CreateSnapshot_Task');
    expect(call.self).toEqual(new ManagedRef('VirtualMachine', 'vm-1'));
    expect(call.arguments).toEqual({ name: 'a & b', memory: false, quiesce: true });
  });

  it.each([
    ['arguments out of order', snapshot('<memory>false</memory><name>a</name><quiesce>true</quiesce>'), 'expected: name, found: memory'],
    [
      'an optional argument too late',
      snapshot('<name>a</name><memory>false</memory><description>d</description><quiesce>true</quiesce>'),
      'expected: quiesce',
    ],
    ['a missing argument', snapshot('<name>a</name><memory>false</memory>'), 'expected: quiesce, found: the end'],
    [
      'an unknown argument',
      snapshot('<name>a</name><memory>false</memory><quiesce>true</quiesce><depth>1</depth>'),
      'depth is unknown here',
    ],
    ['an argument given twice', snapshot('<name>a</name><name>b</name><memory>false</memory><quiesce>true</quiesce>'), 'more than once'],
    ['a foreign namespace', snapshot('<name xmlns="urn:other">a</name><memory>false</memory><quiesce>true</quiesce>'), 'not in namespace'],
    ['a boolean that is none', snapshot('<name>a</name><memory>False</memory><quiesce>true</quiesce>'), "'False' is no boolean"],
    ['stray text', snapshot('stray<name>a</name><memory>false</memory><quiesce>true</quiesce>'), 'Unexpected text'],
    [
      'elements of a spec out of order',
      reconfigure('<changeTrackingEnabled>true</changeTrackingEnabled><name>a</name>'),
      'name is out of schema order',
    ],
    [
      'an operation that does not exist',
      envelope('<Fly xmlns="urn:vim25"><_this type="Task">t</_this></Fly>'),
      'Unable to resolve WSDL method name Fly',
    ],
    [
      'an operation on another type',
      envelope('<CurrentTime xmlns="urn:vim25"><_this type="Task">t</_this></CurrentTime>'),
      'for type Task',
    ],
    ['a reference without type', envelope('<CurrentTime xmlns="urn:vim25"><_this>t</_this></CurrentTime>'), 'has no type attribute'],
    ['XML that is broken', '<a><b></a>', 'not well formed'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a/>', 'DOCTYPE'],
  ])('refuses %s', (_, xml, why) => {
    expect(refusal(xml)).toMatch(/^InvalidRequest: /);
    expect(refusal(xml)).toContain(why);
  });

  it('needs xsi:type where the declared type does not have the elements', () => {
    const device = (type: string) =>
      reconfigure(
        `<deviceChange><operation>edit</operation><device${type}><key>2000</key><capacityInKB>1024</capacityInKB></device></deviceChange>`,
      );
    expect(refusal(device(''))).toContain('capacityInKB is unknown here');
    expect(refusal(device(' xsi:type="VirtualCdrom"'))).toContain('capacityInKB is unknown here');
    expect(refusal(device(' xsi:type="OptionValue"'))).toContain('is not a kind of VirtualDevice');
    expect(refusal(device(' xsi:type="VirtualDisk"'))).toBe('accepted');
    expect(refusal(reconfigure('<extraConfig><key>a</key><value>b</value></extraConfig>'))).toContain('value has no xsi:type');
    const typed = decodeCall(reconfigure('<extraConfig><key>a</key><value xsi:type="xsd:int">7</value></extraConfig>'));
    expect((typed.arguments.spec as DataObject).extraConfig).toEqual([{ $type: 'OptionValue', key: 'a', value: 7 }]);
  });

  it('keeps whole numbers in their ranges', () => {
    const query = (key: string) =>
      envelope(
        `<QueryChangedDiskAreas xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><deviceKey>${key}</deviceKey><startOffset>5000000000</startOffset><changeId>*</changeId></QueryChangedDiskAreas>`,
      );
    expect(refusal(query('2000'))).toBe('accepted');
    expect(refusal(query('3000000000'))).toContain('is no int');
    expect(refusal(query('2000.5'))).toContain('is no int');
  });
});

describe('encoding', () => {
  it('writes elements in schema order, whatever the order of the object', () => {
    const operation = operations.get('QueryChangedDiskAreas')!;
    const xml = encodeResponse(operation, { changedArea: [{ length: 2, start: 1 }], length: 10, startOffset: 0 });
    expect(xml).toContain(
      '<returnval><startOffset>0</startOffset><length>10</length><changedArea><start>1</start><length>2</length></changedArea></returnval>',
    );
    expect(() => encodeResponse(operation, { length: 10, startOffset: 0, extra: 1 })).toThrow('no element extra');
    expect(() => encodeResponse(operation, { length: 10 })).toThrow('needs startOffset');
  });

  it('marks types where the schema says anyType', () => {
    expect(encodeAny('val', 'string', true, ['a<b'])).toBe('<val xsi:type="ArrayOfString"><string>a&lt;b</string></val>');
    expect(encodeAny('val', 'ref', true, [new ManagedRef('Task', 't')])).toBe(
      '<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Task">t</ManagedObjectReference></val>',
    );
    expect(encodeAny('val', 'long', false, 5)).toBe('<val xsi:type="xsd:long">5</val>');
    expect(encodeAny('val', 'Description', false, { label: 'a', summary: 'b' })).toBe(
      '<val xsi:type="Description"><label>a</label><summary>b</summary></val>',
    );
  });

  it('sends a fault with its type and elements', () => {
    const xml = encodeFault(new SoapFault('InvalidArgument', 'Not <so>.', { invalidProperty: 'container' }));
    expect(xml).toContain('<faultstring>Not &lt;so&gt;.</faultstring>');
    expect(xml).toContain(
      '<InvalidArgumentFault xmlns="urn:vim25" xsi:type="InvalidArgument"><invalidProperty>container</invalidProperty></InvalidArgumentFault>',
    );
  });
});

describe('the tables', () => {
  it('have a handler for every operation and no other', () => {
    expect(Object.keys(handlers).sort()).toEqual([...operations.keys()].sort());
    for (const operation of operations.values()) expect(managedTypes.has(operation.on), operation.on).toBe(true);
  });

  it('resolve every base type', () => {
    expect(dataTypes.get('VirtualDisk')!.fields[0]!.name).toBe('key');
    expect(dataTypes.get('FileLocked')!.fields.map((field) => field.name)).toEqual(['faultCause', 'faultMessage', 'file']);
  });
});
