// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { allMachines, useMachineFilter, useMachinePane } from '../../stores/machine-filter.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import type { MachineRow } from './columns.tsx';
import Machines from './index.tsx';

const row = (index: number): MachineRow => ({
  id: `m${index}`,
  sourceId: 's1',
  ref: `vm-${index}`,
  name: `web-${index}`,
  folder: 'prod',
  cluster: 'c1',
  host: 'h1',
  powerState: 'on',
  guestName: 'Linux',
  cpus: 2,
  memory: 2 ** 31,
  capacity: 2 ** 34,
  diskCount: 1,
  protection: 'none',
  seenAt: '2030-01-01T00:00:00Z',
});
const details = (id: string): Output<'vms.get'> => ({
  ...row(Number(id.slice(1))),
  instanceUuid: 'u',
  firmware: 'efi',
  secureBoot: true,
  tools: 'toolsOk',
  hardwareVersion: 19,
  changeTracking: false,
  template: false,
  tags: [],
  snapshotCount: 2,
  snapshots: [{ name: 'before the update', ours: false }],
  tracking: { state: 'off', text: 'The first run switches it on.' },
  disks: [{ key: 2000, label: 'Hard disk 1', capacity: 2 ** 34, datastore: 'ds', thin: true, excluded: 'It is a raw device.' }],
  adapters: [{ key: 4000, label: 'Network adapter 1', mac: '00:50:56:00:00:01', network: 'VM Network' }],
  migrations: [{ id: 'j1', targetId: 't1', targetName: 'replicas', state: 'active', recoveryPoints: 1 }],
});
const tree: Output<'vms.tree'> = {
  machines: 3,
  protected: 1,
  sources: [
    {
      sourceId: 's1',
      kind: 'vsphere',
      name: 'vc',
      machines: 3,
      protected: 1,
      folders: [{ path: 'prod', name: 'prod', machines: 3, protected: 1 }],
      clusters: [{ name: 'c1', machines: 3, protected: 1 }],
    },
  ],
};
const answers: Answers = {
  'vms.tree': tree,
  'vms.list': ({ query }) => {
    const items = [1, 2, 3].map(row).filter(({ name }) => name.includes(query?.text ?? ''));
    return { items, total: items.length };
  },
  'vms.get': ({ params }) => details(params.id),
};
const asked = (calls: { id: string; input: unknown }[]) =>
  calls.filter(({ id }) => id === 'vms.list').map(({ input }) => (input as { query: object }).query);

beforeEach(() => {
  location.hash = '';
  useMachineFilter.setState(allMachines);
  useMachinePane.setState({ tree: true, by: 'folders' });
});

test('search, folder, power and order are asked of the server', async () => {
  const { calls } = renderWith(<Machines params={{}} />, answers);
  await screen.findByText('web-1');
  fireEvent.keyDown(document.documentElement, { key: '/', code: 'Slash' });
  const search = screen.getByRole('searchbox');
  expect(document.activeElement).toBe(search);
  fireEvent.change(search, { target: { value: 'web-2' } });
  await waitFor(() => expect(screen.queryByText('web-1')).toBeNull());
  fireEvent.click(screen.getByRole('treeitem', { name: 'prod 3: 1 of 3 machines protected' }));
  fireEvent.click(screen.getByRole('button', { name: 'Disks' }));
  await waitFor(() => expect(asked(calls).at(-1)).toEqual({ text: 'web-2', sourceId: 's1', folder: 'prod', sort: 'capacity', limit: 100 }));
  fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
  expect(await screen.findByText('web-1')).toBeTruthy();
});

test('the tree is walked by keys', async () => {
  renderWith(<Machines params={{}} />, answers);
  const all = await screen.findByRole('treeitem', { name: /^All machines/ });
  all.focus();
  fireEvent.keyDown(all, { key: 'ArrowDown' });
  fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowLeft' });
  expect(screen.queryByRole('treeitem', { name: /^prod/ })).toBeNull();
  fireEvent.keyDown(document.activeElement as Element, { key: 'Enter' });
  expect(useMachineFilter.getState().sourceId).toBe('s1');
});

test('several machines are selected and replicated together', async () => {
  renderWith(<Machines params={{}} />, answers);
  await screen.findByText('web-1');
  fireEvent.keyDown(screen.getByRole('grid'), { key: 'a', ctrlKey: true });
  const bar = screen.getByRole('region', { name: 'Selected machines' });
  expect(within(bar).getByText('3 selected')).toBeTruthy();
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select web-2' }));
  fireEvent.click(within(bar).getByRole('button', { name: 'Replicate 2 machines …' }));
  expect(location.hash).toBe('#/migrations/new/m1,m3');
});

test('who may only look is told so', async () => {
  renderWith(<Machines params={{}} />, answers, { role: 'viewer' });
  await screen.findByText('web-1');
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select web-2' }));
  const button = screen.getByRole('button', { name: 'Replicate …' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  fireEvent.click(button);
  expect(location.hash).toBe('');
});

test('details tell disks, snapshots, tracking and migrations, and lead on', async () => {
  renderWith(<Machines params={{ id: 'm2' }} />, answers);
  const panel = await screen.findByRole('complementary', { name: 'Details of web-2' });
  for (const text of [
    'Hard disk 1',
    'Left out: It is a raw device.',
    'before the update',
    'and 1 more',
    'The first run switches it on.',
    'UEFI with Secure Boot',
  ])
    expect(within(panel).getByText(text)).toBeTruthy();
  expect(within(panel).getByRole('link', { name: 'to replicas' }).getAttribute('href')).toBe('#/migrations/j1');
  fireEvent.click(within(panel).getByRole('button', { name: 'Replicate …' }));
  expect(location.hash).toBe('#/migrations/new/m2');
  fireEvent.keyDown(panel, { key: 'Escape' });
  expect(location.hash).toBe('#/machines');
});

test('Escape anywhere on the page closes the details, but not in a field or below a dialog', async () => {
  location.hash = '#/machines/m2';
  renderWith(<Machines params={{ id: 'm2' }} />, answers);
  await screen.findByRole('complementary', { name: 'Details of web-2' });
  fireEvent.keyDown(screen.getByRole('searchbox'), { key: 'Escape' });
  const dialog = document.body.appendChild(document.createElement('div'));
  dialog.setAttribute('role', 'dialog');
  fireEvent.keyDown(document.body, { key: 'Escape' });
  dialog.remove();
  expect(location.hash).toBe('#/machines/m2');
  fireEvent.keyDown(document.body, { key: 'Escape' });
  expect(location.hash).toBe('#/machines');
});

test('a machine that somebody else migrates says so and is not offered again', async () => {
  const foreign = { ...details('m2'), protection: 'protected' as const, migrations: [] };
  renderWith(<Machines params={{ id: 'm2' }} />, { ...answers, 'vms.get': foreign }, { role: 'operator' });
  const panel = await screen.findByRole('complementary', { name: 'Details of web-2' });
  expect(within(panel).getByText(/^Protected by somebody else\. Ask an administrator/)).toBeTruthy();
  expect(within(panel).queryByRole('button', { name: 'Replicate …' })).toBeNull();
});

test('a view is saved, found again, removed and brought back', async () => {
  renderWith(<Machines params={{}} />, answers);
  await screen.findByText('web-1');
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'web-3' } });
  fireEvent.click(screen.getByRole('button', { name: 'Views' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: /Save this view/ }));
  fireEvent.change(await screen.findByLabelText(/Name of this view/), { target: { value: 'third' } });
  fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  useMachineFilter.setState(allMachines);
  fireEvent.click(screen.getByRole('button', { name: 'Views' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: 'third' }));
  expect(useMachineFilter.getState()).toEqual({ ...allMachines, text: 'web-3' });
});

test('without a source there are the three doors', async () => {
  renderWith(<Machines params={{}} />, { 'vms.tree': { machines: 0, protected: 0, sources: [] } });
  expect(await screen.findByRole('button', { name: /Try the lab/ })).toBeTruthy();
});
