// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { ClientError } from '../../api/client-error.ts';
import { applyEvent, useLive } from '../../stores/live.ts';
import { type Answers, renderWith } from '../../testing/render.tsx';
import { formatMoment } from '../../ui/format.ts';
import MigrationScreen from './index.tsx';
import type { Migration, RecoveryPoint, Run } from './next-step.ts';

const at = '2030-01-01T00:00:00Z';
const later = '2030-01-01T00:01:00Z';
const counts = { read: 2 ** 20, sent: 0, zero: 0, unchanged: 2 ** 20, resumed: 0, verified: 0 };
const run: Run = {
  id: 'r1',
  kind: 'incremental',
  state: 'succeeded',
  phase: 'prune',
  notes: ['Hard disk 2 was left out: it is independent.'],
  counts,
  recoveryPointId: 'p1',
  startedAt: at,
  endedAt: later,
  phases: [{ phase: 'tracking', startedAt: at, endedAt: later }],
};
const migration: Migration = {
  id: 'm1',
  machineId: 'v1',
  machineName: 'web-01',
  sourceId: 's1',
  targetId: 't1',
  ownerId: 'u1',
  state: 'active',
  settings: { keep: 3, verify: 'written', quiesce: false, bandwidthLimit: 0 },
  paused: false,
  userIds: [],
  createdAt: at,
};
const replicated: Migration = { ...migration, lastRun: run, newestPoint: { id: 'p1', takenAt: at, verifiedAt: later, outcome: 'match' } };
const point: RecoveryPoint = {
  id: 'p1',
  runId: 'r1',
  kind: 'incremental',
  doubts: [],
  takenAt: at,
  verified: 'written',
  verifiedAt: later,
  verifiedBy: 'run',
  outcome: 'mismatch',
  mismatch: 'Hard disk 1 differs in 3 blocks.',
  disks: [{ key: 2000, capacity: 2 ** 30, algorithm: 'blake3', manifestRoot: 'cafe'.repeat(16) }],
};
const cutover = {
  ...{ id: 'c1', state: 'done' as const, phase: 'finished', undone: [], preSync: true, checksBoot: false },
  ...{ startedAt: at, endedAt: later, phases: [] },
};
const cutOver = { state: 'cut-over' as const, lastCutover: cutover };
const operation = { operationId: 'o1', migrationId: 'm1', kind: 'sync' as const };

const task = { kind: 'run', priority: 10, attempts: 0, dueAt: at, createdAt: at, machineName: 'db-01' } as const;
const holder = { ...task, id: 't2', state: 'running', migrationId: 'm2', targetName: 'two' } as const;
const waiting = { ...task, id: 't1', kind: 'cutover', state: 'waiting', migrationId: 'm1', waitsFor: 't2', latestStart: later } as const;

test('what waits for other work with the same machine says which', async () => {
  show({ ...replicated, working: 'sync' }, undefined, {
    'tasks.list': { items: [{ ...task, id: 't1', state: 'waiting', migrationId: 'm1', waitsFor: 't2' }] },
    'tasks.get': holder,
  });
  const link = await screen.findByRole('link', { name: 'Waits for Replicate: db-01 to two' });
  expect(link.getAttribute('href')).toMatch(/\/migrations\/m2$/);
});

test('a cutover that waits for other work with the machine says for which and until when, and is cancelled there', async () => {
  const { calls } = show({ ...replicated, working: 'cutover' }, undefined, {
    'tasks.list': { items: [waiting] },
    'tasks.get': holder,
    'migrations.cancel': replicated,
  });
  await screen.findByRole('heading', { name: 'The cutover waits for its turn' });
  await screen.findByRole('link', { name: 'Waits for Replicate: db-01 to two' });
  screen.getByText(`If it cannot begin by ${formatMoment(later)}, it does not begin at all.`);
  await press('Cancel …');
  await screen.findByText('The cutover has not begun, and will not. The machine stays as it is.');
  await press('Cancel the cutover');
  await waitFor(() => expect(asked(calls, 'migrations.cancel')).toEqual([{ params: { id: 'm1' } }]));
});

test('a cutover that could not begin in time says what held it up', async () => {
  const error = { code: 'job.state', message: 'The cutover could not begin within 1 h of being asked for.' };
  show({ ...replicated, lastFailure: { ...error, at: later } }, undefined, {
    'tasks.list': ({ query }) => ({
      items: query?.state === 'failed' ? [{ ...waiting, state: 'failed', waitsFor: undefined, heldBy: 't2', error }] : [],
    }),
    'tasks.get': holder,
  });
  await screen.findByText(error.message);
  const link = await screen.findByRole('link', { name: 'Held up by Replicate: db-01 to two' });
  expect(link.getAttribute('href')).toMatch(/\/migrations\/m2$/);
});

function show(given: Migration, part?: string, more: Answers = {}, role: 'admin' | 'viewer' = 'admin') {
  const answers: Answers = {
    'migrations.get': given,
    'migrations.forecast': { parts: [], basedOnRuns: 0 },
    'migrations.diskMap': { running: false, states: [], disks: [] },
    'migrations.recoveryPoints': { items: given.newestPoint ? [point] : [] },
    'migrations.runs': { items: given.lastRun ? [given.lastRun] : [] },
    'migrations.sync': operation,
    'migrations.cutover': operation,
    'migrations.update': given,
    'schedules.list': { items: [] },
    'tasks.list': { items: [] },
    'sources.list': { items: [] },
    'targets.list': { items: [] },
    'users.choices': { items: [] },
    'migrations.check': {
      outcome: 'fail',
      items: [
        { id: 'source', outcome: 'pass', text: 'It answers.' },
        { id: 'conflict', outcome: 'fail', text: 'It is replicated already.' },
      ],
    },
    ...more,
  };
  return renderWith(<MigrationScreen params={{ id: 'm1', part }} />, answers, { role });
}
const press = async (name: string) => fireEvent.click(await screen.findByRole('button', { name }));
const asked = (calls: { id: string; input: unknown }[], id: string) => calls.filter((call) => call.id === id).map(({ input }) => input);

beforeEach(() => {
  location.hash = '';
  useLive.setState({ runs: {}, cutovers: {}, cutoverBegan: {}, verifies: {} });
});

test('before the first run that is the next step, and one press begins it', async () => {
  const { calls } = show(migration);
  expect(await screen.findByRole('heading', { name: 'Next: the first run' })).toBeTruthy();
  await press('Start the first run');
  await waitFor(() => expect(asked(calls, 'migrations.sync')).toEqual([{ params: { id: 'm1' }, body: { kind: 'incremental' } }]));
});

test('a viewer sees all and can press nothing', async () => {
  const { calls } = show(replicated, undefined, {}, 'viewer');
  await screen.findByRole('heading', { level: 1, name: 'web-01' });
  await screen.findByText('Hard disk 1 differs in 3 blocks.');
  for (const name of ['Actions', 'Sync now', 'Cut over …', 'Verify now', 'Limit: none']) {
    expect(screen.queryByRole('button', { name })).toBeNull();
  }
  expect(calls.some(({ id }) => id === 'users.choices')).toBe(false);
});

test('a migration that is removed while one looks is not shown as if it were there', async () => {
  const { answers, core } = show(replicated);
  await screen.findByRole('heading', { level: 1, name: 'web-01' });
  answers['migrations.get'] = new ClientError('not.found', 'There is no migration m1.');
  core.invalidator.all();
  expect(await screen.findByText('There is no migration m1.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'All migrations' })).toBeTruthy();
});

test('a viewer reads the settings and changes none', async () => {
  show(replicated, 'settings', {}, 'viewer');
  expect(await screen.findByText('Your role may look, not change.')).toBeTruthy();
  expect(screen.getByText('What the run wrote')).toBeTruthy();
  expect(screen.queryByRole('radio')).toBeNull();
});

test('a failed run says what went wrong and what to do', async () => {
  const error = { code: 'target.full', message: 'No space is left on Basement.' };
  show({ ...migration, lastRun: { ...run, state: 'failed', error } });
  expect(await screen.findByText(error.message)).toBeTruthy();
  expect(screen.getByText(/Free space at the target/)).toBeTruthy();
});

test('what failed before there was a run says so, and what to do', async () => {
  const lastFailure = { code: 'source.unreachable', message: 'vc1 does not answer.', at: later };
  show({ ...migration, lastFailure });
  expect(await screen.findByRole('heading', { name: 'What was begun last failed' })).toBeTruthy();
  expect(screen.getByText(lastFailure.message)).toBeTruthy();
  expect(screen.getByText(/See whether the source answers/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Sync now' })).toBeTruthy();
});

test('beside a cutover that is done, what failed since is told too', async () => {
  const lastFailure = { code: 'target.missing', message: 'The folder is not there.', at: later };
  show({ ...replicated, ...cutOver, lastFailure });
  expect(await screen.findByText('What was begun last failed: The folder is not there.')).toBeTruthy();
});

test('a run that Octopus ended with itself is interrupted and goes on', async () => {
  const error = { code: 'server.stopping', message: 'Octopus ended while it went on.' };
  const { endedAt: _, phases: __, ...open } = run;
  const lastRun: Run = { ...open, state: 'failed', phase: 'transfer', endedAt: later, error };
  const { unmount } = show({ ...replicated, lastRun });
  expect(await screen.findByText(/interrupted by the end of Octopus.*goes on with the next start/)).toBeTruthy();
  expect(within(screen.getByRole('list', { name: 'Phases of the run' })).getByText('Interrupted')).toBeTruthy();
  expect(screen.queryByText(/failed|cancelled/i)).toBeNull();
  unmount();
  show({ ...replicated, lastRun }, 'runs');
  expect(within(await screen.findByRole('row', { name: /Incremental/ })).getByText('Interrupted')).toBeTruthy();
});

test('a cancelled cutover is told as cancelled: nothing failed', async () => {
  const error = { code: 'operation.cancelled', message: 'The cutover was cancelled.' };
  show({ ...replicated, lastCutover: { ...cutover, state: 'cancelled', phase: 'pre-sync', startedAt: at, endedAt: later, error } });
  expect(await screen.findByRole('heading', { name: /^Ready for cutover/ })).toBeTruthy();
  expect(within(screen.getByRole('list', { name: 'Phases of the cutover' })).getByText('Cancelled')).toBeTruthy();
});

test('while it runs: how far, how quick, and only cancelling', async () => {
  const told = (second: number, read: number) => ({
    id: 1,
    at: new Date(Date.now() - (10 - second) * 1000).toISOString(),
    type: 'run.progress',
    data: { migrationId: 'm1', runId: 'r1', key: 1, activity: 'transfer', done: read, total: 2 ** 30, counts: { ...counts, read } },
  });
  const started = { id: 1, at, type: 'run.phase', data: { migrationId: 'm1', runId: 'r1', phase: 'transfer' } };
  const events = [started, told(1, 2 ** 28), told(5, 2 ** 29)];
  useLive.setState((live) => events.reduce(applyEvent, live));
  const { endedAt: _, ...open } = run;
  show({ ...migration, working: 'sync', lastRun: { ...open, state: 'running', phase: 'transfer' } });
  expect(await screen.findByText('Copied 50%')).toBeTruthy();
  expect(screen.getByText('512 MiB of 1 GiB')).toBeTruthy();
  expect(screen.getByRole('progressbar', { name: 'Progress of the run' }).getAttribute('aria-valuenow')).toBe('50');
  expect(screen.queryByRole('button', { name: 'Sync now' })).toBeNull();
  await press('Cancel …');
  expect(await screen.findByText(/removes its snapshot/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Cancel the run' })).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Let it run' }));
});

test('where the next step stands nothing cancels: a late click must not begin a cutover', async () => {
  const { endedAt: _, ...open } = run;
  const shown = show({ ...replicated, working: 'sync', lastRun: { ...open, state: 'running', phase: 'transfer' } });
  const place = (name: string) => screen.getByRole('button', { name }).parentElement?.className;
  await screen.findByRole('button', { name: 'Cancel …' });
  const cancel = place('Cancel …');
  shown.unmount();
  show(replicated);
  await screen.findByRole('button', { name: 'Cut over …' });
  expect(place('Cut over …')).not.toBe(cancel);
});

test('while a taken up run goes on, what was kept counts as read and as read back', async () => {
  const MiB = 2 ** 20;
  const at = new Date().toISOString();
  const data = { migrationId: 'm1', runId: 'r1', key: 1 };
  const read = { read: 570 * MiB, sent: 500 * MiB, zero: 70 * MiB, unchanged: 0 };
  const told = (activity: string) => ({ ...data, activity, done: 768 * MiB, total: 768 * MiB, counts: read });
  const events = [
    { id: 1, at, type: 'run.started', data: { ...data, machine: 'web-01', resumed: true } },
    { id: 2, at, type: 'run.progress', data: told('transfer') },
    { id: 3, at, type: 'run.progress', data: told('verify') },
  ];
  useLive.setState((live) => events.reduce(applyEvent, live));
  const { endedAt: _, ...open } = run;
  const kept = { ...counts, read: 198 * MiB, sent: 198 * MiB, unchanged: 0, resumed: 198 * MiB };
  show({ ...replicated, working: 'sync', lastRun: { ...open, state: 'running', phase: 'commit', counts: kept } });
  const value = async (name: string) => (await screen.findAllByText(name)).map((one) => one.nextElementSibling?.textContent);
  expect(await value('Read')).toEqual(['768 MiB']);
  expect(await value('Sent')).toContain('698 MiB');
  expect((await value('Verified')).at(-1)).toBe('768 MiB');
});

test('pausing is not offered while no schedule is on', async () => {
  show(replicated);
  await press('Actions');
  const item = await screen.findByRole('menuitem', { name: /Pause schedules/ });
  expect(item.textContent).toContain('No schedule of it is on');
  expect((item as HTMLButtonElement).disabled).toBe(true);
});

test('cutting over and rolling back have each a place in the menu that stays while the state changes', async () => {
  const { answers, core } = show(replicated);
  await press('Actions');
  const items = () => screen.getAllByRole<HTMLButtonElement>('menuitem').map((item) => [item.textContent, item.disabled]);
  await screen.findByRole('menuitem', { name: /^Roll back …/ });
  const before = items();
  const place = before.findIndex(([text]) => String(text).startsWith('Cut over …'));
  expect(before.slice(place, place + 2)).toEqual([
    ['Cut over …Moves the machine to the target', false],
    ['Roll back …It is not cut over', true],
  ]);
  answers['migrations.get'] = { ...replicated, ...cutOver };
  core.invalidator.all();
  await waitFor(() =>
    expect(items().slice(place, place + 2)).toEqual([
      ['Cut over …It is cut over: roll back first', true],
      ['Roll back …Moves it back to the source', false],
    ]),
  );
  expect(items()).toHaveLength(before.length);
});

test('the cutover says what it will do, checks first, and gives the options on', async () => {
  const { calls } = show(replicated);
  await press('Cut over …');
  const dialog = within(await screen.findByRole('dialog', { name: 'Cut web-01 over' }));
  // That it is replicated there already speaks against a new migration, not against this cutover.
  expect(await dialog.findByText('1 check passed.')).toBeTruthy();
  expect(dialog.getAllByRole('listitem').map(({ textContent }) => textContent)).toContain('Start the machine at the target.');
  fireEvent.click(dialog.getByRole('checkbox', { name: /Check that the replica boots/ }));
  fireEvent.click(dialog.getByRole('button', { name: 'Cut over now' }));
  expect(await dialog.findByText('Needed.')).toBeTruthy();
  expect(asked(calls, 'migrations.cutover')).toEqual([]);
  fireEvent.change(dialog.getByRole('textbox', { name: 'Text on its console' }), { target: { value: 'login:' } });
  fireEvent.click(dialog.getByRole('button', { name: 'Cut over now' }));
  const body = { preSync: true, shutdownDeadlineMs: 300_000, expectConsole: 'login:', bootTimeoutMs: 300_000 };
  await waitFor(() => expect(asked(calls, 'migrations.cutover')).toEqual([{ params: { id: 'm1' }, body }]));
});

test('each kind of warning is accepted before a cutover begins', async () => {
  const warned = (id: 'disks' | 'space', text: string) => ({ id, outcome: 'warn' as const, text });
  const items = [warned('disks', 'Hard disk 2 is left out.'), warned('space', 'It is tight.'), warned('disks', 'Hard disk 3 is left out.')];
  const { calls } = show(replicated, undefined, { 'migrations.check': { outcome: 'warn', items } });
  await press('Cut over …');
  const dialog = within(await screen.findByRole('dialog', { name: 'Cut web-01 over' }));
  const checks = within(await dialog.findByRole('group', { name: 'Checks' }));
  const missing = await checks.findByRole('checkbox', { name: /left out is missing at the target/ });
  expect(checks.getAllByRole('checkbox')).toHaveLength(2);
  fireEvent.click(checks.getByRole('checkbox', { name: /may run full/ }));
  fireEvent.click(dialog.getByRole('button', { name: 'Cut over now' }));
  expect(await checks.findByText('Accept it, or mend it first.')).toBeTruthy();
  expect(asked(calls, 'migrations.cutover')).toEqual([]);
  fireEvent.click(missing);
  fireEvent.click(dialog.getByRole('button', { name: 'Cut over now' }));
  await waitFor(() => expect(asked(calls, 'migrations.cutover')).toMatchObject([{ body: { accept: ['disks', 'space'] } }]));
});

test('that the last boot check failed speaks against a cutover without one', async () => {
  const text = 'The last boot check failed: No bootable disk.';
  show(replicated, undefined, { 'migrations.check': { outcome: 'warn', items: [{ id: 'boot-failed', outcome: 'warn', text }] } });
  await press('Cut over …');
  const dialog = within(await screen.findByRole('dialog', { name: 'Cut web-01 over' }));
  expect(await dialog.findByText(text)).toBeTruthy();
  expect(dialog.getByRole('checkbox', { name: /may not boot at the target/ })).toBeTruthy();
  fireEvent.click(dialog.getByRole('checkbox', { name: /Check that the replica boots/ }));
  expect(dialog.queryByText(text)).toBeNull();
});

test('the boot check that failed is the step that failed, not the run before it', async () => {
  const error = { code: 'verify.boot', message: 'The replica of web did not start as expected: No bootable disk.' };
  const failed = { ...cutover, state: 'failed' as const, phase: 'pre-boot-check', checksBoot: true, error };
  show({ ...replicated, lastCutover: failed });
  const steps = within(await screen.findByRole('list', { name: 'Phases of the cutover' })).getAllByRole('listitem');
  const shown = steps.map(({ textContent }) => textContent).slice(0, 3);
  expect(shown).toEqual([
    expect.stringMatching(/Last runs.*Done/),
    expect.stringMatching(/Boot check before.*Failed/),
    expect.stringMatching(/Power off.*Not reached/),
  ]);
});

test('a run that may turn out to be full has no kind until that is decided', async () => {
  const begun: Run = { ...run, state: 'running', phase: 'tracking', endedAt: undefined, notes: [] };
  const first = show({ ...migration, working: 'sync', lastRun: begun });
  expect(await screen.findByRole('heading', { name: 'Run, now' })).toBeTruthy();
  first.unmount();
  show({ ...migration, working: 'sync', lastRun: { ...begun, kind: 'full', phase: 'replica' } });
  expect(await screen.findByRole('heading', { name: 'Full run, now' })).toBeTruthy();
});

const outage = { downAt: '2030-01-01T00:00:10Z', upAt: '2030-01-01T00:00:52Z' };

test('how long a cutover had the machine off stands with it, its run and its log', async () => {
  const shown = show({ ...replicated, ...cutOver, lastCutover: { ...cutover, ...outage } });
  expect(await screen.findByText(/^Off for 42 s: powered off at the source .*, running at the target at /)).toBeTruthy();
  expect(screen.getAllByText('42 s').length).toBeGreaterThan(0);
  shown.unmount();
  const final: Run = { ...run, kind: 'final', notes: [], outage };
  show(replicated, 'runs', { 'migrations.runs': { items: [final] } });
  expect(await screen.findByText('The machine runs at the target: it was off for 42 s.')).toBeTruthy();
  expect(screen.getByText('Was off for')).toBeTruthy();
});

test('what was cut over without the boot check is not said to be up', async () => {
  const shown = show({ ...replicated, ...cutOver });
  expect(await screen.findByRole('heading', { name: 'The machine was started at the target; its boot was not verified' })).toBeTruthy();
  expect(screen.getByText(/The cutover was without the boot check/)).toBeTruthy();
  expect(screen.queryByText('The machine runs at the target')).toBeNull();
  shown.unmount();
  show({ ...replicated, ...cutOver, lastCutover: { ...cutover, checksBoot: true } });
  expect(await screen.findByRole('heading', { name: 'The machine runs at the target' })).toBeTruthy();
  expect(screen.queryByText(/without the boot check/)).toBeNull();
});

test('a schedule that a cutover ended is told of after the rollback, and is on again with one click', async () => {
  const schedule = { id: 'plan', kind: 'run' as const, migrationId: 'm1', enabled: false, endedByCutover: true, createdAt: at };
  const of = { timing: { type: 'every' as const, minutes: 60 }, windows: [], jitterMs: 0, priority: 10 };
  const { calls } = show({ ...replicated, lastCutover: { ...cutover, state: 'rolled-back' } }, undefined, {
    'schedules.list': { items: [{ ...schedule, ...of }] },
    'schedules.update': { ...schedule, ...of, enabled: true },
  });
  expect(await screen.findByRole('heading', { name: 'Ready for cutover; its schedule is off' })).toBeTruthy();
  expect(screen.getByText(/off since the cutover that was rolled back/)).toBeTruthy();
  expect(screen.getByText('off since the cutover')).toBeTruthy();
  await press('Turn its schedule on');
  await waitFor(() => expect(asked(calls, 'schedules.update')).toEqual([{ params: { id: 'plan' }, body: { enabled: true } }]));
});

test('removing needs the name typed, and says what becomes of the replicas', async () => {
  const { calls } = show(replicated, 'settings', { 'migrations.remove': undefined as never });
  await press('Remove …');
  const dialog = within(await screen.findByRole('dialog', { name: 'Remove the migration of web-01' }));
  const button = dialog.getByRole<HTMLButtonElement>('button', { name: 'Remove the migration' });
  expect(dialog.queryByRole('radio', { name: 'Stop it' })).toBeNull();
  fireEvent.click(dialog.getByRole('radio', { name: 'Remove them' }));
  expect(button.disabled).toBe(true);
  fireEvent.change(dialog.getByRole('textbox', { name: 'Type web-01 to go on' }), { target: { value: 'web-01' } });
  fireEvent.click(button);
  await waitFor(() => expect(location.hash).toBe('#/migrations'));
  expect(asked(calls, 'migrations.remove')).toEqual([{ params: { id: 'm1' }, query: { replicas: 'remove' } }]);
});

test('of a machine that runs at the target it is asked what becomes of it; its replicas go only when it is stopped', async () => {
  const { calls } = show({ ...replicated, ...cutOver }, 'settings', { 'migrations.remove': undefined as never });
  await press('Remove …');
  const dialog = within(await screen.findByRole('dialog', { name: 'Remove the migration of web-01' }));
  const radio = (name: string) => dialog.getByRole<HTMLInputElement>('radio', { name });
  expect([radio('Leave it running').checked, radio('Remove them').disabled]).toEqual([true, true]);
  fireEvent.click(radio('Stop it'));
  expect(dialog.getByText('The machine then runs nowhere.')).toBeTruthy();
  fireEvent.click(radio('Remove them'));
  fireEvent.click(radio('Leave it running'));
  expect([radio('Keep them').checked, radio('Remove them').disabled]).toEqual([true, true]);
  fireEvent.click(radio('Stop it'));
  fireEvent.click(radio('Remove them'));
  fireEvent.change(dialog.getByRole('textbox', { name: 'Type web-01 to go on' }), { target: { value: 'web-01' } });
  fireEvent.click(dialog.getByRole('button', { name: 'Remove the migration' }));
  await waitFor(() => expect(location.hash).toBe('#/migrations'));
  expect(asked(calls, 'migrations.remove')).toEqual([{ params: { id: 'm1' }, query: { replicas: 'remove', running: 'stop' } }]);
});

test('the limit is changed where the throughput is seen', async () => {
  const { calls } = show(replicated);
  await press('Limit: none');
  fireEvent.change(await screen.findByRole('textbox', { name: 'At most' }), { target: { value: '12' } });
  await press('Set the limit');
  await waitFor(() =>
    expect(asked(calls, 'migrations.update')).toEqual([{ params: { id: 'm1' }, body: { settings: { bandwidthLimit: 12 * 2 ** 20 } } }]),
  );
});

test('a recovery point shows its proof: root, when, by what, and what differs', async () => {
  show(replicated, 'points');
  const row = within(await screen.findByRole('row', { name: /Incremental, newest/ }));
  expect(row.getByText('Does not match')).toBeTruthy();
  expect(row.getByText('Hard disk 1 differs in 3 blocks.')).toBeTruthy();
  expect(row.getByText(/by its run, what it wrote read back/)).toBeTruthy();
  expect(row.getByTitle(point.disks[0]!.manifestRoot)).toBeTruthy();
  expect(row.getByRole('button', { name: /^Copy:/ })).toBeTruthy();
});

test('the log tells phases, notes and bytes of the chosen run', async () => {
  show(replicated, 'runs');
  const log = within(await screen.findByRole('list'));
  expect(log.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
    expect.stringContaining('Tracking1 min'),
    'Note: Hard disk 2 was left out: it is independent.',
  ]);
});

test('a planned cutover that waits is told of, too, and is cancelled as the task that it is', async () => {
  const planned = { ...waiting, scheduleId: 's1' };
  const { calls } = show(replicated, undefined, { 'tasks.list': { items: [planned] }, 'tasks.get': holder, 'tasks.cancel': planned });
  await screen.findByRole('heading', { name: 'Ready for cutover' });
  await screen.findByText('The planned cutover waits for its turn.');
  await screen.findByRole('link', { name: 'Waits for Replicate: db-01 to two' });
  await press('Cancel the planned cutover …');
  await press('Cancel the cutover');
  await waitFor(() => expect(asked(calls, 'tasks.cancel')).toEqual([{ params: { id: 't1' } }]));
});
