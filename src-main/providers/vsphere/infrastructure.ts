import { type ObjectProperties, type PropertyPaths, retrieveAll } from './properties.ts';
import type { VimSession } from './vim-session.ts';

/** Base types stand beside their subtypes: a server may match exactly. */
export const infrastructurePaths: PropertyPaths = {
  Datacenter: ['name', 'parent'],
  Folder: ['name', 'parent'],
  HostSystem: ['name', 'parent'],
  ComputeResource: ['name', 'parent'],
  ClusterComputeResource: ['name', 'parent'],
  Datastore: ['name', 'parent', 'summary.type'],
  Network: ['name', 'parent'],
  DistributedVirtualPortgroup: ['name', 'parent'],
};

interface Entity {
  type: string;
  /** As the server writes it: '/', '\' and '%' are escaped. */
  rawName: string;
  parent: string | undefined;
  datastoreType: string | undefined;
}

/** vSphere escapes exactly these three in names. */
export function displayName(raw: string): string {
  return raw.replace(/%(2f|5c|25)/gi, (escaped) => decodeURIComponent(escaped));
}

/** What machines refer to: folders, hosts, clusters, datastores, networks, by reference. */
export class Infrastructure {
  readonly #entities = new Map<string, Entity>();

  static async load(session: VimSession, signal?: AbortSignal): Promise<Infrastructure> {
    return new Infrastructure(await retrieveAll(session, infrastructurePaths, signal));
  }

  constructor(objects: ObjectProperties[]) {
    for (const { type, ref, properties } of objects) {
      if (type === 'VirtualMachine') continue;
      this.#entities.set(ref, {
        type,
        rawName: properties.get('name')?.text ?? '',
        parent: properties.get('parent')?.text,
        datastoreType: properties.get('summary.type')?.text,
      });
    }
  }

  has(ref: string): boolean {
    return this.#entities.has(ref);
  }

  name(ref: string | undefined): string | undefined {
    const entity = ref === undefined ? undefined : this.#entities.get(ref);
    return entity === undefined ? undefined : displayName(entity.rawName);
  }

  /** VMFS, NFS, NFS41, vsan, VVOL… */
  datastoreType(ref: string): string | undefined {
    return this.#entities.get(ref)?.datastoreType;
  }

  /** Inventory path without the root folder: `/Datacenter/vm/Folder`. */
  path(ref: string | undefined): string {
    return `/${this.#way(ref)
      .map((entity) => displayName(entity.rawName))
      .join('/')}`;
  }

  /** The cluster's name where the host belongs to one, not to a compute resource of its own. */
  cluster(host: string | undefined): string | undefined {
    const parent = host === undefined ? undefined : this.#entities.get(host)?.parent;
    return parent !== undefined && this.#entities.get(parent)?.type === 'ClusterComputeResource' ? this.name(parent) : undefined;
  }

  /** Path of the data centre that holds this object, as `/folder` wants it in dcPath: names in the server's own escaping. */
  datacenterPath(ref: string): string | undefined {
    const way = this.#way(ref);
    const last = way.findLastIndex((entity) => entity.type === 'Datacenter');
    return last < 0
      ? undefined
      : way
          .slice(0, last + 1)
          .map((entity) => entity.rawName)
          .join('/');
  }

  /** From the top down to the object. The root folder is not in the view, so it never appears. */
  #way(ref: string | undefined): Entity[] {
    const way: Entity[] = [];
    for (let next = ref; next !== undefined && way.length < 100; ) {
      const entity: Entity | undefined = this.#entities.get(next);
      if (entity === undefined) break;
      way.unshift(entity);
      next = entity.parent;
    }
    return way;
  }
}
