import type { OperationRequest } from '../api/services.ts';
import type { Task } from '../domain/task.ts';
import type { TaskRequest } from '../scheduler/plan.ts';

type Queued = Exclude<OperationRequest, { kind: 'rollback' }>;

/** A cutover that could not begin within this time is not begun: nobody expects it any more. Milliseconds. */
const CUTOVER_PATIENCE = 60 * 60_000;
/** What is planned has 0 to 50 by itself: what a person waits for goes before it, a cutover first of all. */
export const priorities = { sync: 90, resume: 95, cutover: 100, verify: 80 } as const;
const taskKinds = { sync: 'run', cutover: 'cutover', verify: 'verify' } as const;

/** How what a person asked for stands in the queue. */
export function taskFor(jobId: string, operationId: string, request: Queued, now: Date): TaskRequest {
  const payload: Task['payload'] = { operationId };
  if (request.kind === 'sync') payload.kind = request.run;
  else if (request.kind === 'verify') Object.assign(payload, given({ recoveryPointId: request.recoveryPointId }));
  else Object.assign(payload, given(request.settings), { latestStart: new Date(now.getTime() + CUTOVER_PATIENCE).toISOString() });
  return { kind: taskKinds[request.kind], jobId, priority: priorities[request.kind], payload };
}

/** For a run that an earlier process left, and whose own task is not there any more: it begins nothing else. */
export function resumeTask(jobId: string, operationId: string | undefined): TaskRequest {
  return {
    kind: 'run',
    jobId,
    priority: priorities.resume,
    payload: { resume: true, ...(operationId === undefined ? {} : { operationId }) },
  };
}

export function isResume({ payload }: Task): boolean {
  return payload.resume === true;
}

/** What a task of a migration asks for: the way back, also for those of schedules. */
export function requestOf({ kind, payload }: Task): OperationRequest {
  if (kind === 'verify') {
    return typeof payload.recoveryPointId === 'string' ? { kind: 'verify', recoveryPointId: payload.recoveryPointId } : { kind: 'verify' };
  }
  if (kind !== 'cutover') return { kind: 'sync', run: payload.kind === 'reconcile' ? 'reconcile' : 'incremental' };
  const { preSync, shutdownDeadlineMs, expectConsole, bootTimeoutMs } = payload;
  return {
    kind: 'cutover',
    settings: given({
      preSync: typeof preSync === 'boolean' ? preSync : undefined,
      shutdownDeadlineMs: typeof shutdownDeadlineMs === 'number' ? shutdownDeadlineMs : undefined,
      expectConsole: typeof expectConsole === 'string' ? expectConsole : undefined,
      bootTimeoutMs: typeof bootTimeoutMs === 'number' ? bootTimeoutMs : undefined,
    }),
  };
}

/** A person asked for it, and is told of it under its operation's id. */
export function isQueued(task: Task): boolean {
  return task.jobId !== undefined && typeof task.payload.operationId === 'string';
}

export function kindOf({ kind }: Task): Queued['kind'] {
  if (kind === 'cutover' || kind === 'verify') return kind;
  return 'sync';
}

function given<Part extends object>(part: Part): { [Key in keyof Part]?: Exclude<Part[Key], undefined> } {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as never;
}
