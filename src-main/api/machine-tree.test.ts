import { expect, test } from 'vitest';
import { machineTree } from './machine-tree.ts';

const common = { instanceUuid: 'u', createdAt: '2026-01-02T03:04:05.000Z' };
const vcenter = { ...common, id: 's', kind: 'vsphere', name: 'vc', url: 'u', username: 'u', thumbprint: 'AA' } as const;
const images = { ...common, id: 'i', kind: 'images', name: 'shelf', place: { grouping: 'by-name', folder: '/srv' } } as const;
const count = (folder: string, cluster: string, machines: number, kept = 0, sourceEnvironmentId = 's') => ({
  ...{ sourceEnvironmentId, folder, cluster, machines },
  protected: kept,
});

test('a folder counts what is below it, and folders of folders are there', () => {
  const tree = machineTree(
    [vcenter, images],
    [count('/DC/vm/a/b', 'c1', 3, 1), count('/DC/vm/a', 'c2', 2), count('/DC/vm/z', '', 5, 5), count('/DC/vm/a', 'c1', 1)],
  );
  expect(tree).toMatchObject({ machines: 11, protected: 6 });
  const [first, second] = tree.sources;
  expect(first?.folders).toEqual([
    { path: '/DC', parent: undefined, name: 'DC', machines: 11, protected: 6 },
    { path: '/DC/vm', parent: '/DC', name: 'vm', machines: 11, protected: 6 },
    { path: '/DC/vm/a', parent: '/DC/vm', name: 'a', machines: 6, protected: 1 },
    { path: '/DC/vm/a/b', parent: '/DC/vm/a', name: 'b', machines: 3, protected: 1 },
    { path: '/DC/vm/z', parent: '/DC/vm', name: 'z', machines: 5, protected: 5 },
  ]);
  expect(first?.clusters).toEqual([
    { name: 'c1', machines: 4, protected: 1 },
    { name: 'c2', machines: 2, protected: 0 },
  ]);
  expect(second).toEqual({ sourceId: 'i', kind: 'images', name: 'shelf', machines: 0, protected: 0, folders: [], clusters: [] });
});

test('machines in no folder, at the root, and on a drive of Windows have their place', () => {
  const folders = machineTree([vcenter], [count('', 'x', 2), count('/', '', 1), count('C:/vm', '', 4)]).sources[0];
  expect(folders?.machines).toBe(7);
  expect(folders?.folders.map(({ path, parent, name }) => [path, parent, name])).toEqual([
    ['/', undefined, '/'],
    ['C:', undefined, 'C:'],
    ['C:/vm', 'C:', 'vm'],
  ]);
});
