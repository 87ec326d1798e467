// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import type { Input, Output } from '../../../src-preload/contract/routes.ts';
import { ClientError } from '../../api/client-error.ts';
import { newMigrationPath } from '../../stores/machine-choice.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import type { MachineRow } from '../machines/columns.tsx';
import NewMigration from './index.tsx';

const at = '2030-01-01T00:00:00Z';
const row = (id: string): MachineRow => ({
  id,
  sourceId: 's1',
  ref: id,
  name: `web-${id}`,
  folder: 'prod',
  host: 'h1',
  powerState: 'on',
  guestName: 'Linux',
  cpus: 2,
  memory: 2 ** 31,
  capacity: 2 ** 34,
  diskCount: 1,
  protection: 'none',
  seenAt: at,
});
const target = (id: string, freeBytes: number): Output<'targets.create'> => ({
  id,
  kind: 'local',
  name: `target ${id}`,
  folder: `/srv/${id}`,
  freeBytes,
  totalBytes: 2 ** 40,
  createdAt: at,
});
const range = { low: 1, likely: 2 ** 30, high: 2 ** 31 };
const pass: Output<'migrations.check'> = { outcome: 'pass', items: [{ id: 'source', outcome: 'pass', text: 'It answers.' }] };
const migration = ({ machineId, targetId }: Input<'migrations.create'>['body']) =>
  ({ id: `j-${machineId}`, machineId, targetId }) as Output<'migrations.create'>;

function world(change: Answers = {}): Answers {
  return {
    'targets.list': { items: [target('small', 2 ** 30), target('big', 2 ** 38)] },
    'vms.list': ({ query }) => {
      const all = String(query?.ids ?? 'm1,m2,m3').split(',');
      const items = all.filter((id) => id !== 'gone').map(row);
      return { items, total: items.length };
    },
    'migrations.check': pass,
    'estimates.get': {
      items: [],
      total: { capacity: 2 ** 34, read: range, moved: range, stored: range },
      basis: 'By the size of their disks alone.',
    },
    'migrations.create': ({ body }) => migration(body),
    'schedules.create': ({ body }) => ({ id: 'x', ...body }) as unknown as Output<'schedules.create'>,
    'schedules.times': { items: [at] },
    'migrations.sync': ({ params }) => ({ operationId: 'o', migrationId: params.id, kind: 'sync' }),
    ...change,
  };
}
type Calls = { id: string; input: unknown }[];
const made = (calls: Calls, id: string) => calls.filter((call) => call.id === id).map(({ input }) => (input as { body: object }).body);
const startButton = async (name: string | RegExp = /^Start/) => {
  const button = await screen.findByRole('button', { name });
  await waitFor(() => expect((button as HTMLButtonElement).disabled).toBe(false));
  return button;
};
const step = (name: RegExp) => within(screen.getByRole('navigation', { name: /Steps/ })).getByRole('button', { name });

beforeEach(() => {
  location.hash = '';
});

test('a machine and a target: one press starts it, as usual', async () => {
  const { calls } = renderWith(<NewMigration params={{ machineIds: 'm1' }} />, world());
  const button = await startButton();
  fireEvent.click(button);
  fireEvent.click(button);
  await waitFor(() => expect(location.hash).toBe('#/migrations/j-m1'));
  expect(made(calls, 'migrations.create')).toEqual([
    { machineId: 'm1', targetId: 'big', settings: { verify: 'written', quiesce: false, bandwidthLimit: 0 } },
  ]);
  expect(made(calls, 'schedules.create')).toEqual([
    { kind: 'run', migrationId: 'j-m1', timing: { type: 'every', minutes: 60 }, windows: [], jitterMs: 0 },
  ]);
  expect(calls.filter(({ id }) => id === 'migrations.sync')).toHaveLength(1);
});

test('without a target a folder is suggested, and one press takes it', async () => {
  const items: Output<'targets.list'>['items'] = [];
  renderWith(
    <NewMigration params={{ machineIds: 'm1' }} />,
    world({
      'targets.list': () => ({ items: [...items] }),
      'targets.suggestion': { folder: '/home/anna/Octopus/replicas' },
      'targets.probe': { ok: true, steps: [], folder: '/home/anna/Octopus/replicas', exists: false, tookMs: 1 },
      'targets.create': ({ body }) => {
        items.push({ ...target('new', 2 ** 38), folder: body.folder });
        return items[0] as Output<'targets.create'>;
      },
    }),
  );
  fireEvent.click(await screen.findByRole('button', { name: /^Another folder/ }));
  expect(screen.queryByRole('button', { name: 'Use this folder' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Back to the offered folder' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Use this folder' }));
  await startButton();
  expect(items.map(({ folder }) => folder)).toEqual(['/home/anna/Octopus/replicas']);
});

test('steps that nobody has seen are not marked as done', async () => {
  renderWith(<NewMigration params={{ machineIds: 'm1' }} />, world());
  await startButton();
  const tone = (name: RegExp) => step(name).querySelector('[data-tone]')?.getAttribute('data-tone');
  expect(tone(/^Target/)).toBe('good');
  expect([tone(/^What is copied/), tone(/^Schedule/)]).toEqual(['idle', 'idle']);
  expect(step(/^Schedule/).textContent).toContain('As usual: Every hour');
  fireEvent.click(step(/^Schedule/));
  expect([tone(/^What is copied/), tone(/^Schedule/)]).toEqual(['idle', 'good']);
  expect(step(/^Schedule/).textContent).not.toContain('As usual');
});

test('an operator without a target is told whom to ask', async () => {
  renderWith(<NewMigration params={{ machineIds: 'm1' }} />, world({ 'targets.list': { items: [] } }), { role: 'operator' });
  expect(await screen.findByText(/only an administrator can add one/)).toBeTruthy();
});

test('a check that fails blocks, one that warns is accepted', async () => {
  const outcomes: Record<string, Output<'migrations.check'>> = {
    m1: { outcome: 'fail', items: [{ id: 'conflict', outcome: 'fail', text: 'It is replicated already.', action: 'Change that one.' }] },
    m2: { outcome: 'warn', items: [{ id: 'tracking', outcome: 'warn', text: 'It is not tracked.', action: 'Accept it.' }] },
  };
  const answers = world({ 'migrations.check': ({ query }) => outcomes[query.machineId] ?? pass });
  const { calls } = renderWith(<NewMigration params={{ machineIds: 'm1,m2,m3' }} />, answers);
  expect(await screen.findByText('A check blocks. Mend it, or leave the machine out.', { selector: '[role=status]' })).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Leave this machine out' })).toBeTruthy();
  fireEvent.click(step(/^Checks/));
  expect(screen.getByText('It is replicated already.')).toBeTruthy();
  expect(screen.getByText(/Change that one\./)).toBeTruthy();
  fireEvent.click(step(/^Review/));
  fireEvent.click(screen.getByRole('button', { name: 'Leave this machine out' }));
  fireEvent.click(await screen.findByLabelText('I have read the warning and go on'));
  fireEvent.click(await startButton());
  await waitFor(() => expect(location.hash).toBe('#/migrations'));
  expect(made(calls, 'migrations.create')).toMatchObject([{ machineId: 'm2' }, { machineId: 'm3' }]);
});

test('what fails is told machine by machine, and tried again without making anything twice', async () => {
  let refused = true;
  const answers = world({
    'schedules.create': ({ body }) => {
      if (refused && body.migrationId === 'j-m2') throw new ClientError('store.corrupt', 'The database is busy.');
      return { id: 'x', ...body } as unknown as Output<'schedules.create'>;
    },
    'schedules.list': { items: [] },
  });
  const { calls } = renderWith(<NewMigration params={{ machineIds: 'm1,m2' }} />, answers);
  fireEvent.click(await startButton());
  expect(await screen.findByText(/The database is busy\. The migration is there\./)).toBeTruthy();
  refused = false;
  fireEvent.click(screen.getByRole('button', { name: 'Try this machine again' }));
  await waitFor(() => expect(location.hash).toBe('#/migrations'));
  expect(made(calls, 'migrations.create')).toHaveLength(2);
});

test('schedule, quiet windows, retention and options go with it', async () => {
  const { calls } = renderWith(<NewMigration params={{ machineIds: 'm1' }} />, world());
  await startButton();
  fireEvent.click(step(/^Schedule/));
  fireEvent.click(screen.getByLabelText('By a cron expression'));
  fireEvent.change(screen.getByLabelText(/^Expression/), { target: { value: '0 3 * *' } });
  expect(screen.getByText('Five fields with spaces between them.')).toBeTruthy();
  fireEvent.change(screen.getByLabelText(/^Expression/), { target: { value: '0 3 * * 0' } });
  fireEvent.click(screen.getByRole('button', { name: 'Add a quiet window' }));
  fireEvent.change(screen.getByLabelText(/^Recovery points to keep/), { target: { value: '7' } });
  fireEvent.click(step(/^What is copied/));
  fireEvent.click(screen.getByLabelText('Every block of every disk'));
  fireEvent.click(step(/^Review/));
  expect(screen.getByText(/It begins now, also within quiet windows\./)).toBeTruthy();
  fireEvent.click(screen.getByLabelText('Begin the first run at once'));
  fireEvent.click(await startButton('Create the migration'));
  expect(await screen.findByText('The migration is created; nothing runs yet.')).toBeTruthy();
  await waitFor(() => expect(location.hash).toBe('#/migrations/j-m1'));
  expect(made(calls, 'migrations.create')).toMatchObject([{ settings: { keep: 7, verify: 'all' } }]);
  expect(made(calls, 'schedules.create')).toMatchObject([
    { timing: { type: 'cron', expression: '0 3 * * 0' }, windows: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }] },
  ]);
  expect(calls.some(({ id }) => id === 'migrations.sync')).toBe(false);
});

test('an expression that cannot be is marked at its field, and Next stays with it', async () => {
  const answers = world({
    'schedules.times': ({ query }) => {
      if (query?.expression !== '61 * * * *') return { items: [at] };
      throw new ClientError('argument.invalid', 'Minute: 0 to 59, not "61".', { field: 'timing.expression' });
    },
  });
  renderWith(<NewMigration params={{ machineIds: 'm1' }} />, answers);
  await startButton();
  fireEvent.click(step(/^Schedule/));
  fireEvent.click(screen.getByLabelText('By a cron expression'));
  const field = screen.getByLabelText(/^Expression/);
  for (const [typed, said] of [
    ['hello', 'Five fields with spaces between them.'],
    ['61 * * * *', 'Minute: 0 to 59, not "61".'],
  ] as const) {
    fireEvent.change(field, { target: { value: typed } });
    await waitFor(() => expect(screen.getAllByText(said)).toHaveLength(1));
    expect(field.getAttribute('aria-invalid')).toBe('true');
    for (const name of ['Next', 'To the review']) {
      fireEvent.click(screen.getByRole('button', { name }));
      expect(screen.getByRole('heading', { name: 'When does it run?' })).toBeTruthy();
      expect(document.activeElement).toBe(field);
    }
  }
  fireEvent.click(step(/^Review/));
  expect(screen.getByText('The schedule is not right yet.', { selector: '[role=status]' })).toBeTruthy();
  fireEvent.click(step(/^Schedule/));
  fireEvent.change(screen.getByLabelText(/^Expression/), { target: { value: '0 3 * * 0' } });
  fireEvent.click(screen.getByRole('button', { name: 'Next' }));
  expect(screen.getByRole('heading', { name: 'Checks' })).toBeTruthy();
});

test('without machines it begins with choosing them; those that are gone are left out', async () => {
  const { unmount } = renderWith(<NewMigration params={{}} />, world());
  fireEvent.click(await screen.findByRole('checkbox', { name: 'Select web-m2' }));
  expect(await screen.findByText('1 machine chosen')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'To the review' }));
  await startButton();
  unmount();
  renderWith(<NewMigration params={{ machineIds: 'm1,gone' }} />, world());
  await startButton();
  fireEvent.click(step(/^Machines/));
  expect(screen.getByText(/One of those chosen is no longer there/)).toBeTruthy();
});

test('many machines do not go into the address', () => {
  const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
  expect(newMigrationPath(ids)).toBe('/migrations/new/chosen');
  expect(newMigrationPath(['a', 'b'])).toBe('/migrations/new/a,b');
});
