// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { ClientError } from '../../api/client-error.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import { probeTexts } from '../../texts/sources.ts';
import Sources from './index.tsx';

type Probe = Output<'sources.probe'>;
const at = '2030-01-01T00:00:00Z';
const thumbprint = 'AB:CD';
const vcenter = {
  id: 's1',
  kind: 'vsphere' as const,
  name: 'vc',
  url: 'https://vc.example/sdk',
  username: 'root',
  thumbprint,
  createdAt: at,
  inventory: { machines: 7, readAt: at },
};
const base: Answers = { 'sources.list': { items: [vcenter] }, 'lab.get': { running: false, machines: 0 }, 'targets.list': { items: [] } };
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));

function probeOf(accepted: boolean, login: 'passed' | 'failed' | 'not-tried', missing: Probe['missingPrivileges'] = []): Probe {
  const step = (id: Probe['steps'][number]['id'], outcome: Probe['steps'][number]['outcome']) => ({
    id,
    outcome,
    text: `${id} ${outcome}`,
  });
  return {
    ok: accepted && login === 'passed',
    steps: [
      step('certificate', accepted ? 'passed' : 'failed'),
      step('login', login),
      step('privileges', missing.length > 0 ? 'failed' : login),
    ],
    certificate: {
      thumbprint,
      subject: 'CN=vc',
      issuer: 'CN=vc',
      validFrom: at,
      validTo: '2040-01-01T00:00:00Z',
      trusted: false,
      accepted,
    },
    ...(login === 'passed' ? { missingPrivileges: missing } : {}),
    server: { name: 'vCenter 8', version: '8.0' },
    tookMs: 1,
  };
}

test.each(['new-vsphere', 'new-images', 's1'])('the head of the drawer %s is no second banner of the page', async (id) => {
  renderWith(<Sources params={{ id }} />, base);
  const drawer = within(await screen.findByRole('dialog'));
  await drawer.findByRole('form');
  expect(drawer.getByRole('button', { name: 'Close' })).toBeTruthy();
  expect(drawer.queryByRole('banner')).toBeNull();
});

test('a vCenter: the certificate is accepted, a wrong password is named, what is missing is told, then it is added and read', async () => {
  const { calls } = renderWith(<Sources params={{ id: 'new-vsphere' }} />, {
    ...base,
    'sources.list': { items: [] },
    'sources.probe': ({ body }) => {
      const { thumbprint: given, password } = body as { thumbprint?: string; password?: string };
      if (given !== thumbprint) return probeOf(false, 'not-tried');
      return password === 'right'
        ? probeOf(true, 'passed', [{ privilege: 'VirtualMachine.State.CreateSnapshot', on: 'web' }])
        : probeOf(true, 'failed');
    },
    'sources.create': vcenter,
    'sources.sync': { machines: 7, removed: 0, tookMs: 1 },
  });
  await screen.findByLabelText('Address');
  type('Address', 'vc.example');
  type('User name', 'root');
  type('Password', 'wrong');
  press('Test the connection');
  expect(await screen.findByText(thumbprint)).toBeTruthy();
  press('Accept this certificate');
  expect(await screen.findByText('login failed')).toBeTruthy();
  expect(screen.getByText(/Check the user name and the password/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Add this vCenter' })).toBeNull();
  type('Password', 'right');
  expect(screen.getByText('Something was changed since this test.')).toBeTruthy();
  press('Test the connection');
  expect(await screen.findByRole('region', { name: probeTexts.missing.label })).toBeTruthy();
  press('Add this vCenter');
  await waitFor(() => expect(calls.find(({ id }) => id === 'sources.sync')?.input).toEqual({ params: { id: 's1' } }));
  expect(calls.find(({ id }) => id === 'sources.create')?.input).toEqual({
    body: { url: 'https://vc.example/sdk', username: 'root', password: 'right', thumbprint },
  });
});

test('edited without its password: the rest is tried, and the kept one is not sent', async () => {
  const { calls } = renderWith(<Sources params={{ id: 's1' }} />, {
    ...base,
    'sources.probe': probeOf(true, 'not-tried'),
    'sources.update': vcenter,
    'sources.sync': { machines: 7, removed: 0, tookMs: 1 },
  });
  await screen.findByLabelText('User name');
  type('User name', 'reader');
  press('Test the connection');
  fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
  await waitFor(() =>
    expect(calls.find(({ id }) => id === 'sources.update')?.input).toEqual({
      params: { id: 's1' },
      body: { url: 'https://vc.example/sdk', username: 'reader', thumbprint, name: 'vc' },
    }),
  );
  // It may have been silent until now.
  await waitFor(() => expect(calls.some(({ id }) => id === 'sources.sync')).toBe(true));
});

test('disk images: what was found and skipped is shown before it is added', async () => {
  const { calls } = renderWith(<Sources params={{ id: 'new-images' }} />, {
    ...base,
    'sources.probe': {
      ok: true,
      steps: [{ id: 'images', outcome: 'passed', text: 'There are disk images.' }],
      images: { machines: 1, disks: 2, bytes: 2 ** 30, skipped: [{ file: '/srv/a.txt', why: 'no disk image' }] },
      tookMs: 1,
    },
    'sources.create': { id: 's2', kind: 'images', name: 'srv', folder: '/srv', grouping: 'by-name', createdAt: at },
    'sources.sync': new ClientError('source.unreachable', 'The folder is gone.'),
  });
  await screen.findByLabelText('Folder');
  type('Folder', 'srv');
  press('Look what is there');
  expect(await screen.findByText('Give the whole path, from the root on.')).toBeTruthy();
  type('Folder', '/srv');
  press('Look what is there');
  expect(await screen.findByText('1 machine, 2 disks, 1 GiB')).toBeTruthy();
  expect(screen.getByText('/srv/a.txt')).toBeTruthy();
  press('Add these disk images');
  await waitFor(() =>
    expect(calls.find(({ id }) => id === 'sources.create')?.input).toEqual({
      body: { kind: 'images', folder: '/srv', grouping: 'by-name' },
    }),
  );
});

test('what is in use is not removed: the migrations that need it are named', async () => {
  const settings = { keep: 5, verify: 'written' as const, quiesce: true, bandwidthLimit: 0 };
  const migration = {
    machineId: 'm',
    sourceId: 's1',
    targetId: 't',
    state: 'active' as const,
    settings,
    paused: false,
    userIds: [],
    createdAt: at,
  };
  const { calls } = renderWith(<Sources params={{}} />, {
    ...base,
    'migrations.list': {
      total: 2,
      items: [
        { ...migration, id: 'j1', machineName: 'web' },
        { ...migration, id: 'j2', machineName: 'other', sourceId: 's9' },
      ],
    },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Actions for vc' }));
  fireEvent.click(await screen.findByText('Remove'));
  const list = await screen.findByRole('list', { name: 'Migrations that need it' });
  expect(within(list).getAllByRole('link')).toHaveLength(1);
  expect(screen.queryByRole('button', { name: 'Remove the source' })).toBeNull();
  expect(calls.some(({ id }) => id === 'sources.remove')).toBe(false);
});

test('a viewer sees the sources and can do nothing to them', async () => {
  renderWith(<Sources params={{ id: 'new-vsphere' }} />, base, { role: 'viewer' });
  expect(await screen.findByText('vc')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /Connect|Open|Read now|Actions|Start/ })).toBeNull();
  expect(screen.queryByRole('form', { name: 'Connect a vCenter' })).toBeNull();
});

test('a source that no longer answers says so, with what it said and since when; to be read again', async () => {
  const failure = { code: 'source.unreachable', message: 'Nobody answers at vc.example.', since: at };
  const { calls } = renderWith(<Sources params={{}} />, {
    ...base,
    'sources.list': { items: [{ ...vcenter, contact: { askedAt: at, failure } }] },
    'sources.sync': new ClientError('source.unreachable', 'Still nobody.'),
  });
  expect(await screen.findByText('No answer')).toBeTruthy();
  expect(screen.getByText(failure.message)).toBeTruthy();
  expect(screen.queryByText('Read')).toBeNull();
  press('Read now: vc');
  await waitFor(() => expect(calls.some(({ id }) => id === 'sources.sync')).toBe(true));
});

test('another name alone is saved without a test, and nothing is read for it', async () => {
  const { calls } = renderWith(<Sources params={{ id: 's1' }} />, { ...base, 'sources.update': { ...vcenter, name: 'Cellar' } });
  await screen.findByLabelText('Name');
  expect(screen.getByRole('button', { name: 'Test the connection' })).toBeTruthy();
  type('Name', ' Cellar ');
  press('Save');
  await waitFor(() =>
    expect(calls.find(({ id }) => id === 'sources.update')?.input).toEqual({ params: { id: 's1' }, body: { name: 'Cellar' } }),
  );
  expect(calls.some(({ id }) => id === 'sources.probe' || id === 'sources.sync')).toBe(false);
});

test('a silent source that answers a test again is read once it is saved, though nothing was changed', async () => {
  const failure = { code: 'source.unreachable', message: 'Nobody answers.', since: at };
  const { calls } = renderWith(<Sources params={{ id: 's1' }} />, {
    ...base,
    'sources.list': { items: [{ ...vcenter, contact: { askedAt: at, failure } }] },
    'sources.probe': probeOf(true, 'not-tried'),
    'sources.update': vcenter,
    'sources.sync': { machines: 7, removed: 0, tookMs: 1 },
  });
  await screen.findByText(/^It does not answer, since/);
  press('Test the connection');
  fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
  await waitFor(() => expect(calls.find(({ id }) => id === 'sources.sync')?.input).toEqual({ params: { id: 's1' } }));
});

test('silent disk images are looked at before they are saved as they are; another name needs no look', async () => {
  const failure = { code: 'source.missing', message: 'The folder is not there.', since: at };
  const source = { id: 's2', kind: 'images' as const, name: 'srv', folder: '/srv', grouping: 'by-name' as const, createdAt: at };
  renderWith(<Sources params={{ id: 's2' }} />, { ...base, 'sources.list': { items: [{ ...source, contact: { askedAt: at, failure } }] } });
  expect(await screen.findByRole('button', { name: 'Look what is there' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
  type('Name', 'Cellar');
  expect(screen.getByRole('button', { name: 'Save' })).toBeTruthy();
});

test('the lab is offered as it was last: samples first, generated machines only where they are chosen', async () => {
  const { calls } = renderWith(<Sources params={{}} />, { ...base, 'lab.start': { running: true, machines: 12 } });
  const starts = () => calls.filter(({ id }) => id === 'lab.start').map(({ input }) => input);
  fireEvent.click(await screen.findByRole('button', { name: 'Start the lab' }));
  await waitFor(() => expect(starts()).toEqual([{ body: {} }]));
});

test('a lab of generated machines is offered as that again', async () => {
  const { calls } = renderWith(<Sources params={{}} />, {
    ...base,
    'lab.get': { running: false, machines: 0, last: { machines: 3, seed: 5 } },
    'lab.start': { running: true, machines: 3 },
  });
  expect(await screen.findByText(/hundreds of GiB/)).toBeTruthy();
  press('Start the lab');
  await waitFor(() => expect(calls.find(({ id }) => id === 'lab.start')?.input).toEqual({ body: { machines: 3, seed: 5 } }));
});
