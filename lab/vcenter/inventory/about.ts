import { type DataObject, ManagedRef } from '../soap/value.ts';
import type { World } from '../world/types.ts';

export const apiVersion = '7.0.3.0';

export function aboutInfo(world: World): DataObject {
  return {
    name: 'VMware vCenter Server',
    // It is what people see as the name of this source.
    fullName: 'Octopus lab',
    vendor: 'VMware, Inc.',
    version: '7.0.3',
    build: '0',
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: 'linux-x64',
    productLineId: 'vpx',
    apiType: 'VirtualCenter',
    apiVersion,
    instanceUuid: world.instanceUuid,
    licenseProductName: 'VMware VirtualCenter Server',
    licenseProductVersion: '7.0',
  };
}

/** Objects that exist once, by the value of their reference. */
export const singletons = {
  ServiceInstance: new ManagedRef('ServiceInstance', 'ServiceInstance'),
  PropertyCollector: new ManagedRef('PropertyCollector', 'propertyCollector'),
  ViewManager: new ManagedRef('ViewManager', 'ViewManager'),
  SessionManager: new ManagedRef('SessionManager', 'SessionManager'),
  AuthorizationManager: new ManagedRef('AuthorizationManager', 'AuthorizationManager'),
  TaskManager: new ManagedRef('TaskManager', 'TaskManager'),
  SearchIndex: new ManagedRef('SearchIndex', 'SearchIndex'),
  OptionManager: new ManagedRef('OptionManager', 'VpxSettings'),
} as const;

export function serviceContent(world: World): DataObject {
  return {
    rootFolder: new ManagedRef('Folder', world.rootFolder),
    propertyCollector: singletons.PropertyCollector,
    viewManager: singletons.ViewManager,
    about: aboutInfo(world),
    setting: singletons.OptionManager,
    sessionManager: singletons.SessionManager,
    authorizationManager: singletons.AuthorizationManager,
    taskManager: singletons.TaskManager,
    searchIndex: singletons.SearchIndex,
  };
}
