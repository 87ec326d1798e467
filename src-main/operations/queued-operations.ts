import type { OperationRequest, OperationService } from '../api/services.ts';
import type { Task } from '../domain/task.ts';
import type { Executor, Scheduler } from '../scheduler/scheduler.ts';
import type { Store } from '../store/store.ts';
import type { Operations } from './operations.ts';

/** What a person asks for goes through the scheduler's queue and its limits, as what is planned does. A rollback does not wait. */
export function createQueuedOperations(
  operations: Operations,
  scheduler: Pick<Scheduler, 'enqueue' | 'cancel'>,
  store: Pick<Store, 'tasks'>,
): OperationService {
  async function open(jobId: string): Promise<Task[]> {
    const waiting = await store.tasks.list({ jobId, state: 'waiting' });
    const leased = await store.tasks.list({ jobId, state: 'leased' });
    return [...leased, ...waiting];
  }

  return {
    async begin(jobId, request) {
      if (request.kind === 'rollback') return operations.begin(jobId, request);
      await operations.check(jobId, request);
      const kind = request.kind === 'sync' ? 'run' : 'cutover';
      const task = await scheduler.enqueue({ kind, jobId, payload: payloadOf(request) });
      return { operationId: task.id };
    },
    async cancel(jobId) {
      const direct = await operations.cancel(jobId);
      const tasks = (await open(jobId)).filter(({ kind }) => kind === 'run' || kind === 'cutover');
      for (const { id } of tasks) await scheduler.cancel(id).catch(() => undefined); // It ended in between.
      return direct || tasks.length > 0;
    },
    async working(jobId) {
      const direct = await operations.working(jobId);
      if (direct) return direct;
      const [task] = (await open(jobId)).filter(
        ({ kind, scheduleId }) => kind === 'cutover' || (kind === 'run' && scheduleId === undefined),
      );
      return task && (task.kind === 'run' ? 'sync' : 'cutover');
    },
  };
}

/** For the scheduler: does a task of kind `run` or `cutover`. */
export function createOperationExecutor(operations: Operations): Executor {
  return async (task, signal) => {
    if (task.jobId !== undefined) await operations.perform(task.jobId, requestOf(task), { operationId: task.id, signal });
  };
}

function payloadOf(request: OperationRequest): Task['payload'] {
  if (request.kind === 'sync') return { run: request.run };
  if (request.kind === 'rollback') return {};
  return Object.fromEntries(Object.entries(request.settings).filter(([, value]) => value !== undefined)) as Task['payload'];
}

function requestOf({ kind, payload }: Task): OperationRequest {
  if (kind === 'run') return { kind: 'sync', run: payload.run === 'reconcile' ? 'reconcile' : 'incremental' };
  const { preSync, shutdownDeadlineMs, expectConsole, bootTimeoutMs } = payload;
  return {
    kind: 'cutover',
    settings: {
      ...(typeof preSync === 'boolean' ? { preSync } : {}),
      ...(typeof shutdownDeadlineMs === 'number' ? { shutdownDeadlineMs } : {}),
      ...(typeof expectConsole === 'string' ? { expectConsole } : {}),
      ...(typeof bootTimeoutMs === 'number' ? { bootTimeoutMs } : {}),
    },
  };
}
