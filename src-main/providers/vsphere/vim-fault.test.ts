import { describe, expect, it } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { faultName, fromSoapError } from './vim-fault.ts';
import { parseXml } from './xml-node.ts';

const envelope = (detail: string, message = 'words of the server') =>
  `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${message}</faultstring><detail>${detail}</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`;
const error = (body: string) => fromSoapError(Object.assign(new Error('soap'), { body }), 'DoIt');

describe('faults', () => {
  it('are named by their type, or by their element', () => {
    expect(faultName(error(envelope('<NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated"/>')))).toBe('NotAuthenticated');
    expect(faultName(error(envelope('<Fault xmlns="urn:vim25" xsi:type="FileLocked"/>')))).toBe('FileLocked');
    expect(faultName(error(envelope('<InvalidLoginFault xmlns="urn:vim25"/>')))).toBe('InvalidLogin');
    expect(faultName(new OctopusError('source.read', 'x'))).toBeUndefined();
  });

  it.each([
    ['NotAuthenticated', 'source.session', true],
    ['InvalidLogin', 'source.denied', false],
    ['FileLocked', 'source.locked', false],
    ['ManagedObjectNotFound', 'source.missing', false],
    ['TaskInProgress', 'source.busy', true],
    ['HostCommunication', 'source.unreachable', true],
    ['NotSupported', 'source.unsupported', false],
    ['Timedout', 'source.faulted', true],
    ['SomethingNew', 'source.faulted', false],
  ])('%s becomes %s', (fault, code, retryable) => {
    expect(error(envelope(`<${fault}Fault xmlns="urn:vim25" xsi:type="${fault}"/>`))).toMatchObject({
      code,
      retryable,
      details: { fault },
    });
  });

  it('names the missing privilege', () => {
    const denied = error(
      envelope(
        '<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><object type="VirtualMachine">vm-7</object><privilegeId>VirtualMachine.State.CreateSnapshot</privilegeId></NoPermissionFault>',
      ),
    );
    expect(denied.code).toBe('source.denied');
    expect(denied.message).toMatch(/privilege VirtualMachine\.State\.CreateSnapshot on vm-7/);
    expect(denied.details).toMatchObject({ privilege: 'VirtualMachine.State.CreateSnapshot', object: 'vm-7' });
  });

  it('passes the words of the server on for what it does not know', () => {
    expect(error(envelope('<XFault xmlns="urn:vim25" xsi:type="X"/>', 'The moon is in the way.')).message).toBe(
      'The server refused DoIt: The moon is in the way.',
    );
  });

  it('calls garbage a broken protocol', () => {
    expect(error('<html><body>hello').code).toBe('source.protocol');
    expect(error('').code).toBe('source.protocol');
    expect(fromSoapError(new Error('?'), 'DoIt').code).toBe('source.protocol');
  });
});

describe('an answer', () => {
  it('is read whatever its prefixes', () => {
    const root = parseXml(
      '<a:r xmlns:a="x" xmlns:b="y"><a:v b:type="a:VirtualDisk" type="T"> 1 &amp; <![CDATA[<2>]]></a:v><n>5</n><f>true</f></a:r>',
    );
    const node = root.child('v');
    expect(node).toMatchObject({ xsiType: 'VirtualDisk', type: 'T', text: ' 1 & <2>' });
    expect(root.number('n')).toBe(5);
    expect(root.flag('f')).toBe(true);
    expect(root.value('nothing', 'here')).toBeUndefined();
  });
  it('is refused where it is cut short', () => {
    expect(() => parseXml('<a><b>')).toThrow(/not well-formed/);
  });
});
