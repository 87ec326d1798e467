// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Answers } from '../../testing/render.tsx';
import { renderWith } from '../../testing/render.tsx';
import Schedules from './index.tsx';
import type { Schedule } from './timing-words.ts';

const at = '2030-01-01T02:30:00.000Z';
const schedule: Schedule = {
  ...{ id: 's1', kind: 'run', migrationId: 'm1', machineName: 'db-01', windows: [], jitterMs: 0, priority: 10, enabled: true },
  ...{ timing: { type: 'every', minutes: 90 }, nextAt: at, createdAt: at },
};
const task = {
  id: 't1',
  kind: 'run',
  state: 'dead',
  migrationId: 'm1',
  machineName: 'db-01',
  priority: 10,
  attempts: 8,
  dueAt: at,
} as const;
const error = { code: 'target.full', message: 'The folder has no room left.' };
const dead = { ...task, createdAt: at, endedAt: at, error };
const answers: Answers = {
  'schedules.list': { items: [schedule] },
  'schedules.times': { items: [at] },
  'sources.list': { items: [] },
  'scheduler.get': { state: 'running', waiting: 0, running: 2, failed: 0, dead: 1 },
  'tasks.list': ({ query }) => ({ items: query?.state === 'dead' ? [dead] : [] }),
  'tasks.get': dead,
  'tasks.retry': dead,
};
const inPart = (part?: string) => <Schedules params={{ part }} />;

test('a schedule is shown in words; what is changed goes to the core, and nothing else', async () => {
  const { calls } = renderWith(inPart(), { ...answers, 'schedules.update': schedule });
  fireEvent.click(await screen.findByText('Every 90 minutes'));
  const form = within(await screen.findByRole('dialog', { name: 'Schedule: Replicate db-01' }));
  const times = () => calls.filter(({ id }) => id === 'schedules.times').map(({ input }) => input);
  await waitFor(() => expect(times()).toContainEqual({ query: { minutes: 90, startAt: at } }));
  fireEvent.change(form.getByLabelText('Every'), { target: { value: '2' } });
  fireEvent.click(form.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(calls.some(({ id }) => id === 'schedules.update')).toBe(true));
  expect(calls.find(({ id }) => id === 'schedules.update')?.input).toEqual({
    params: { id: 's1' },
    body: { timing: { type: 'every', minutes: 2 }, windows: [], jitterMs: 0, priority: 10, enabled: true },
  });
});

test('a viewer sees schedules and can neither add nor change them', async () => {
  renderWith(inPart(), answers, { role: 'viewer' });
  fireEvent.click(await screen.findByText('Every 90 minutes'));
  await screen.findByRole('dialog');
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Add schedule' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Pause and drain' })).toBeNull();
});

test('a task that was given up says what to do, and begins again', async () => {
  const { calls } = renderWith(inPart('tasks'), answers);
  fireEvent.click(await screen.findByRole('button', { name: /Given up and failed/ }));
  fireEvent.click(await screen.findByText(error.message));
  const details = within(await screen.findByRole('dialog', { name: 'Replicate: db-01' }));
  await details.findByText(/Make room at the target/);
  fireEvent.click(details.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(calls.at(-1)).toEqual({ id: 'tasks.retry', input: { params: { id: 't1' } } }));
});

test('a task that waits for the same machine says whose work it waits for', async () => {
  const first = { ...task, id: 't2', state: 'running', migrationId: 'm2', createdAt: at, startedAt: at } as const;
  const second = { ...task, kind: 'cutover', state: 'waiting', attempts: 0, createdAt: at, waitsFor: 't2' } as const;
  renderWith(inPart('tasks'), {
    ...answers,
    'tasks.list': ({ query }) => ({ items: query?.state === 'waiting' ? [second] : query?.state === 'running' ? [first] : [] }),
    'tasks.get': ({ params }) => (params.id === 't2' ? first : second),
  });
  fireEvent.click(await screen.findByText('Waits for Replicate: db-01'));
  const details = within(await screen.findByRole('dialog', { name: 'Cut over: db-01' }));
  const link = await details.findByRole('link', { name: 'Waits for Replicate: db-01' });
  expect(link.getAttribute('href')).toMatch(/\/migrations\/m2$/);
});

test('a cutover that could not begin in time says what held it up, and is not tried again in vain', async () => {
  const error = { code: 'job.state', message: 'The cutover could not begin within 1 h of being asked for.' };
  const refused = {
    ...task,
    kind: 'cutover',
    state: 'failed',
    attempts: 0,
    createdAt: at,
    latestStart: '2020-01-01T00:00:00Z',
    heldBy: 't2',
    error,
  } as const;
  renderWith(<Schedules params={{ part: 'tasks', id: 't1' }} />, {
    ...answers,
    'tasks.get': ({ params }) =>
      params.id === 't2' ? { ...task, id: 't2', migrationId: 'm2', targetName: 'two', createdAt: at } : refused,
  });
  const link = await screen.findByRole('link', { name: 'Held up by Replicate: db-01 to two' });
  expect(link.getAttribute('href')).toMatch(/\/migrations\/m2$/);
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
});

test('a link leads to one task, among those that need attention', async () => {
  const { calls } = renderWith(<Schedules params={{ part: 'tasks', id: 't1' }} />, answers);
  await within(await screen.findByRole('dialog', { name: 'Replicate: db-01' })).findByText(error.message);
  expect(calls.find(({ id }) => id === 'tasks.get')?.input).toEqual({ params: { id: 't1' } });
});

test('what is searched for narrows the list, and there is a way back where nothing fits', async () => {
  renderWith(inPart(), answers);
  fireEvent.change(await screen.findByLabelText('Machine or source'), { target: { value: 'WEB' } });
  expect(await screen.findByText('No schedule fits the filter')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Clear the filter' }));
  expect(await screen.findByText('Every 90 minutes')).toBeTruthy();
});

test('while the scheduler is paused it says so, how much still runs, and lets an administrator go on', async () => {
  const paused = { state: 'paused', waiting: 3, running: 2, failed: 0, dead: 0 } as const;
  const { calls } = renderWith(inPart(), { ...answers, 'scheduler.get': paused, 'scheduler.set': { ...paused, state: 'running' } });
  await screen.findByText(/2 tasks still run/);
  fireEvent.click(screen.getByRole('button', { name: 'Go on' }));
  await waitFor(() => expect(calls.some(({ id }) => id === 'scheduler.set')).toBe(true));
  expect(calls.find(({ id }) => id === 'scheduler.set')?.input).toEqual({ body: { state: 'running' } });
});

test('after a restore it says so, and what to look at before it goes on', async () => {
  const paused = { state: 'paused', waiting: 0, running: 0, failed: 0, dead: 0 } as const;
  const { unmount } = renderWith(inPart(), { ...answers, 'scheduler.get': { ...paused, pausedBy: 'restore' } });
  expect(await screen.findByText('The scheduler is paused since a backup was restored')).toBeTruthy();
  expect(screen.getByText(/Look at the schedules first, above all at cutovers/)).toBeTruthy();
  unmount();
  renderWith(inPart(), { ...answers, 'scheduler.get': { ...paused, pausedBy: 'person' } });
  expect(await screen.findByText('The scheduler is paused')).toBeTruthy();
  expect(screen.queryByText(/Look at the schedules first/)).toBeNull();
});
