import { SaxesParser } from 'saxes';
import { OctopusError } from '../../../workers/octopus-error.ts';

/**
 * An element of an answer, read without a schema. The property collector's values can be of hundreds of types, which the trimmed
 * WSDL does not describe, and the soap package needs several times as long for them (5,000 machines must be listed in 3 seconds).
 */
export class XmlNode {
  readonly name: string;
  /** xsi:type without its prefix. */
  readonly xsiType: string | undefined;
  /** The `type` attribute: what a managed object reference refers to. */
  readonly type: string | undefined;
  readonly children: XmlNode[] = [];
  text = '';

  constructor(name: string, xsiType: string | undefined, type: string | undefined) {
    this.name = name;
    this.xsiType = xsiType;
    this.type = type;
  }

  child(name: string): XmlNode | undefined {
    for (const child of this.children) if (child.name === name) return child;
    return undefined;
  }

  all(name: string): XmlNode[] {
    return this.children.filter((child) => child.name === name);
  }

  /** Text at a path of child names; undefined where an element is absent. */
  value(...path: string[]): string | undefined {
    let node: XmlNode | undefined = this;
    for (const name of path) {
      node = node.child(name);
      if (node === undefined) return undefined;
    }
    return node.text;
  }

  number(...path: string[]): number | undefined {
    const text = this.value(...path);
    return text === undefined || text === '' ? undefined : Number(text);
  }

  flag(...path: string[]): boolean {
    const text = this.value(...path);
    return text === 'true' || text === '1';
  }
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1);

/** The root element. Throws `source.protocol` for what is not well-formed. */
export function parseXml(xml: string): XmlNode {
  const parser = new SaxesParser({ position: false });
  let root: XmlNode | undefined;
  const stack: XmlNode[] = [];
  let top: XmlNode | undefined;
  parser.on('error', (error) => {
    throw new OctopusError('source.protocol', 'The server answered something that is not well-formed XML.', { cause: error });
  });
  parser.on('opentag', (tag) => {
    let xsiType: string | undefined;
    let type: string | undefined;
    for (const name in tag.attributes) {
      if (name === 'type') type = tag.attributes[name] as string;
      else if (name.endsWith(':type')) xsiType = localName(tag.attributes[name] as string);
    }
    const node = new XmlNode(localName(tag.name), xsiType, type);
    if (top === undefined) root ??= node;
    else top.children.push(node);
    stack.push(node);
    top = node;
  });
  parser.on('text', (text) => {
    // White space between elements is formatting; a leaf keeps its text as it is.
    if (top !== undefined && top.children.length === 0) top.text += text;
  });
  parser.on('cdata', (text) => {
    if (top !== undefined) top.text += text;
  });
  parser.on('closetag', () => {
    stack.pop();
    top = stack[stack.length - 1];
  });
  parser.write(xml).close();
  if (root === undefined) throw new OctopusError('source.protocol', 'The server answered nothing.');
  return root;
}
