import { expect, test } from 'vitest';
import type { StoredEvent } from '../../src-preload/bridge.ts';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { noticeFor } from '../desktop/notifications.ts';
import { newTask } from '../scheduler/plan.ts';
import { taskFor } from './operation-task.ts';
import { tellRefusedCutover } from './tell-refused-cutover.ts';

const now = new Date('2026-03-04T05:06:07.000Z');
const error = new OctopusError('job.state', 'The cutover could not begin in time.');
const failure = { code: 'job.state', message: error.message };
const changed = { type: 'task.changed', data: { migrationId: 'job', taskId: 't', state: 'failed', error: failure } };
const asked = newTask(taskFor('job', 'o', { kind: 'cutover', settings: {} }, now), { id: 't', now, jobId: 'job', sourceId: undefined });
const planned = { ...asked, payload: {}, scheduleId: 's' };

/** What is done, in its order. */
function world(log: () => void = () => {}) {
  const steps: unknown[] = [];
  const parts = {
    store: {
      activity: {
        add: async (entry: object) => {
          log();
          steps.push(entry);
        },
      } as never,
    },
    operations: { taskEnded: (_task: unknown, reason: unknown) => void steps.push(reason) },
    publish: async (event: OctopusEvent) => void steps.push(event),
    now: () => now,
  };
  return { parts, steps };
}
const entry = { at: now.toISOString(), action: 'cutover.failed', subject: 'job', message: error.message };

test('the log has it before anything is told, and the end comes last, whoever wanted the cutover', async () => {
  const one = world();
  await tellRefusedCutover(one.parts, asked, error);
  expect(one.steps).toEqual([entry, changed, error]);
  const other = world();
  await tellRefusedCutover(other.parts, planned, error);
  const ended = { type: 'operation.ended', data: { migrationId: 'job', operationId: 't', kind: 'cutover', error: failure } };
  expect(other.steps).toEqual([entry, changed, ended]);
  // Once, also on the desktop.
  const notices = other.steps.slice(1).map((step) => noticeFor(step as StoredEvent, () => 'web')?.title);
  expect(notices.filter((title) => title !== undefined)).toEqual(['web: the cutover did not begin']);
});

test('a log that cannot be written keeps no migration busy', async () => {
  const { parts, steps } = world(() => {
    throw new Error('The disk is full.');
  });
  await expect(tellRefusedCutover(parts, asked, error)).rejects.toThrow('The disk is full.');
  expect(steps).toEqual([error]);
});
