import { SaxesParser } from 'saxes';
import { invalidRequest } from './soap-fault.ts';

export const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
export const xsiNamespace = 'http://www.w3.org/2001/XMLSchema-instance';
export const xsdNamespace = 'http://www.w3.org/2001/XMLSchema';
export const vimNamespace = 'urn:vim25';

export interface XmlElement {
  local: string;
  uri: string;
  /** Without namespace. */
  attributes: Map<string, string>;
  /** xsi:type, resolved. */
  type: { uri: string; local: string } | undefined;
  nil: boolean;
  children: XmlElement[];
  text: string;
}

/** Parses a whole document, namespaces resolved. Document types (and so entities) are refused. */
export function parseElement(xml: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const root: XmlElement = { local: '', uri: '', attributes: new Map(), type: undefined, nil: false, children: [], text: '' };
  const stack = [root];
  const top = () => stack[stack.length - 1]!;
  parser.on('error', (error) => {
    throw invalidRequest(`XML document is not well formed: ${error.message}`);
  });
  parser.on('doctype', () => {
    throw invalidRequest('XML document has a DOCTYPE.');
  });
  parser.on('opentag', (tag) => {
    const element: XmlElement = {
      local: tag.local,
      uri: tag.uri,
      attributes: new Map(),
      type: undefined,
      nil: false,
      children: [],
      text: '',
    };
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.uri === xsiNamespace && attribute.local === 'type') {
        const [prefix, local] = attribute.value.includes(':') ? (attribute.value.split(':', 2) as [string, string]) : ['', attribute.value];
        element.type = { uri: parser.resolve(prefix) ?? '', local: local.trim() };
      } else if (attribute.uri === xsiNamespace && attribute.local === 'nil') {
        element.nil = /^(true|1)$/.test(attribute.value);
      } else if (attribute.uri === '') {
        element.attributes.set(attribute.local, attribute.value);
      }
    }
    top().children.push(element);
    stack.push(element);
    if (stack.length > 100) throw invalidRequest('XML document is nested too deeply.');
  });
  parser.on('text', (text) => {
    top().text += text;
  });
  parser.on('cdata', (text) => {
    top().text += text;
  });
  parser.on('closetag', () => {
    stack.pop();
  });
  parser.write(xml).close();
  return root.children[0]!;
}
