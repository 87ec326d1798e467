import { setImmediate as turn } from 'node:timers/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';
import { faultError } from './vim-fault.ts';
import { type MoRef, moRef, type VimSession } from './vim-session.ts';
import { checkCancelled, sleep } from './wait.ts';
import { parseXml, type XmlNode } from './xml-node.ts';

/** The properties of one object that were asked for and are set, by path. */
export interface ObjectProperties {
  type: string;
  ref: string;
  properties: Map<string, XmlNode>;
}

/** Property paths by managed object type. */
export type PropertyPaths = Record<string, readonly string[]>;

/** Objects in one page of an answer. */
const PAGE = 500;

const propSet = (paths: PropertyPaths) => Object.entries(paths).map(([type, pathSet]) => ({ type, pathSet }));

/** Everything in a view: elements in schema order, because the soap package does not order those of a derived type. */
export function viewFilter(view: MoRef, paths: PropertyPaths): object {
  const traversal = { attributes: { 'xsi:type': 'TraversalSpec' }, name: 'view', type: 'ContainerView', path: 'view', skip: false };
  return { propSet: propSet(paths), objectSet: [{ obj: view, skip: true, selectSet: [traversal] }] };
}

/** Properties of known objects; a missing object is `source.missing`. */
export async function retrieveObjects(
  session: VimSession,
  refs: MoRef[],
  paths: PropertyPaths,
  signal?: AbortSignal,
): Promise<ObjectProperties[]> {
  const specSet = [{ propSet: propSet(paths), objectSet: refs.map((obj) => ({ obj })) }];
  const found: ObjectProperties[] = [];
  await pages(session, specSet, async (page) => void found.push(...page), signal);
  return found;
}

export async function retrieveObject(
  session: VimSession,
  ref: MoRef,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, XmlNode>> {
  const [found] = await retrieveObjects(session, [ref], { [ref.attributes.type]: paths }, signal);
  if (found === undefined) throw new OctopusError('source.missing', `There is no ${ref.attributes.type} ${ref.$value} on the server.`);
  return found.properties;
}

/** Everything of these types below the root, by one ContainerView. Starts again when the session is lost on the way. */
export function retrieveAll(session: VimSession, paths: PropertyPaths, signal?: AbortSignal): Promise<ObjectProperties[]> {
  return retrieveMapped(session, paths, (page) => page, signal);
}

/** The same, each page mapped as it comes, so that its tree is short-lived: thousands of machines are hundreds of megabytes of it. */
export async function retrieveMapped<T>(
  session: VimSession,
  paths: PropertyPaths,
  map: (page: ObjectProperties[]) => T[] | Promise<T[]>,
  signal?: AbortSignal,
): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    const generation = session.generation;
    const found: T[] = [];
    let view: MoRef | undefined;
    try {
      view = await createView(session, Object.keys(paths), signal);
      const take = async (page: ObjectProperties[]) => {
        for (const one of await map(page)) found.push(one);
      };
      await pages(session, [viewFilter(view, paths)], take, signal);
      return found;
    } catch (error) {
      // Views and tokens belong to the session: after a silent login they are unknown, under whatever fault.
      checkCancelled(signal);
      if (attempt >= 5 || (generation === session.generation && !(error as OctopusError).retryable)) throw error;
    } finally {
      if (view !== undefined && generation === session.generation) {
        session.call('DestroyView', { _this: view }, { repeat: false }).catch(() => {});
      }
    }
  }
}

export function createView(session: VimSession, types: string[], signal?: AbortSignal): Promise<MoRef> {
  const { viewManager, rootFolder } = session.content;
  return session.call<MoRef>(
    'CreateContainerView',
    { _this: viewManager, container: rootFolder, type: types, recursive: true },
    { signal },
  );
}

async function pages(
  session: VimSession,
  specSet: object[],
  take: (page: ObjectProperties[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const _this = session.content.propertyCollector;
  let next: Promise<string> | undefined = session.callRaw(
    'RetrievePropertiesEx',
    { _this, specSet, options: { maxObjects: PAGE } },
    { signal },
  );
  while (next !== undefined) {
    const body: string = await next;
    // The token stands before the objects: the server makes the next page while this one is parsed.
    const token = /<(?:\w+:)?token>([^<]+)</.exec(body.slice(0, 2000))?.[1];
    next = token === undefined ? undefined : session.callRaw('ContinueRetrievePropertiesEx', { _this, token }, { signal, repeat: false });
    next?.catch(() => {}); // heard at the await above, also when the parsing below fails first
    if (next !== undefined) await turn();
    const returned = parseXml(body).child('Body')?.children[0]?.child('returnval');
    await take((returned?.all('objects') ?? []).map(objectContent));
  }
}

function objectContent(node: XmlNode): ObjectProperties {
  const obj = node.child('obj');
  const properties = new Map<string, XmlNode>();
  for (const entry of node.children) {
    if (entry.name !== 'propSet') continue;
    const val = entry.child('val');
    if (val !== undefined) properties.set(entry.value('name') ?? '', val);
  }
  return { type: obj?.type ?? '', ref: obj?.text ?? '', properties };
}

/**
 * Waits for a task and answers its result. Polls, which survives a lost session, unlike a filter. When the signal aborts the
 * waiting ends at once; the task itself goes on (half a consolidation would be worse).
 */
export async function waitForTask(session: VimSession, task: MoRef, operation: string, signal?: AbortSignal): Promise<XmlNode | undefined> {
  const ref = moRef('Task', task.$value);
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 1000)) {
    const info = (await retrieveObject(session, ref, ['info'], signal)).get('info');
    const state = info?.value('state');
    if (state === 'success') return info?.child('result');
    if (state === 'error') {
      const error = info?.child('error');
      throw faultError(error?.child('fault'), error?.value('localizedMessage') ?? '', operation);
    }
    if (state !== 'queued' && state !== 'running') throw new OctopusError('source.protocol', `The task of ${operation} reports no state.`);
    await sleep(pause, signal);
  }
}
