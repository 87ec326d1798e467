import { randomUUID } from 'node:crypto';
import { singletons } from '../inventory/about.ts';
import { compileFilterSpec, managedObjectNotFound } from '../property-collector/filter-spec.ts';
import { nextObjects, type Retrieval, startRetrieval } from '../property-collector/object-content.ts';
import { PropertyFilter } from '../property-collector/property-filter.ts';
import { UpdateWaiter } from '../property-collector/update-waiter.ts';
import { EncodedXml } from '../soap/encode.ts';
import { invalidArgument } from '../soap/soap-fault.ts';
import { type DataObject, ManagedRef } from '../soap/value.ts';
import { type Call, type Handler, lookupOf, notAuthenticated, requireSession } from './call.ts';

/** Objects that may be read before the login. */
const anonymousTypes = new Set(['ServiceInstance', 'SessionManager']);

function start(call: Call): Retrieval {
  const specs = call.arguments.specSet as DataObject[];
  if (call.session === undefined) {
    const denied = specs.flatMap((spec) => spec.objectSet as DataObject[]).find((one) => !anonymousTypes.has((one.obj as ManagedRef).type));
    if (denied !== undefined) throw notAuthenticated(denied.obj as ManagedRef);
  }
  return startRetrieval(specs.map(compileFilterSpec), lookupOf(call.server, call.session));
}

const retrieveProperties: Handler = (call) => {
  const retrieval = start(call);
  return new EncodedXml(nextObjects(retrieval, 'returnval', Number.POSITIVE_INFINITY, lookupOf(call.server, call.session)));
};

function answerPage(call: Call, retrieval: Retrieval, limit: number): EncodedXml | undefined {
  if (retrieval.rest.length === 0) return undefined;
  const objects = nextObjects(retrieval, 'objects', limit, lookupOf(call.server, call.session));
  let token = '';
  if (retrieval.rest.length > 0) {
    token = randomUUID();
    requireSession(call).retrievals.set(token, { retrieval, limit });
  }
  return new EncodedXml(`<returnval>${token === '' ? '' : `<token>${token}</token>`}${objects}</returnval>`);
}

const retrievePropertiesEx: Handler = (call) => {
  const asked = (call.arguments.options as DataObject).maxObjects as number | undefined;
  if (asked !== undefined && asked <= 0) throw invalidArgument('options.maxObjects');
  return answerPage(call, start(call), Math.min(asked ?? Number.POSITIVE_INFINITY, call.server.retrieveLimit));
};

/** A token is good once: the answer brings the next. */
const continueRetrievePropertiesEx: Handler = (call) => {
  const { retrievals } = requireSession(call);
  const token = call.arguments.token as string;
  const found = retrievals.get(token);
  if (found === undefined) throw invalidArgument('token');
  retrievals.delete(token);
  return answerPage(call, found.retrieval, found.limit) ?? new EncodedXml('<returnval></returnval>');
};

const cancelRetrievePropertiesEx: Handler = (call) => {
  if (!requireSession(call).retrievals.delete(call.arguments.token as string)) throw invalidArgument('token');
  return undefined;
};

function waiterOf(call: Call): UpdateWaiter {
  const waiter = requireSession(call).collectors.get(call.self.value);
  if (waiter === undefined) throw managedObjectNotFound(call.self);
  return waiter;
}

const createFilter: Handler = (call) => {
  const waiter = waiterOf(call);
  const session = requireSession(call);
  const ref = new ManagedRef('PropertyFilter', `session[${session.key}]filter-${call.server.sessions.nextId()}`);
  const spec = compileFilterSpec(call.arguments.spec as DataObject);
  const lookup = lookupOf(call.server, session);
  waiter.filters.set(ref.value, new PropertyFilter(ref, spec, call.arguments.partialUpdates as boolean, lookup, call.world.changes));
  return ref;
};

const destroyPropertyFilter: Handler = (call) => {
  for (const waiter of requireSession(call).collectors.values()) if (waiter.filters.delete(call.self.value)) return undefined;
  throw managedObjectNotFound(call.self);
};

const createPropertyCollector: Handler = (call) => {
  const session = requireSession(call);
  const ref = new ManagedRef('PropertyCollector', `session[${session.key}]collector-${call.server.sessions.nextId()}`);
  session.collectors.set(ref.value, new UpdateWaiter(call.world));
  return ref;
};

const destroyPropertyCollector: Handler = (call) => {
  const waiter = waiterOf(call);
  if (call.self.value === singletons.PropertyCollector.value) throw invalidArgument('_this', 'The session collector cannot be destroyed.');
  waiter.cancel();
  requireSession(call).collectors.delete(call.self.value);
  return undefined;
};

async function waitFor(call: Call, maxWaitSeconds: number | undefined, maxObjectUpdates: number | undefined) {
  const version = (call.arguments.version as string | undefined) ?? '';
  const xml = await waiterOf(call).wait(version, { maxWaitSeconds, maxObjectUpdates }, call.signal);
  return xml === undefined ? undefined : new EncodedXml(`<returnval>${xml}</returnval>`);
}

const waitForUpdatesEx: Handler = (call) => {
  const options = call.arguments.options as DataObject | undefined;
  const maxWaitSeconds = options?.maxWaitSeconds as number | undefined;
  const maxObjectUpdates = options?.maxObjectUpdates as number | undefined;
  if (maxWaitSeconds !== undefined && maxWaitSeconds < 0) throw invalidArgument('options.maxWaitSeconds');
  if (maxObjectUpdates !== undefined && maxObjectUpdates <= 0) throw invalidArgument('options.maxObjectUpdates');
  return waitFor(call, maxWaitSeconds, maxObjectUpdates);
};

const cancelWaitForUpdates: Handler = (call) => {
  waiterOf(call).cancel();
  return undefined;
};

export const collectorOperations: Record<string, Handler> = {
  RetrieveProperties: retrieveProperties,
  RetrievePropertiesEx: retrievePropertiesEx,
  ContinueRetrievePropertiesEx: continueRetrievePropertiesEx,
  CancelRetrievePropertiesEx: cancelRetrievePropertiesEx,
  CreateFilter: createFilter,
  DestroyPropertyFilter: destroyPropertyFilter,
  CreatePropertyCollector: createPropertyCollector,
  DestroyPropertyCollector: destroyPropertyCollector,
  WaitForUpdatesEx: waitForUpdatesEx,
  WaitForUpdates: (call) => waitFor(call, undefined, undefined),
  CheckForUpdates: (call) => waitFor(call, 0, undefined),
  CancelWaitForUpdates: cancelWaitForUpdates,
};
