import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { faultName, fromSoapError } from './vim-fault.ts';
import { parseXml, XmlNode } from './xml-node.ts';

// The same in every run of the suite; `npm run test:soak` takes others.
fc.configureGlobal({ seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) });

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
  it.each(['<a><b>', '<a></b>', '<a></a><b/>', '<a', 'no elements', '', '<a><!-- </a>', '<a>1</xa>', '<!DOCTYPE a><a/>', '</a>'])(
    'is refused as %j',
    (text) => {
      expect(() => parseXml(text)).toThrow(/not well-formed/);
    },
  );
  it('is read as a general parser reads it', () => {
    const name = fc.constantFrom('a', 'b', 'ns:c', 'd-1');
    const content = fc.string({ unit: fc.constantFrom('x', '&', '<', '>', '"', "'", 'é', '😀', ' ', '\n', ']') });
    const escaped = (text: string) => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc
          .tuple(name, content, content)
          .map(([tag, type, text]) => `<${tag} xsi:type="p:${escaped(type.replaceAll('\n', ''))}" other='1'>${escaped(text)}</${tag}>`),
        fc.tuple(name, fc.array(tie('node'))).map(([tag, children]) => `<${tag}>${children.join('\n ')}</${tag} >`),
        name.map((tag) => `<${tag}/>`),
      ),
    })).node;
    const flat = (node: XmlNode): unknown[] => [
      node.name,
      node.xsiType,
      node.children.length === 0 ? node.text : '',
      node.children.map(flat),
    ];
    fc.assert(
      fc.property(tree, (xml) => {
        expect(flat(parseXml(`<?xml version="1.0"?><!-- so -->${xml}`))).toEqual(flat(bySaxes(xml)));
      }),
    );
  });
});

function bySaxes(xml: string): XmlNode {
  const holder = new XmlNode('', undefined, undefined);
  const stack = [holder];
  const top = () => stack[stack.length - 1] as XmlNode;
  const local = (name: string) => name.slice(name.indexOf(':') + 1);
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const type = attributes['xsi:type'] as string | undefined;
    const node = new XmlNode(local(name), type === undefined ? undefined : local(type), undefined);
    top().add(node);
    stack.push(node);
  });
  parser.on('text', (text) => {
    top().text += text;
  });
  parser.on('closetag', () => stack.pop());
  parser.write(xml).close();
  return holder.children[0] as XmlNode;
}
