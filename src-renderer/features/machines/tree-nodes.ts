import type { Output } from '../../../src-preload/contract/routes.ts';
import type { MachineFilter } from '../../stores/machine-filter.ts';

type Tree = Output<'vms.tree'>;
export type Branches = 'folders' | 'clusters';
type Place = Pick<MachineFilter, 'sourceId' | 'folder' | 'cluster'>;

export interface TreeNode {
  id: string;
  /** From 1. */
  level: number;
  name: string;
  kind: 'all' | 'source' | 'folder' | 'cluster';
  machines: number;
  safe: number;
  /** What a click shows. */
  place: Place;
  /** Undefined where nothing is below it. */
  open: boolean | undefined;
  parent: string | undefined;
}

/** Sources with more folders than these begin closed. */
const FEW = 30;
const nowhere: Place = { sourceId: undefined, folder: undefined, cluster: undefined };

/** The nodes in sight, from top to bottom. `flipped`: those that are not as they begin. */
export function visibleNodes(tree: Tree, by: Branches, flipped: ReadonlySet<string>, all: string): TreeNode[] {
  const nodes: TreeNode[] = [
    {
      id: 'all',
      level: 1,
      name: all,
      kind: 'all',
      machines: tree.machines,
      safe: tree.protected,
      place: nowhere,
      open: undefined,
      parent: undefined,
    },
  ];
  for (const source of tree.sources) {
    const { sourceId } = source;
    const id = `source ${sourceId}`;
    const branches = by === 'folders' ? source.folders.length : source.clusters.length;
    const open = branches === 0 ? undefined : (branches <= FEW || tree.sources.length === 1) !== flipped.has(id);
    const { machines, protected: safe, name } = source;
    nodes.push({ id, level: 1, name, kind: 'source', machines, safe, place: { ...nowhere, sourceId }, open, parent: undefined });
    if (!open) continue;
    if (by === 'clusters') {
      for (const cluster of source.clusters) {
        const place = { ...nowhere, sourceId, cluster: cluster.name };
        const own = { id: `cluster ${sourceId} ${cluster.name}`, level: 2, name: cluster.name, kind: 'cluster' as const };
        nodes.push({ ...own, machines: cluster.machines, safe: cluster.protected, place, open: undefined, parent: id });
      }
    } else addFolders(nodes, source, flipped);
  }
  return nodes;
}

function addFolders(nodes: TreeNode[], { sourceId, folders }: Tree['sources'][number], flipped: ReadonlySet<string>): void {
  const inside = new Map<string | undefined, typeof folders>();
  for (const folder of folders) inside.set(folder.parent, [...(inside.get(folder.parent) ?? []), folder]);
  /** Folders that are the only one and hold nothing but others, as a datacenter and its `vm` do: nobody looks for them. */
  let top: string | undefined;
  for (;;) {
    const [only, ...others] = inside.get(top) ?? [];
    const below = only && inside.get(only.path);
    if (!only || others.length > 0 || !below || below.reduce((sum, { machines }) => sum + machines, 0) < only.machines) break;
    top = only.path;
  }
  const add = (parent: string | undefined, level: number, parentId: string) => {
    for (const { path, name, machines, protected: safe } of inside.get(parent) ?? []) {
      const id = `folder ${sourceId} ${path}`;
      // A single folder begins open: there is nothing else to look at.
      const alone = inside.get(parent)?.length === 1;
      const begins = alone || (level === 2 && folders.length <= FEW);
      const open = inside.has(path) ? begins !== flipped.has(id) : undefined;
      nodes.push({
        id,
        level,
        name,
        kind: 'folder',
        machines,
        safe,
        place: { ...nowhere, sourceId, folder: path },
        open,
        parent: parentId,
      });
      if (open) add(path, level + 1, id);
    }
  };
  add(top, 2, `source ${sourceId}`);
}

export const isPlace = (place: Place, filter: Place): boolean =>
  place.sourceId === filter.sourceId && place.folder === filter.folder && place.cluster === filter.cluster;

/** Where a key leads from a node; undefined: it is for somebody else. */
export function treeStep(nodes: readonly TreeNode[], at: number, key: string): { to: number } | { flip: string } | undefined {
  const node = nodes[at];
  if (!node) return undefined;
  const last = nodes.length - 1;
  const up = nodes.findIndex(({ id }) => id === node.parent);
  switch (key) {
    case 'ArrowDown':
      return { to: Math.min(at + 1, last) };
    case 'ArrowUp':
      return { to: Math.max(at - 1, 0) };
    case 'Home':
      return { to: 0 };
    case 'End':
      return { to: last };
    case 'ArrowRight':
      return node.open === false ? { flip: node.id } : node.open ? { to: at + 1 } : { to: at };
    case 'ArrowLeft':
      return node.open ? { flip: node.id } : { to: up === -1 ? at : up };
    default:
      return undefined;
  }
}
