import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { OperationRequest, OperationService } from '../api/services.ts';
import type { CutoverSettings } from '../domain/cutover.ts';
import type { Task } from '../domain/task.ts';
import type { Replicator } from '../replication/replicator.ts';
import type { EarlierWork } from '../replication/run-life.ts';
import type { TaskRequest } from '../scheduler/plan.ts';
import { isQueued, isResume, kindOf, resumeTask, taskFor } from './operation-task.ts';

export interface Operations extends OperationService {
  /** Does it, for the scheduler. `task` is the one that stands for it in the queue. `signal` cancels it. `only`: what an earlier process left. */
  perform(task: Task, request: OperationRequest, signal: AbortSignal, only?: 'resume'): Promise<void>;
  /** Puts the run that an earlier process left of the job into the queue. Answers its task's id. */
  resume(jobId: string): Promise<string>;
  /** Goes on with a cutover or rollback that an earlier process left, at once: a machine is down meanwhile. Settles with it. */
  resumeCutover(jobId: string): Promise<void>;
  /** The scheduler says that a task will not be started again; undefined: it is done. */
  taskEnded(task: Task, error: OctopusError | undefined): void;
  /** Cancels what does not wait in the queue; settles once it has come to a checkpoint. Nothing begins after that. */
  stop(): Promise<void>;
}

/** What a person asked for and the queue holds: told of from the asking to the end, however often the process starts anew. */
interface Asked {
  kind: OperationRequest['kind'];
  operationId: string;
  /** Settles when it stands in the queue. */
  taskId: Promise<string>;
  ended: PromiseWithResolvers<void>;
}

/** What an earlier process may have begun of the same work; `resume`: that alone is to be ended. */
type Before = EarlierWork | 'resume';

interface Doing {
  kind: OperationRequest['kind'] | 'remove';
  abort: AbortController;
  ended: Promise<void>;
}

/** Milliseconds between two events of a verification's progress. */
const PROGRESS_EVERY = 500;

/** Long work on migrations, whoever asked for it. A job has one piece of it at a time; syncs, cutovers and verifications go through the scheduler's queue. */
export function createOperations(parts: {
  replicator: Replicator;
  publish: (event: OctopusEvent) => Promise<unknown>;
  newId: () => string;
  now: () => Date;
  /** Settles when what an earlier process left is dealt with: nothing is done before. */
  ready: () => Promise<unknown>;
  /** The scheduler's. */
  enqueue: (request: TaskRequest) => Promise<Task>;
  cancelTask: (id: string) => Promise<unknown>;
  /** Tasks that an earlier process left waiting. */
  leftTasks: () => Promise<Task[]>;
  /** Whether an earlier process left a run of the job that has not ended since. */
  isInterrupted: (jobId: string) => Promise<boolean>;
  /** An operation that nobody waits for failed; its event tells people. */
  onFailure: (jobId: string, error: OctopusError) => void;
}): Operations {
  const asked = new Map<string, Asked>();
  const doing = new Map<string, Doing>();
  /** Runs that are being ended for good. */
  const givingUp = new Set<Promise<void>>();
  let stopped = false;
  const restored = parts.leftTasks().then((tasks) => {
    for (const task of tasks) if (isQueued(task)) note(task);
  });
  restored.catch(() => undefined);

  function note(task: Task): Asked {
    const entry: Asked = {
      kind: kindOf(task),
      operationId: String(task.payload.operationId),
      taskId: Promise.resolve(task.id),
      ended: Promise.withResolvers(),
    };
    asked.set(task.jobId!, entry);
    return entry;
  }

  const tell = (event: OctopusEvent) => parts.publish(event).catch(() => undefined);
  const started = (migrationId: string, operationId: string, kind: string) =>
    tell({ type: 'operation.started', data: { migrationId, operationId, kind } });
  const ended = (migrationId: string, operationId: string, kind: string, failure: OctopusError | undefined) => {
    const error = failure && { code: failure.code, message: failure.message };
    return tell({ type: 'operation.ended', data: { migrationId, operationId, kind, ...(error ? { error } : {}) } });
  };

  function requireFree(jobId: string): void {
    if (stopped) throw new OctopusError('server.stopping', 'Octopus is stopping: try again once it is back.', { retryable: true });
    const busy = doing.get(jobId)?.kind ?? asked.get(jobId)?.kind;
    if (busy !== undefined) throw new OctopusError('job.state', `The migration is busy with a ${busy} already.`, { retryable: true });
  }

  /** Puts it into the one queue: the limits hold for it as for what is planned, but it goes first. */
  async function ask(jobId: string, kind: Asked['kind'], taskOf: (operationId: string) => TaskRequest): Promise<Asked> {
    const operationId = parts.newId();
    const place = Promise.withResolvers<string>();
    place.promise.catch(() => undefined);
    const entry: Asked = { kind, operationId, taskId: place.promise, ended: Promise.withResolvers() };
    asked.set(jobId, entry);
    // What was begun is told before what it does.
    await started(jobId, operationId, kind);
    try {
      place.resolve((await parts.enqueue(taskOf(operationId))).id);
    } catch (caught) {
      const error = toOctopusError(caught);
      place.reject(error);
      asked.get(jobId)?.ended.resolve();
      asked.delete(jobId);
      await ended(jobId, operationId, kind, error);
      throw error;
    }
    return entry;
  }

  /** Does it now. A rollback does not wait behind copies: a machine is down meanwhile. */
  async function act(jobId: string, operationId: string, request: OperationRequest, outer?: AbortSignal, before?: Before): Promise<void> {
    if (doing.has(jobId)) {
      throw new OctopusError('job.state', `The migration is busy with a ${doing.get(jobId)?.kind} already.`, { retryable: true });
    }
    const abort = new AbortController();
    const signal = outer ? AbortSignal.any([abort.signal, outer]) : abort.signal;
    const work = parts.ready().then(() => {
      signal.throwIfAborted();
      return replicate(jobId, operationId, request, signal, before);
    });
    const entry: Doing = { kind: request.kind, abort, ended: work };
    doing.set(jobId, entry);
    try {
      await work;
    } finally {
      doing.delete(jobId);
    }
  }

  async function replicate(jobId: string, operationId: string, request: OperationRequest, signal: AbortSignal, before?: Before) {
    const { replicator } = parts;
    if (request.kind === 'sync') {
      if (before === 'resume') await replicator.resume(jobId, signal);
      else await replicator.run(jobId, { kind: request.run, signal, earlier: before });
    } else if (request.kind === 'cutover') await replicator.cutover(jobId, request.settings as Partial<CutoverSettings>, signal);
    else if (request.kind === 'rollback') await replicator.rollback(jobId, signal);
    else await replicator.verify(jobId, { pointId: request.recoveryPointId, signal, onProgress: progressOf(jobId, operationId) });
  }

  function progressOf(migrationId: string, operationId: string) {
    let last = Number.NEGATIVE_INFINITY;
    return (progress: { key: number; done: number; total: number }) => {
      const now = performance.now();
      if (progress.done < progress.total && now - last < PROGRESS_EVERY) return;
      last = now;
      void tell({ type: 'verify.progress', data: { migrationId, operationId, ...progress } });
    };
  }

  /** With its events, for what has no place in the queue of its own. */
  async function tellAndAct(jobId: string, request: OperationRequest, operationId: string, outer?: AbortSignal, before?: Before) {
    let failure: OctopusError | undefined;
    const acting = act(jobId, operationId, request, outer, before);
    acting.catch(() => undefined);
    await started(jobId, operationId, request.kind);
    try {
      await acting;
    } catch (error) {
      failure = toOctopusError(error);
    }
    await ended(jobId, operationId, request.kind, failure);
    if (failure) throw failure;
  }

  return {
    async begin(jobId, request) {
      await restored;
      requireFree(jobId);
      if (request.kind !== 'rollback') {
        const { operationId } = await ask(jobId, request.kind, (id) => taskFor(jobId, id, request, parts.now()));
        return { operationId };
      }
      const operationId = parts.newId();
      tellAndAct(jobId, request, operationId).catch((error: OctopusError) => parts.onFailure(jobId, error));
      return { operationId };
    },
    async resume(jobId) {
      await restored;
      // Something else of it waits, and is what people are told of.
      if (asked.has(jobId)) return (await parts.enqueue(resumeTask(jobId, undefined))).id;
      return (await ask(jobId, 'sync', (id) => resumeTask(jobId, id))).taskId;
    },
    async resumeCutover(jobId) {
      await restored;
      await tellAndAct(jobId, { kind: 'cutover', settings: {} }, parts.newId());
    },
    async perform(task, request, signal, only) {
      await restored;
      // An attempt before this one: the process ended in it.
      const before: Before = only ?? (isResume(task) ? 'resume' : { since: task.createdAt, done: task.attempts > 1 });
      if (!isQueued(task)) return tellAndAct(task.jobId!, request, parts.newId(), signal, before);
      const operationId = String(task.payload.operationId);
      // Somebody tried a failed one again.
      if (asked.get(task.jobId!)?.operationId !== operationId) await started(task.jobId!, note(task).operationId, request.kind);
      try {
        await act(task.jobId!, operationId, request, signal, before);
      } catch (caught) {
        const { code, message, details, retryable } = toOctopusError(caught);
        // Whoever asked is told, and may ask again; only what was planned is tried again by itself, and what still has its snapshot.
        const left = retryable && !signal.aborted && task.kind === 'run' && (await parts.isInterrupted(task.jobId!));
        throw new OctopusError(code, message, { retryable: left, ...(details ? { details } : {}), cause: caught });
      }
    },
    taskEnded(task, error) {
      const { jobId } = task;
      if (jobId === undefined) return;
      const cancelled = error?.code === 'operation.cancelled';
      // One that had begun, and waited to go on: nobody else would end its run.
      const begun = task.kind === 'run' && (isResume(task) || task.startedAt !== undefined);
      const end = () => {
        if (!isQueued(task)) return;
        const operationId = String(task.payload.operationId);
        const entry = asked.get(jobId);
        const mine = entry?.operationId === operationId;
        if (mine) asked.delete(jobId);
        void ended(jobId, operationId, kindOf(task), error);
        if (mine) entry.ended.resolve();
        if (error && !cancelled) parts.onFailure(jobId, error);
      };
      if (!cancelled || !begun) return end();
      // Not its own to end where something else goes on with the machine.
      const given = parts.replicator.giveUp(jobId).catch(() => {});
      givingUp.add(given);
      given.then(end).finally(() => givingUp.delete(given));
    },
    async cancel(jobId) {
      await restored;
      const waits = asked.get(jobId);
      const found = doing.get(jobId);
      if (waits) {
        const taskId = await waits.taskId.catch(() => undefined);
        // It may have ended just now.
        if (taskId !== undefined) await parts.cancelTask(taskId).catch(() => undefined);
        await waits.ended.promise;
      }
      found?.abort.abort(new OctopusError('operation.cancelled', 'It was cancelled.'));
      await found?.ended.catch(() => undefined);
      return waits !== undefined || found !== undefined;
    },
    async working(jobId) {
      await restored;
      const kind = doing.get(jobId)?.kind ?? asked.get(jobId)?.kind;
      return kind === 'remove' ? undefined : kind;
    },
    async remove(jobId, what, signal) {
      await restored;
      requireFree(jobId);
      const work = parts.ready().then(() => parts.replicator.remove(jobId, what, signal));
      doing.set(jobId, { kind: 'remove', abort: new AbortController(), ended: work });
      try {
        await work;
      } finally {
        doing.delete(jobId);
      }
    },
    limit: (jobId, bytesPerSecond) => parts.replicator.limit(jobId, bytesPerSecond),
    async stop() {
      stopped = true;
      const all = [...doing.values()];
      for (const { abort } of all) abort.abort(new OctopusError('server.stopping', 'Octopus is stopping.'));
      await Promise.allSettled([...all.map((one) => one.ended), ...givingUp]);
      // What waits in the queue goes on after the next start; whoever waits for its end here need not.
      for (const entry of asked.values()) entry.ended.resolve();
    },
  };
}
