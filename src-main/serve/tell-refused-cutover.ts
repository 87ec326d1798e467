import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import type { OctopusError } from '../../workers/octopus-error.ts';
import type { Task } from '../domain/task.ts';
import type { Store } from '../store/store.ts';
import { isQueued } from './operation-task.ts';
import type { Operations } from './operations.ts';

/** A cutover that was not begun leaves no cutover that would tell of itself: whoever waits for it hears as much as of one that failed. */
export async function tellRefusedCutover(
  parts: {
    store: Pick<Store, 'activity'>;
    operations: Pick<Operations, 'taskEnded'>;
    publish: (event: OctopusEvent) => Promise<unknown>;
    now: () => Date;
  },
  task: Task,
  error: OctopusError,
): Promise<void> {
  const { id: taskId, jobId: migrationId = '' } = task;
  const failure = { code: error.code, message: error.message };
  try {
    await parts.store.activity.add({
      at: parts.now().toISOString(),
      action: 'cutover.failed',
      subject: migrationId,
      message: error.message,
    });
    await parts.publish({ type: 'task.changed', data: { migrationId, taskId, state: 'failed', error: failure } });
  } finally {
    if (isQueued(task)) parts.operations.taskEnded(task, error);
    else await parts.publish({ type: 'operation.ended', data: { migrationId, operationId: taskId, kind: 'cutover', error: failure } });
  }
}
