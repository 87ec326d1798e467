import { expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { treeStep, visibleNodes } from './tree-nodes.ts';

const counts = (machines: number) => ({ machines, protected: 0 });
const tree: Output<'vms.tree'> = {
  ...counts(5),
  sources: [
    {
      sourceId: 's1',
      kind: 'vsphere',
      name: 'vc',
      ...counts(5),
      folders: [
        { path: 'prod', name: 'prod', ...counts(5) },
        { path: 'prod/web', parent: 'prod', name: 'web', ...counts(3) },
        { path: 'prod/db', parent: 'prod', name: 'db', ...counts(1) },
        { path: 'prod/web/old', parent: 'prod/web', name: 'old', ...counts(1) },
      ],
      clusters: [{ name: 'c1', ...counts(5) }],
    },
    { sourceId: 's2', kind: 'images', name: 'images', ...counts(0), folders: [], clusters: [] },
  ],
};
const ids = (by: 'folders' | 'clusters', ...flipped: string[]) => visibleNodes(tree, by, new Set(flipped), 'All').map(({ id }) => id);

test('sources and their top folders begin open, deeper ones closed', () => {
  expect(ids('folders')).toEqual(['all', 'source s1', 'folder s1 prod', 'folder s1 prod/web', 'folder s1 prod/db', 'source s2']);
  expect(ids('folders', 'folder s1 prod/web')).toContain('folder s1 prod/web/old');
  expect(ids('folders', 'source s1')).toEqual(['all', 'source s1', 'source s2']);
  expect(ids('clusters')).toEqual(['all', 'source s1', 'cluster s1 c1', 'source s2']);
});

test('a datacenter and its folder of machines are passed over, one that holds machines is not', () => {
  const folder = (path: string, machines: number, parent?: string) => ({
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    parent,
    ...counts(machines),
  });
  const shown = (vm: number) => {
    const folders = [folder('DC', vm), folder('DC/vm', vm, 'DC'), folder('DC/vm/office', 4, 'DC/vm'), folder('DC/vm/test', 3, 'DC/vm')];
    const source = { ...tree.sources[0]!, folders };
    return visibleNodes({ ...tree, sources: [source] }, 'folders', new Set(), 'All').map(({ name, level }) => `${level} ${name}`);
  };
  expect(shown(7)).toEqual(['1 All', '1 vc', '2 office', '2 test']);
  expect(shown(8)).toEqual(['1 All', '1 vc', '2 vm', '3 office', '3 test']);
});

test('a node says what it shows, and where it stands', () => {
  expect(visibleNodes(tree, 'folders', new Set(), 'All')[3]).toEqual({
    id: 'folder s1 prod/web',
    level: 3,
    name: 'web',
    kind: 'folder',
    machines: 3,
    safe: 0,
    place: { sourceId: 's1', folder: 'prod/web', cluster: undefined },
    open: false,
    parent: 'folder s1 prod',
  });
});

test('arrows move, open and close', () => {
  const nodes = visibleNodes(tree, 'folders', new Set(), 'All');
  expect(treeStep(nodes, 0, 'ArrowDown')).toEqual({ to: 1 });
  expect(treeStep(nodes, 5, 'ArrowDown')).toEqual({ to: 5 });
  expect(treeStep(nodes, 3, 'ArrowRight')).toEqual({ flip: 'folder s1 prod/web' });
  expect(treeStep(nodes, 3, 'ArrowLeft')).toEqual({ to: 2 });
  expect(treeStep(nodes, 1, 'ArrowLeft')).toEqual({ flip: 'source s1' });
  expect(treeStep(nodes, 1, 'ArrowRight')).toEqual({ to: 2 });
  expect(treeStep(nodes, 0, 'x')).toBeUndefined();
});
