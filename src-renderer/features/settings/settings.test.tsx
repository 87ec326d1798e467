// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { ClientError } from '../../api/client-error.ts';
import { renderWith } from '../../testing/render.tsx';
import Settings from './index.tsx';
import type { Setting } from './setting-value.ts';

const setting: Setting = {
  ...{ name: 'scheduler.concurrentRuns', type: 'integer', value: 8, default: 8, source: 'default', variable: 'OCTOPUS_X', writable: true },
  ...{ description: 'D.', range: 'a whole number from 1 to 256 (runs)', unit: 'runs', minimum: 1, maximum: 256 },
  ...{ effect: 'at-once', restartPending: false },
};
const inPart = (part?: string) => <Settings params={{ part }} />;
const links = () => screen.getAllByRole('link').map((link) => link.textContent);

test('a value is checked, saved by Enter and refused in words', async () => {
  const stored = { ...setting, value: 12, source: 'stored' as const };
  const refusal = new ClientError('argument.invalid', 'scheduler.concurrentRuns must be something else.', { field: setting.name });
  let answer: Setting | ClientError = stored;
  const { calls } = renderWith(inPart(), {
    'settings.list': { items: [setting] },
    'settings.set': () => {
      if (answer instanceof ClientError) throw answer;
      return answer;
    },
  });
  const field = await screen.findByLabelText('Scheduled runs at a time');
  const type = (value: string) => {
    fireEvent.change(field, { target: { value } });
    fireEvent.keyDown(field, { key: 'Enter' });
  };
  type('300');
  await screen.findByText(`It must be ${setting.range}.`);
  expect(calls.some(({ id }) => id === 'settings.set')).toBe(false);
  type('12');
  const sent = { params: { name: setting.name }, body: { value: 12 } };
  await waitFor(() => expect(calls.find(({ id }) => id === 'settings.set')?.input).toEqual(sent));
  answer = refusal;
  type('13');
  await screen.findByText(refusal.message);
});

test('the bandwidth of all runs is shown and typed in MiB a second', async () => {
  const limit: Setting = {
    ...{ ...setting, name: 'replication.bandwidthLimit', value: 20 * 2 ** 20, default: 0, source: 'stored', unit: 'bytes a second' },
    ...{
      range: 'a whole number from 65536 to 100000000000 (bytes a second), or 0 for no limit',
      minimum: 65_536,
      maximum: 100_000_000_000,
    },
  };
  const { calls } = renderWith(inPart(), { 'settings.list': { items: [limit] }, 'settings.set': limit });
  const field = await screen.findByLabelText<HTMLInputElement>('Bandwidth of all runs');
  expect(field.value).toBe('20 MiB/s');
  expect(screen.getByText('64 KiB/s to 93.1 GiB/s.')).toBeTruthy();
  expect(screen.getByText('Default: no limit.')).toBeTruthy();
  const save = () => calls.filter(({ id }) => id === 'settings.set').map(({ input }) => (input as { body: unknown }).body);
  fireEvent.change(field, { target: { value: '12.5' } });
  fireEvent.click(screen.getByRole('button', { name: 'Save: Bandwidth of all runs' }));
  await waitFor(() => expect(save()).toEqual([{ value: 12.5 * 2 ** 20 }]));
});

test('what the environment says cannot be changed here; what waits for a restart says so', async () => {
  const items: Setting[] = [
    { ...setting, source: 'environment', writable: false },
    { ...setting, name: 'retention.defaultKeep', effect: 'restart', restartPending: true, source: 'stored' },
  ];
  renderWith(inPart(), { 'settings.list': { items } });
  expect(((await screen.findByLabelText('Scheduled runs at a time')) as HTMLInputElement).disabled).toBe(true);
  screen.getByText(/environment variable OCTOPUS_X/);
  screen.getByText('A setting waits for a restart');
});

test('others than administrators find their own things, and no administration by its address', async () => {
  renderWith(inPart('directory'), {}, { role: 'operator' });
  expect(links()).toEqual(['Appearance', 'Password', 'About']);
  expect(screen.getByRole('link', { name: 'Appearance' }).getAttribute('aria-current')).toBe('page');
});

test('the directory is tested step by step', async () => {
  const step = { step: 'connect', ok: false, message: 'The server refuses the connection. Look at its port.' } as const;
  const { calls } = renderWith(inPart('directory'), {
    'settings.list': { items: [] },
    'directory.get': { enabled: false, passwordStored: false },
    'directory.test': { ok: false, servers: [{ url: 'ldaps://dc', ok: false, steps: [step] }] },
  });
  fireEvent.change(await screen.findByLabelText('A login name to try'), { target: { value: ' anna ' } });
  fireEvent.click(screen.getByRole('button', { name: 'Test the directory' }));
  await screen.findByText(step.message);
  expect(calls.find(({ id }) => id === 'directory.test')?.input).toEqual({ body: { sampleUser: 'anna' } });
});
