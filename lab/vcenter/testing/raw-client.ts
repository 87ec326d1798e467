import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabVcenter } from '../lab-vcenter.ts';
import { parseElement, type XmlElement } from '../soap/element.ts';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The connection ended before the announced length. */
  cut: boolean;
}

export interface SoapAnswer extends RawAnswer {
  /** `<XResponse>` or the fault's element. */
  element: XmlElement;
  /** Name of the fault. */
  fault: string | undefined;
  text: string;
}

/** Writes calls by hand, so that a test decides about every element. Not strict: it shows what the server sends. */
export class RawClient implements Disposable {
  readonly #lab: LabVcenter;
  readonly #agent: Agent;
  cookie: string | undefined;

  constructor(lab: LabVcenter) {
    this.#lab = lab;
    this.#agent = new Agent({ ca: lab.certificate, keepAlive: true });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  http(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.#lab.url);
      const options = {
        method,
        agent: this.#agent,
        headers: { ...(this.cookie === undefined ? {} : { Cookie: this.cookie }), ...headers },
      };
      const call = request(url, options, (response) => {
        const parts: Buffer[] = [];
        const done = () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts), cut: !response.complete });
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', done);
        response.on('close', done);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  /** `on` is `Type:value`. */
  async call(operation: string, on: string, inner = ''): Promise<SoapAnswer> {
    const [type, ...value] = on.split(':');
    return this.post(`<${operation} xmlns="urn:vim25"><_this type="${type}">${value.join(':')}</_this>${inner}</${operation}>`);
  }

  async post(bodyXml: string): Promise<SoapAnswer> {
    const envelope =
      '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
      `xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>${bodyXml}</e:Body></e:Envelope>`;
    const answer = await this.http('POST', '/sdk', { 'Content-Type': 'text/xml', SOAPAction: '"urn:vim25/6.7"' }, envelope);
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie !== undefined) this.cookie = cookie;
    const text = answer.body.toString();
    if (answer.cut || !text.startsWith('<?xml')) {
      return {
        ...answer,
        text,
        fault: undefined,
        element: { local: '', uri: '', attributes: new Map(), type: undefined, nil: false, children: [], text: '' },
      };
    }
    const element = parseElement(text).children[0]!.children[0]!;
    const detail = child(element, 'detail')?.children[0];
    const fault = detail?.type?.local;
    return { ...answer, text, fault, element: detail ?? element };
  }

  async login(password = this.#lab.password): Promise<SoapAnswer> {
    return this.call(
      'Login',
      'SessionManager:SessionManager',
      `<userName>${this.#lab.username}</userName><password>${password}</password>`,
    );
  }

  /** Properties of one object by path: XML elements. */
  async properties(on: string, paths: readonly string[]): Promise<Map<string, XmlElement>> {
    const [type, value] = on.split(':');
    const answer = await this.call(
      'RetrievePropertiesEx',
      'PropertyCollector:propertyCollector',
      `<specSet><propSet><type>${type}</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
        `<objectSet><obj type="${type}">${value}</obj></objectSet></specSet><options/>`,
    );
    if (answer.fault !== undefined) throw new Error(answer.fault);
    const object = child(child(answer.element, 'returnval')!, 'objects')!;
    return new Map(object.children.filter((one) => one.local === 'propSet').map((one) => [child(one, 'name')!.text, child(one, 'val')!]));
  }

  /** Calls a task operation and waits for its end: the result or the fault's name. */
  async task(operation: string, on: string, inner = ''): Promise<{ result?: string; fault?: string }> {
    const answer = await this.call(operation, on, inner);
    if (answer.fault !== undefined) return { fault: answer.fault };
    const task = child(answer.element, 'returnval')!.text;
    while (true) {
      const found = await this.properties(`Task:${task}`, ['info.state', 'info.result', 'info.error']);
      const state = found.get('info.state')!.text;
      if (state === 'success') return { result: found.get('info.result')?.text };
      if (state === 'error') return { fault: child(found.get('info.error')!, 'fault')!.type!.local };
      await sleep(5);
    }
  }

  /** A view of all machines below the root folder. */
  async machinesView(): Promise<string> {
    const answer = await this.call(
      'CreateContainerView',
      'ViewManager:ViewManager',
      `<container type="Folder">${this.#lab.world.rootFolder}</container><type>VirtualMachine</type><recursive>true</recursive>`,
    );
    return child(answer.element, 'returnval')!.text;
  }
}

export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((one) => one.local === name);
}

export function children(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((one) => one.local === name);
}

/** A filter specification: these paths of all machines in a view. */
export function viewSpec(tag: string, view: string, paths: readonly string[]): string {
  return (
    `<${tag}><propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
    `<objectSet><obj type="ContainerView">${view}</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><type>ContainerView</type>` +
    `<path>view</path><skip>false</skip></selectSet></objectSet></${tag}>`
  );
}
