// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { ClientError } from '../../api/client-error.ts';
import { filterMigrations, useMigrationFilter } from '../../stores/migration-filter.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import type { Migration } from '../migration/next-step.ts';
import { inTurns } from './in-turns.ts';
import Migrations from './index.tsx';

const at = '2030-01-01T00:00:00Z';
const migration = (id: string, change: Partial<Migration> = {}): Migration => ({
  id,
  machineId: `v-${id}`,
  machineName: `web-${id}`,
  sourceId: 's1',
  targetId: 't1',
  state: 'active',
  settings: { keep: 3, verify: 'written', quiesce: false, bandwidthLimit: 0 },
  paused: false,
  userIds: [],
  createdAt: at,
  ...change,
});

const listed = (items: Migration[]) => ({ items, total: items.length });

function show(items: Migration[], more: Answers = {}, role: 'admin' | 'viewer' = 'admin') {
  const target = { id: 't1', kind: 'local' as const, name: 'Basement', folder: '/srv', createdAt: at };
  const answers: Answers = {
    'migrations.list': ({ query }) => listed(items.filter(({ machineName }) => machineName.includes(query?.text ?? ''))),
    'targets.list': { items: [target] },
    'migrations.sync': ({ params }) => {
      if (params.id === '2') throw new ClientError('job.state', 'It is busy.');
      return { operationId: 'o', migrationId: params.id, kind: 'sync' };
    },
    ...more,
  };
  return renderWith(<Migrations />, answers, { role });
}

beforeEach(() => {
  location.hash = '';
  useMigrationFilter.setState({ filter: 'all', sort: 'machine' });
});

test('rows tell how each is; Enter opens it', async () => {
  show([migration('1', { paused: true, newestPoint: { id: 'p', takenAt: at, verifiedAt: at, outcome: 'match' } }), migration('2')]);
  const grid = await screen.findByRole('grid', { name: 'Migrations' });
  expect(await within(grid).findByText('Paused')).toBeTruthy();
  expect(within(grid).getByText('Not run yet')).toBeTruthy();
  expect(screen.getAllByText('Basement')).toHaveLength(2);
  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: 'Enter' });
  expect(location.hash).toBe('#/migrations/2');
});

test('what failed before there was a run, and what Octopus ended with itself', async () => {
  const counts = { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0, verified: 0 };
  const error = { code: 'server.stopping', message: 'Octopus ended while it went on.' };
  const lastRun = {
    ...{ id: 'r', kind: 'full' as const, state: 'failed' as const, phase: 'transfer', notes: [], counts, recoveryPointId: 'p' },
    ...{ error, startedAt: at, endedAt: at },
  };
  show([migration('1', { lastFailure: { code: 'source.unreachable', message: 'It does not answer.', at } }), migration('2', { lastRun })]);
  const grid = within(await screen.findByRole('grid', { name: 'Migrations' }));
  expect(await grid.findByText('Failed')).toBeTruthy();
  expect(grid.getByTitle('It does not answer.')).toBeTruthy();
  expect(grid.getByText('Interrupted')).toBeTruthy();
  expect(grid.getByText('Not run yet')).toBeTruthy();
});

test('a row tells its next run as the core has it, and asks for no schedules', async () => {
  const { calls } = show([migration('1', { nextRun: at }), migration('2'), migration('3', { paused: true })]);
  const cells = async (name: string) => {
    const row = (await screen.findByText(name)).closest<HTMLElement>('[role=row]');
    return within(row as HTMLElement);
  };
  const time = (await cells('web-1')).getByRole('time');
  expect(time.getAttribute('datetime')).toBe(at);
  expect((await cells('web-2')).getByText('not scheduled')).toBeTruthy();
  expect((await cells('web-3')).getByText('paused')).toBeTruthy();
  expect(calls.some(({ id }) => id.startsWith('schedules.'))).toBe(false);
});

test('what waits for other work with its machine says whose, as far as it may be seen', async () => {
  const task = { kind: 'run', state: 'running', priority: 10, attempts: 1, dueAt: at, createdAt: at } as const;
  const waiting = (id: string, waitsFor?: string) => migration(id, { working: 'sync', ...(waitsFor === undefined ? {} : { waitsFor }) });
  show([waiting('1', 't1'), waiting('2', 't2'), waiting('3'), migration('4', { waitsFor: 't1' })], {
    'tasks.get': ({ params }) => {
      if (params.id === 't2') throw new ClientError('not.found', 'There is no task t2.');
      return { ...task, id: params.id, machineName: 'web-1', migrationId: 'm' };
    },
  });
  expect(await screen.findAllByText('Waits for Replicate: web-1')).toHaveLength(1);
  expect(screen.getAllByText('Waits for other work with the same machine')).toHaveLength(1);
  expect(screen.getAllByText('Waiting for its turn')).toHaveLength(1);
});

test('the core searches and filters; nothing found can be undone', async () => {
  const { calls } = show([migration('1')]);
  fireEvent.change(await screen.findByRole('searchbox', { name: 'Search by machine' }), { target: { value: 'mail' } });
  expect(await screen.findByRole('heading', { name: 'None fits' })).toBeTruthy();
  expect(calls.findLast(({ id }) => id === 'migrations.list')?.input).toEqual({ query: { sort: 'machine', limit: 100, text: 'mail' } });
  fireEvent.click(screen.getByRole('button', { name: 'Show all' }));
  expect(await screen.findByText('web-1')).toBeTruthy();
});

test('of many only what is in sight is asked for; the end of the list is one call away', async () => {
  const all = Array.from({ length: 1000 }, (_, index) => migration(String(index)));
  const { calls } = show([], {
    'migrations.list': ({ query: { position = 0, limit = 50 } = {} }) => ({
      items: all.slice(Number(position), Number(position) + Number(limit)),
      total: all.length,
    }),
  });
  const grid = await screen.findByRole('grid', { name: 'Migrations' });
  expect(await screen.findByText('1,000 rows')).toBeTruthy();
  expect(within(grid).getAllByRole('row').length).toBeLessThan(60);
  expect(calls.filter(({ id }) => id === 'migrations.list')).toHaveLength(1);
  fireEvent.keyDown(grid, { key: 'a', ctrlKey: true });
  expect(await screen.findByText('1,000 selected')).toBeTruthy();
  expect(calls.filter(({ id }) => id === 'migrations.list')).toHaveLength(3);
});

test('a heading sorts, and a filter forgets what was selected', async () => {
  const { calls } = show([migration('1'), migration('2')]);
  fireEvent.click(await screen.findByRole('button', { name: 'Newest point' }));
  const query = () => (calls.findLast(({ id }) => id === 'migrations.list') as { input: { query: object } }).input.query;
  await waitFor(() => expect(query()).toEqual({ sort: 'newestPoint', limit: 100 }));
  fireEvent.click(screen.getByRole('checkbox', { name: 'Select web-2' }));
  expect(screen.getByText('1 selected')).toBeTruthy();
  act(() => filterMigrations('behind'));
  await waitFor(() => expect(query()).toEqual({ sort: 'newestPoint', only: 'behind', limit: 100 }));
  expect(screen.queryByText('1 selected')).toBeNull();
});

test('several at once: what was refused is told, the rest is done', async () => {
  const { calls } = show([migration('1'), migration('2'), migration('3')]);
  fireEvent.click(await screen.findByRole('checkbox', { name: 'Select all that are shown' }));
  expect(screen.getByText('3 selected')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Sync now' }));
  expect(await screen.findByText('2 runs begin.')).toBeTruthy();
  expect(await screen.findByText('1 was refused: It is busy.')).toBeTruthy();
  expect(calls.filter(({ id }) => id === 'migrations.sync')).toHaveLength(3);
});

test('a viewer selects nothing and makes nothing; without any migration they are told whom to ask', async () => {
  show([], {}, 'viewer');
  expect(await screen.findByText(/Ask an operator/)).toBeTruthy();
  expect(screen.queryByRole('link', { name: 'New migration' })).toBeNull();
});

test('an answer that does not come can be asked for again', async () => {
  const { answers } = show([], { 'migrations.list': new ClientError('client.offline', 'It cannot be reached.') });
  const again = await screen.findByRole('button', { name: 'Try again' });
  answers['migrations.list'] = listed([migration('7')]);
  fireEvent.click(again);
  expect(await screen.findByText('web-7')).toBeTruthy();
});

test('a few at a time, whatever fails', async () => {
  let now = 0;
  let most = 0;
  const { done, errors } = await inTurns([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
    if (item % 3 === 0) throw new Error(String(item));
  });
  expect({ done, most, failed: errors.map((error) => (error as Error).message) }).toEqual({ done: 5, most: 3, failed: ['3', '6'] });
});
