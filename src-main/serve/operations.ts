import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { OperationRequest, OperationService } from '../api/services.ts';
import type { CutoverSettings } from '../domain/cutover.ts';
import type { Replicator } from '../replication/replicator.ts';

export interface Operations extends OperationService {
  /** The same, for whoever waits for its end. `signal` cancels it. */
  perform(jobId: string, request: OperationRequest, signal: AbortSignal): Promise<void>;
  /** Cancels all; settles once they have come to a checkpoint. Nothing begins after that. */
  stop(): Promise<void>;
}

interface Working {
  kind: OperationRequest['kind'];
  abort: AbortController;
  ended: Promise<void>;
}

/** Long work on migrations, whoever asked for it. A job has one piece of it at a time. */
export function createOperations(parts: {
  replicator: Replicator;
  publish: (event: OctopusEvent) => Promise<unknown>;
  newId: () => string;
  /** Settles when what an earlier process left is dealt with: nothing is done before. */
  ready: Promise<unknown>;
  /** An operation that nobody waits for failed; its event tells people. */
  onFailure: (jobId: string, error: OctopusError) => void;
}): Operations {
  const working = new Map<string, Working>();
  let stopped = false;

  function start(jobId: string, request: OperationRequest, outer?: AbortSignal): { operationId: string; ended: Promise<void> } {
    if (stopped) throw new OctopusError('server.stopping', 'Octopus is stopping: try again once it is back.', { retryable: true });
    if (working.has(jobId)) {
      throw new OctopusError('source.busy', `The migration is busy with a ${working.get(jobId)?.kind} already.`, { retryable: true });
    }
    const operationId = parts.newId();
    const abort = new AbortController();
    const signal = outer ? AbortSignal.any([abort.signal, outer]) : abort.signal;
    const about = { migrationId: jobId, operationId, kind: request.kind };
    const ended = run();
    working.set(jobId, { kind: request.kind, abort, ended });
    return { operationId, ended };

    async function run(): Promise<void> {
      // What was begun is told before what it does.
      await parts.publish({ type: 'operation.started', data: about }).catch(() => undefined);
      let failure: OctopusError | undefined;
      try {
        await parts.ready;
        signal.throwIfAborted();
        await act(jobId, request, signal);
      } catch (error) {
        failure = toOctopusError(error);
      }
      working.delete(jobId);
      const error = failure && { code: failure.code, message: failure.message };
      await parts.publish({ type: 'operation.ended', data: { ...about, ...(error ? { error } : {}) } }).catch(() => undefined);
      if (failure) throw failure;
    }
  }

  async function act(jobId: string, request: OperationRequest, signal: AbortSignal): Promise<void> {
    const { replicator } = parts;
    if (request.kind === 'sync') await replicator.run(jobId, { kind: request.run, signal });
    else if (request.kind === 'cutover') await replicator.cutover(jobId, request.settings as Partial<CutoverSettings>, signal);
    else await replicator.rollback(jobId, signal);
  }

  return {
    async begin(jobId, request) {
      const { operationId, ended } = start(jobId, request);
      ended.catch((error: OctopusError) => parts.onFailure(jobId, error));
      return { operationId };
    },
    perform: async (jobId, request, signal) => start(jobId, request, signal).ended,
    async cancel(jobId) {
      const found = working.get(jobId);
      found?.abort.abort(new OctopusError('operation.cancelled', 'It was cancelled.'));
      await found?.ended.catch(() => undefined);
      return found !== undefined;
    },
    async working(jobId) {
      return working.get(jobId)?.kind;
    },
    async stop() {
      stopped = true;
      const all = [...working.values()];
      for (const { abort } of all) abort.abort(new OctopusError('operation.cancelled', 'Octopus is stopping.'));
      await Promise.allSettled(all.map(({ ended }) => ended));
    },
  };
}
