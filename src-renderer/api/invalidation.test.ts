import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventTypes } from '../../src-preload/contract/events.ts';
import { routeIds, routeOf } from '../../src-preload/contract/routes.ts';
import { createInvalidator, madeOldBy, madeOldByAction, matches } from './invalidation.ts';

const event = (type: string, data: Record<string, unknown> = {}) => ({ id: 1, at: '2030-01-01T00:00:00Z', type, data });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world() {
  const told: ((id: string, input?: unknown) => boolean)[] = [];
  return { told, ...createInvalidator((isOld) => told.push((id, input) => isOld(id, input))) };
}

test('every pattern of every event and action fits a route', () => {
  const patterns = [...eventTypes.flatMap((type) => madeOldBy({ type })), ...routeIds.flatMap((id) => madeOldByAction(id))];
  // Areas without anything to read: what is done there changes nothing of its own that is shown.
  const dumb = new Set(['estimates.*', 'health.*']);
  for (const pattern of new Set(patterns)) {
    if (!dumb.has(pattern))
      expect(
        routeIds.some((id) => matches(id, [pattern])),
        pattern,
      ).toBe(true);
  }
});

test('an action makes its own area old', () => {
  for (const id of routeIds) {
    if (routeOf(id).method === 'GET' || id.startsWith('auth.')) continue;
    expect(matches(`${id.slice(0, id.indexOf('.'))}.list`, madeOldByAction(id))).toBe(true);
  }
});

test('a hundred events are told of once, progress never', () => {
  const { told, event: happens } = world();
  for (let n = 0; n < 100; n++) happens(event('run.progress', { migrationId: 'a' }));
  vi.runAllTimers();
  expect(told).toHaveLength(0);
  for (let n = 0; n < 100; n++) happens(event('run.phase', { migrationId: 'a' }));
  vi.runAllTimers();
  expect(told).toHaveLength(1);
});

test('what happens to one migration leaves the details of the others alone', () => {
  const { told, event: happens } = world();
  happens(event('run.phase', { migrationId: 'a' }));
  happens(event('run.phase', { migrationId: 'b' }));
  vi.runAllTimers();
  const [isOld] = told;
  expect(['a', 'b', 'c'].map((id) => isOld?.('migrations.get', { params: { id } }))).toEqual([true, true, false]);
  expect(isOld?.('migrations.list', {})).toBe(true);
  expect(isOld?.('targets.list', {})).toBe(false);
});

test('of a type that this client does not know, and after a gap, everything is old', () => {
  const { told, event: happens, all } = world();
  happens(event('plan.changed', { migrationId: 'a' }));
  vi.runAllTimers();
  all();
  vi.runAllTimers();
  expect(told.map((isOld) => isOld('targets.list', {}))).toEqual([true, true]);
});

test('what moves a schedule or a task on makes the next runs old, once for many', () => {
  const { told, event: happens, action } = world();
  for (let n = 0; n < 100; n++) happens(event('task.changed', { migrationId: 'a', taskId: `t-${n}`, state: 'started' }));
  vi.runAllTimers();
  action('schedules.update');
  vi.runAllTimers();
  action('tasks.cancel');
  vi.runAllTimers();
  expect(told.map((isOld) => isOld('migrations.list', {}))).toEqual([true, true, true]);
  expect(told[0]?.('migrations.get', { params: { id: 'b' } })).toBe(false);
  expect(told[0]?.('migrations.runs', { params: { id: 'a' } })).toBe(false);
});
