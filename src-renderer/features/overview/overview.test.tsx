// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useMigrationFilter } from '../../stores/migration-filter.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import Overview from './index.tsx';

const at = '2030-01-01T00:00:00Z';
const none = { read: 0, sent: 0, zero: 0, unchanged: 0 };
const empty: Output<'overview.get'> = {
  counts: {
    migrations: 0,
    protected: 0,
    withoutPoint: 0,
    behind: 0,
    failed: 0,
    running: 0,
    paused: 0,
    cutOver: 0,
    machines: 0,
    unprotected: 0,
  },
  moved: { ...none, runs: 0, days: [{ day: '2030-01-01', runs: 0, failed: 0, ...none }] },
  nextCutovers: [],
  nextRuns: [],
  attention: [],
};
const full: Output<'overview.get'> = {
  ...empty,
  counts: { ...empty.counts, migrations: 9, failed: 1, machines: 12, unprotected: 3 },
  attention: [
    { kind: 'run-failed', migrationId: 'j1', machineName: 'web', text: 'The last run of web failed.', since: at },
    ...['a', 'b', 'c', 'd'].map((name) => ({
      kind: 'unscheduled' as const,
      migrationId: name,
      machineName: name,
      text: `${name} has none.`,
      since: at,
    })),
  ],
};

beforeEach(() => {
  location.hash = '';
});

test('without anything: the three doors; a viewer is told who opens them', async () => {
  const answers = { 'overview.get': empty, 'sources.list': { items: [] }, 'targets.list': { items: [] } };
  const { unmount } = renderWith(<Overview />, answers);
  expect(await screen.findByRole('button', { name: /Connect a vCenter/ })).toBeTruthy();
  unmount();
  renderWith(<Overview />, answers, { role: 'viewer' });
  expect(await screen.findByText(/An administrator connects the first source/)).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});

test('a failed run can be begun again, many of a kind are one line, and the counts lead to their migrations', async () => {
  const { calls } = renderWith(<Overview />, {
    'overview.get': full,
    'migrations.list': { items: [], total: 0 },
    'migrations.sync': { operationId: 'o', migrationId: 'j1', kind: 'sync' },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Run again: web' }));
  await waitFor(() => expect(calls.find(({ id }) => id === 'migrations.sync')?.input).toMatchObject({ params: { id: 'j1' } }));
  expect(screen.queryByText('d has none.', { exact: false })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Show them: No schedule' }));
  expect(screen.getByText('d has none.', { exact: false })).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: /^Failed/ }));
  expect(useMigrationFilter.getState().filter).toBe('failed');
  expect(location.hash).toBe('#/migrations');
});

test('a schedule that a cutover ended is switched on from here', async () => {
  const off = { kind: 'unscheduled' as const, migrationId: 'j1', machineName: 'web', text: 'It is off.', since: at, scheduleIds: ['s1'] };
  const answers = { 'overview.get': { ...full, attention: [off] }, 'migrations.list': { items: [], total: 0 } };
  const { calls } = renderWith(<Overview />, { ...answers, 'schedules.update': {} as never });
  fireEvent.click(await screen.findByRole('button', { name: 'Turn its schedule on: web' }));
  const update = () => calls.find(({ id }) => id === 'schedules.update')?.input;
  await waitFor(() => expect(update()).toEqual({ params: { id: 's1' }, body: { enabled: true } }));
  expect(screen.queryByRole('link', { name: /Add a schedule/ })).toBeNull();
});

test('a viewer looks, but begins nothing', async () => {
  renderWith(<Overview />, { 'overview.get': full, 'migrations.list': { items: [], total: 0 } }, { role: 'viewer' });
  expect(await screen.findByRole('link', { name: 'Look at it: web' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: /Run again/ })).toBeNull();
});

test('a paused scheduler leads to the schedules, and goes on only by an administrator', async () => {
  const text = 'The scheduler is paused since a backup was restored.';
  const migrations = { ...full.counts, migrations: 1 };
  const overview = { ...full, counts: migrations, attention: [{ kind: 'schedules-paused' as const, text, since: at }] };
  const answers = { 'overview.get': overview, 'migrations.list': { items: [], total: 0 } };
  const { unmount } = renderWith(<Overview />, answers);
  expect(await screen.findByRole('button', { name: 'Let it go on' })).toBeTruthy();
  expect(screen.getByText(text, { exact: false })).toBeTruthy();
  unmount();
  renderWith(<Overview />, answers, { role: 'viewer' });
  expect(await screen.findByText(text, { exact: false })).toBeTruthy();
  expect(screen.getAllByRole('link', { name: 'Schedules' }).map((link) => link.getAttribute('href'))).toContain('#/schedules');
  expect(screen.queryByRole('button', { name: 'Let it go on' })).toBeNull();
});

test('a source without an answer is read again or mended from here, a task that was given up is opened', async () => {
  const text = 'vc.example cannot be read: nobody answers.';
  const attention: (typeof full)['attention'] = [
    { kind: 'source-failed', sourceId: 's1', environmentName: 'vc.example', text, since: at },
    { kind: 'task-dead', taskId: 't1', text: 'A planned retention was given up.', since: at },
  ];
  const answers: Answers = {
    'overview.get': { ...full, attention },
    'migrations.list': { items: [], total: 0 },
    'sources.sync': { machines: 3, removed: 0, tookMs: 1 },
  };
  const { calls, unmount } = renderWith(<Overview />, answers);
  expect((await screen.findByRole('link', { name: 'Edit the connection: vc.example' })).getAttribute('href')).toBe('#/sources/s1');
  expect(screen.getByRole('link', { name: 'Look at the task' }).getAttribute('href')).toBe('#/schedules/tasks/t1');
  fireEvent.click(screen.getByRole('button', { name: 'Read now: vc.example' }));
  await waitFor(() => expect(calls.find(({ id }) => id === 'sources.sync')?.input).toEqual({ params: { id: 's1' } }));
  unmount();
  renderWith(<Overview />, answers, { role: 'viewer' });
  expect(await screen.findByText(text, { exact: false })).toBeTruthy();
  expect(screen.queryByRole('button', { name: /Read now/ })).toBeNull();
  expect(screen.queryByRole('link', { name: /Edit the connection/ })).toBeNull();
});

test('machines that others protect do not wait to be chosen', async () => {
  const answers = (unprotected: number): Answers => ({
    'overview.get': { ...empty, counts: { ...empty.counts, machines: 12, unprotected } },
    'sources.list': { items: [{ id: 's', kind: 'images', name: 's', folder: '/s', grouping: 'by-name', createdAt: at }] },
    'targets.list': { items: [{ id: 't', kind: 'local', name: 't', folder: '/t', createdAt: at }] },
  });
  const { unmount } = renderWith(<Overview />, answers(5), { role: 'operator' });
  expect(await screen.findByText(/^5 machines wait to be chosen/)).toBeTruthy();
  unmount();
  renderWith(<Overview />, answers(0), { role: 'operator' });
  expect(await screen.findByText(/^Each of 12 machines has a migration of somebody else/)).toBeTruthy();
});

test('what stands in the way of a first migration is told with the next step', async () => {
  const attention = [{ kind: 'target-failed' as const, targetId: 't', environmentName: 'Shelf', text: 'Shelf is not there.', since: at }];
  renderWith(<Overview />, {
    'overview.get': { ...empty, attention, counts: { ...empty.counts, machines: 3, unprotected: 3 } },
    'sources.list': { items: [{ id: 's', kind: 'images', name: 's', folder: '/s', grouping: 'by-name', createdAt: at }] },
    'targets.list': { items: [{ id: 't', kind: 'local', name: 'Shelf', folder: '/t', createdAt: at }] },
  });
  expect(await screen.findByText('Shelf is not there.', { exact: false })).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Targets: Shelf' })).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Choose machines' })).toBeTruthy();
});
