import type { MachineCount } from '../store/repositories/machine-counts.ts';
import type { SourceEnvironment } from '../store/repositories/source-environments.ts';

interface Counts {
  machines: number;
  protected: number;
}
export type FolderNode = Counts & { path: string; parent?: string | undefined; name: string };
export interface SourceNode extends Counts {
  sourceId: string;
  kind: SourceEnvironment['kind'];
  name: string;
  folders: FolderNode[];
  clusters: (Counts & { name: string })[];
}

/** Folders with all those above them, each counting what is below it too. Sources without machines are there as well. */
export function machineTree(sources: readonly SourceEnvironment[], counts: readonly MachineCount[]): Counts & { sources: SourceNode[] } {
  const of = Map.groupBy(counts, ({ sourceEnvironmentId }) => sourceEnvironmentId);
  const nodes = sources.map(({ id, kind, name }): SourceNode => {
    const own = of.get(id) ?? [];
    return { sourceId: id, kind, name, ...sum(own), folders: folders(own), clusters: clusters(own) };
  });
  return { ...sum(nodes), sources: nodes };
}

function folders(counts: readonly MachineCount[]): FolderNode[] {
  const nodes = new Map<string, FolderNode>();
  for (const count of counts) {
    for (let path: string | undefined = count.folder; path; path = parentOf(path)) {
      const node = nodes.get(path);
      if (node) add(node, count);
      else nodes.set(path, { path, parent: parentOf(path), name: nameOf(path), ...pick(count) });
    }
  }
  return [...nodes.values()].sort((a, b) => compare(a.path, b.path));
}

function clusters(counts: readonly MachineCount[]) {
  const nodes = new Map<string, Counts & { name: string }>();
  for (const count of counts) {
    if (count.cluster === '') continue;
    const node = nodes.get(count.cluster);
    if (node) add(node, count);
    else nodes.set(count.cluster, { name: count.cluster, ...pick(count) });
  }
  return [...nodes.values()].sort((a, b) => compare(a.name, b.name));
}

/** `/DC/vm/team` is in `/DC/vm`; `/DC` and `C:` are at the top. */
function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : undefined;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function add(to: Counts, more: Counts): void {
  to.machines += more.machines;
  to.protected += more.protected;
}

const pick = (counts: Counts): Counts => ({ machines: counts.machines, protected: counts.protected });
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sum(all: readonly Counts[]): Counts {
  const total = { machines: 0, protected: 0 };
  for (const one of all) add(total, one);
  return total;
}
