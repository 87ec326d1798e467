import { expect, test } from 'vitest';
import { failureOf, hindrance, type Migration, nextOf, type Schedule, situation, stateOfRun } from './next-step.ts';

const at = (hour: number) => `2030-01-01T${String(hour).padStart(2, '0')}:00:00Z`;
const counts = { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0, verified: 0 };
type Run = NonNullable<Migration['lastRun']>;
const run = (state: Run['state'], hour = 1): Run => ({
  id: 'r',
  kind: 'full',
  state,
  phase: 'transfer',
  notes: [],
  counts,
  recoveryPointId: 'p',
  startedAt: at(hour),
});
const point = { id: 'p', takenAt: at(1), verifiedAt: at(1), outcome: 'match' as const };
type Standing = Parameters<typeof situation>[0];
const of = (change: Partial<Standing>): Standing => ({ state: 'active', paused: false, ...change });
const cutover = (state: 'running' | 'rolling-back' | 'failed' | 'rolled-back' | 'cancelled' | 'done', error = true, hour = 5) => ({
  id: 'c',
  state,
  phase: 'start',
  undone: [],
  preSync: true,
  checksBoot: false,
  startedAt: at(hour),
  endedAt: at(hour),
  ...(error ? { error: { code: 'verify.boot', message: 'It did not boot.' } } : {}),
});

const failure = { code: 'source.unreachable', message: 'It does not answer.', at: at(5) };
const stopped = { error: { code: 'server.stopping', message: 'Octopus ended while it went on.' } };

test.each([
  [{}, 'first-run'],
  [{ lastRun: run('cancelled') }, 'first-run'],
  [{ lastRun: run('failed') }, 'failed'],
  [{ lastRun: run('failed'), newestPoint: point }, 'failed'],
  [{ lastRun: run('succeeded'), newestPoint: point }, 'ready'],
  [{ lastRun: run('cancelled'), newestPoint: point }, 'ready'],
  [{ lastRun: run('succeeded'), newestPoint: point, paused: true }, 'paused'],
  [{ lastRun: run('succeeded'), newestPoint: { ...point, outcome: 'mismatch' } }, 'mismatch'],
  [{ working: 'sync', lastRun: run('running') }, 'syncing'],
  [{ working: 'sync', lastRun: run('succeeded') }, 'queued'],
  [{ working: 'verify', newestPoint: point }, 'verifying'],
  // Also after one that failed.
  [{ working: 'cutover', lastRun: run('succeeded'), newestPoint: point }, 'queued'],
  [{ working: 'cutover', lastCutover: cutover('failed'), lastRun: run('succeeded'), newestPoint: point }, 'queued'],
  [{ working: 'cutover', lastCutover: cutover('running', false), lastRun: run('succeeded') }, 'cutting-over'],
  [{ working: 'cutover', lastCutover: cutover('rolling-back', false) }, 'cutting-over'],
  [{ working: 'cutover', state: 'cut-over', lastCutover: cutover('done', false) }, 'cutting-over'],
  [{ working: 'cutover', lastRun: run('running') }, 'cutting-over'],
  [{ lastCutover: cutover('running', false), lastRun: run('running') }, 'cutting-over'],
  [{ state: 'cut-over', lastCutover: cutover('done', false), lastRun: run('succeeded'), newestPoint: point }, 'cut-over'],
  [{ working: 'rollback', state: 'cut-over', lastCutover: cutover('done', false) }, 'rolling-back'],
  [{ lastCutover: cutover('rolled-back'), lastRun: run('succeeded'), newestPoint: point }, 'cutover-failed'],
  [{ lastCutover: cutover('failed'), lastRun: run('succeeded'), newestPoint: point }, 'cutover-failed'],
  // Rolled back because somebody wanted it; or a good run came after it.
  [{ lastCutover: cutover('rolled-back', false), lastRun: run('succeeded'), newestPoint: point }, 'ready'],
  [{ lastCutover: cutover('rolled-back'), lastRun: run('succeeded', 6), newestPoint: point }, 'ready'],
  // Cancelled before anything was to be undone: nothing failed.
  [{ lastCutover: cutover('cancelled'), lastRun: run('succeeded'), newestPoint: point }, 'ready'],
  // Before a run or a cutover came to be.
  [{ lastFailure: failure }, 'failed'],
  [{ lastFailure: failure, lastRun: run('succeeded'), newestPoint: point, paused: true }, 'failed'],
  [{ lastFailure: failure, lastRun: run('succeeded', 6), newestPoint: point }, 'ready'],
  [{ lastFailure: failure, state: 'cut-over', lastCutover: cutover('done', false) }, 'cut-over'],
  [{ lastFailure: failure, working: 'sync' }, 'queued'],
  // Octopus ended, nothing failed.
  [{ lastRun: { ...run('failed'), ...stopped } }, 'first-run'],
  [{ lastRun: { ...run('failed'), ...stopped }, newestPoint: point }, 'ready'],
] as [Partial<Standing>, string][])('%j is %s', (change, expected) => {
  expect(situation(of(change))).toBe(expected);
});

test('a failure that the run tells of is told once; one before a run came to be for itself', () => {
  const lastRun = { ...run('failed'), endedAt: at(4), error: { code: failure.code, message: failure.message } };
  expect(failureOf({ lastRun, lastFailure: failure })).toEqual({ of: 'run', error: lastRun.error });
  expect(failureOf({ lastRun, lastFailure: { ...failure, message: 'Another.' } })).toMatchObject({
    of: 'work',
    error: { message: 'Another.' },
  });
  expect(failureOf({ lastRun, lastFailure: { ...failure, message: 'Another.', at: at(3) } })).toMatchObject({ of: 'run' });
  expect(failureOf({ lastRun: run('cancelled'), lastFailure: failure })).toMatchObject({ of: 'work' });
  expect(failureOf({ lastRun: run('cancelled') })).toBeUndefined();
});

test('what the end of Octopus ended is interrupted, not failed or cancelled', () => {
  const states = (['failed', 'cancelled', 'running', 'succeeded'] as const).map((state) => stateOfRun({ ...run(state), ...stopped }));
  expect(states).toEqual(['interrupted', 'interrupted', 'running', 'succeeded']);
  expect([stateOfRun(run('failed')), stateOfRun(run('cancelled'))]).toEqual(['failed', 'cancelled']);
});

test('what cannot be done says why', () => {
  const busy = of({ working: 'sync' });
  for (const action of ['sync', 'reconcile', 'verify', 'cutover', 'rollback', 'remove'] as const)
    expect(hindrance(action, busy)).toBe('busy');
  expect(hindrance('cancel', busy)).toBeUndefined();
  const fresh = of({});
  expect([hindrance('sync', fresh), hindrance('verify', fresh), hindrance('rollback', fresh), hindrance('cancel', fresh)]).toEqual([
    undefined,
    'no-point',
    'not-cut-over',
    'idle',
  ]);
  const over = of({ state: 'cut-over', newestPoint: point });
  expect([hindrance('sync', over), hindrance('cutover', over), hindrance('rollback', over), hindrance('verify', over)]).toEqual([
    'cut-over',
    'cut-over',
    undefined,
    undefined,
  ]);
});

test('the next run is the earliest of the schedules that count', () => {
  const schedule = (kind: Schedule['kind'], nextAt: string, enabled = true) => ({ kind, nextAt, enabled }) as Schedule;
  const schedules = [schedule('run', at(9)), schedule('run', at(7)), schedule('run', at(1), false), schedule('cutover', at(3))];
  const active = { paused: false, state: 'active' } as const;
  expect(nextOf('run', schedules, active)).toBe(at(7));
  expect(nextOf('cutover', schedules, active)).toBe(at(3));
  expect(nextOf('run', schedules, { ...active, paused: true })).toBeUndefined();
  expect(nextOf('verify', schedules, active)).toBeUndefined();
});
