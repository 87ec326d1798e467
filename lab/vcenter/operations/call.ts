import type { Session, Sessions } from '../http/sessions.ts';
import { serviceContent, singletons } from '../inventory/about.ts';
import { containerContent, viewOf } from '../inventory/inventory.ts';
import { ManagedView, type PropertyTable } from '../inventory/managed-view.ts';
import { type Lookup, managedObjectNotFound } from '../property-collector/filter-spec.ts';
import type { EncodedXml } from '../soap/encode.ts';
import { SoapFault } from '../soap/soap-fault.ts';
import { type DataObject, ManagedRef, type Value } from '../soap/value.ts';
import type { World } from '../world/types.ts';

/** What all calls share. */
export interface LabServer {
  readonly world: World;
  readonly sessions: Sessions;
  /** Privileges that the account lacks. */
  readonly denied: ReadonlySet<string>;
  /** Most objects in one page of RetrievePropertiesEx, whatever the client asks for. */
  readonly retrieveLimit: number;
}

export interface Call {
  server: LabServer;
  world: World;
  /** Undefined before the login; only operations in `anonymousOperations` see that. */
  session: Session | undefined;
  self: ManagedRef;
  arguments: DataObject;
  userAgent: string;
  /** Aborts when the client hangs up or the session ends. */
  signal: AbortSignal;
  /** Set by Login: the answer carries its cookie. */
  newSession?: Session;
}

export type Handler = (call: Call) => Value | EncodedXml | undefined | Promise<Value | EncodedXml | undefined>;

export function notAuthenticated(object: ManagedRef): SoapFault {
  return new SoapFault('NotAuthenticated', 'The session is not authenticated.', { object, privilegeId: 'System.View' });
}

export function requireSession(call: Call): Session {
  if (call.session === undefined) throw notAuthenticated(call.self);
  return call.session;
}

export function requirePrivilege(call: Call, privilegeId: string, object: ManagedRef = call.self): void {
  if (call.server.denied.has(privilegeId)) {
    throw new SoapFault('NoPermission', 'Permission to perform this operation was denied.', { object, privilegeId });
  }
}

/** Any managed object as this session sees it. */
export function lookupOf(server: LabServer, session: Session | undefined): Lookup {
  const { world } = server;
  const userName = session?.userName ?? '';
  return (ref) => {
    const single = singletons[ref.type as keyof typeof singletons];
    if (single?.value === ref.value) return new ManagedView(single, singletonProperties(server, session, ref.type));
    const view = session?.views.get(ref.value);
    if (view !== undefined && view.ref.type === ref.type) {
      const { container, types, recursive } = view;
      const table: PropertyTable =
        container === undefined
          ? { view: () => view.list }
          : {
              view: () => containerContent(world, container, types, recursive),
              container: () => container,
              type: () => types,
              recursive: () => recursive,
            };
      return new ManagedView(view.ref, table);
    }
    if (ref.type === 'PropertyFilter' || ref.type === 'PropertyCollector') {
      const waiter = session?.collectors.get(ref.value);
      if (waiter !== undefined) return new ManagedView(ref, { filter: () => [...waiter.filters.values()].map((filter) => filter.ref) });
      for (const one of session?.collectors.values() ?? []) {
        const filter = one.filters.get(ref.value);
        if (filter !== undefined)
          return new ManagedView(ref, { spec: () => filter.spec.source, partialUpdates: () => filter.partialUpdates });
      }
      return undefined;
    }
    return viewOf(world, ref, userName);
  };
}

function singletonProperties(server: LabServer, session: Session | undefined, type: string): PropertyTable {
  const { world } = server;
  switch (type) {
    case 'ServiceInstance':
      return { content: () => serviceContent(world), serverClock: () => new Date(world.clock.now()) };
    case 'SessionManager':
      return {
        currentSession: () => session && userSession(session),
        sessionList: () => (session === undefined ? undefined : server.sessions.all().map(userSession)),
        defaultLocale: () => 'en',
        supportedLocaleList: () => ['en'],
        messageLocaleList: () => ['en'],
      };
    case 'PropertyCollector':
      return {
        filter: () =>
          [...(session?.collectors.get(singletons.PropertyCollector.value)?.filters.values() ?? [])].map((filter) => filter.ref),
      };
    case 'ViewManager':
      return { viewList: () => [...(session?.views.values() ?? [])].map((view) => view.ref) };
    case 'TaskManager':
      return {
        recentTask: () =>
          [...world.tasks.values()]
            .filter((task) => task.completeTime === undefined || task.completeTime > world.clock.now() - 600_000)
            .map((task) => new ManagedRef('Task', task.ref)),
        maxCollector: () => 32,
      };
    case 'OptionManager':
      return { setting: () => settings };
    default:
      return {};
  }
}

/** The few settings that clients look up. */
export const settings: DataObject[] = [
  { $type: 'OptionValue', key: 'VirtualCenter.InstanceName', value: 'lab' },
  { $type: 'OptionValue', key: 'config.vpxd.enableDebugBrowse', value: false },
];

export function userSession(session: Session): DataObject {
  return {
    key: session.key,
    userName: session.userName,
    fullName: session.userName,
    loginTime: new Date(session.loginTime),
    lastActiveTime: new Date(session.lastActive),
    locale: 'en',
    messageLocale: 'en',
    extensionSession: false,
    ipAddress: '127.0.0.1',
    userAgent: session.userAgent,
    callCount: session.callCount,
  };
}

export function requireObject(call: Call, ref: ManagedRef = call.self): ManagedView {
  const view = lookupOf(call.server, call.session)(ref);
  if (view === undefined) throw managedObjectNotFound(ref);
  return view;
}
