import { afterEach, expect, test, vi } from 'vitest';
import { bodyOf, changesOf, newValues, problemsOf, valuesOf } from './form-values.ts';
import type { Schedule } from './timing-words.ts';

afterEach(() => void vi.unstubAllEnvs());

const stored = (timing: Schedule['timing'], kind: Schedule['kind'] = 'run'): Schedule => ({
  ...{ id: 's1', kind, migrationId: 'm1', jitterMs: 120_000, priority: 20, enabled: false, createdAt: '2030-01-01T00:00:00.000Z' },
  windows: [{ zone: 'Europe/Vienna', days: [1, 5], from: '08:00', to: '18:00' }],
  timing,
});

test('what is stored comes out of the form as it went in', () => {
  const timings: Schedule['timing'][] = [
    { type: 'every', minutes: 90 },
    { type: 'every', minutes: 2880, startAt: '2030-05-01T06:30:00.000Z' },
    { type: 'every', minutes: 60, startAt: '2030-05-01T06:30:47.000Z' },
    { type: 'cron', expression: '30 2 * * 1-5', zone: 'America/New_York' },
    { type: 'once', at: '2030-11-24T02:00:00.000Z', checkLeadMs: 1_800_000, graceMs: 600_000 },
  ];
  for (const timing of timings) {
    const schedule = stored(timing, timing.type === 'once' ? 'cutover' : 'run');
    const { windows, jitterMs, priority, enabled } = schedule;
    const accept = timing.type === 'once' ? { accept: ['disks' as const] } : {};
    expect(changesOf(valuesOf({ ...schedule, ...accept }))).toEqual({ timing, windows, jitterMs, priority, enabled, ...accept });
  }
});

test('of an hour that comes twice, the one that is stored stays', () => {
  vi.stubEnv('TZ', 'America/New_York');
  for (const at of ['2030-11-03T05:30:00.000Z', '2030-11-03T06:30:00.000Z']) {
    const values = valuesOf(stored({ type: 'once', at, checkLeadMs: 0, graceMs: 0 }));
    expect(values.at).toBe('2030-11-03T01:30');
    expect(changesOf(values).timing).toMatchObject({ at });
    expect(changesOf({ ...values, at: '2030-11-04T01:30' }).timing).toMatchObject({ at: '2030-11-04T06:30:00.000Z' });
  }
});

test('only a cutover is checked beforehand, and a schedule names only what it is about', () => {
  const values = { ...newValues('inventory', 'm1'), sourceId: 's1', type: 'once' as const, at: '2030-01-01T10:00', leadMinutes: 30 };
  expect(bodyOf(values)).toMatchObject({ kind: 'inventory', sourceId: 's1', timing: { checkLeadMs: 0 } });
  expect(bodyOf(values)).not.toHaveProperty('migrationId');
  expect(bodyOf({ ...values, kind: 'retention' })).not.toHaveProperty('sourceId');
});

test('what is missing is said beside its field', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  const empty = { key: 'w', zone: 'UTC', days: [], from: '', to: '10:00' };
  expect(Object.keys(problemsOf({ ...newValues('run'), count: '', windows: [empty] }, now))).toEqual([
    ...['migrationId', 'count', 'windows.0.days', 'windows.0.from'],
  ]);
  expect(problemsOf({ ...newValues('run', 'm1'), count: 366, unit: 'days' }, now)).toHaveProperty('count');
  expect(problemsOf({ ...newValues('cutover', 'm1'), at: '2029-12-31T00:00' }, now)).toHaveProperty('at');
  expect(problemsOf({ ...newValues('cutover', 'm1'), at: '2030-06-01T00:00' }, now)).toEqual({});
  const far = '20300-06-01T00:00';
  expect(problemsOf({ ...newValues('cutover', 'm1'), at: far }, now)).toHaveProperty('at');
  expect(problemsOf({ ...newValues('run', 'm1'), startAt: far }, now)).toHaveProperty('startAt');
  // What comes next is shown while one types.
  expect(changesOf({ ...newValues('run', 'm1'), startAt: far }).timing).not.toHaveProperty('startAt');
});

test('a number outside of its range is told, also where its field is not left', () => {
  const values = { ...newValues('cutover', 'm1'), at: '2030-01-01T00:00', leadMinutes: 50_000, priority: 101, jitterMinutes: '' };
  expect(problemsOf(values, 0)).toEqual({ leadMinutes: '0 to 43,200.', priority: '0 to 100.' });
  expect(problemsOf({ ...newValues('run', 'm1'), graceMinutes: 50_000 }, 0)).toEqual({});
});
