import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { OperationRequest, OperationService } from '../api/services.ts';
import type { CutoverSettings } from '../domain/cutover.ts';
import type { Replicator } from '../replication/replicator.ts';
import type { Store } from '../store/store.ts';

export interface Operations extends OperationService {
  /** Refuses what the job's state does not allow, before it is begun or put in a queue. */
  check(jobId: string, request: OperationRequest): Promise<void>;
  /** Does it and settles when it has ended; cancel() ends it as well. Throws what made it fail. */
  perform(jobId: string, request: OperationRequest, options?: { operationId?: string; signal?: AbortSignal }): Promise<void>;
  /** Cancels all and settles when they have cleaned up. Nothing is begun any more. */
  close(): Promise<void>;
}

export interface OperationParts {
  store: Pick<Store, 'jobs' | 'cutovers'>;
  replicator: Pick<Replicator, 'run' | 'cutover' | 'rollback'>;
  newId(): string;
  publish(event: OctopusEvent): Promise<unknown>;
}

interface Going {
  kind: OperationRequest['kind'];
  controller: AbortController;
  ended: Promise<void>;
}

export function createOperations({ store, replicator, newId, publish }: OperationParts): Operations {
  const going = new Map<string, Going>();
  let closed = false;

  async function check(jobId: string, { kind }: OperationRequest): Promise<void> {
    const job = await store.jobs.find(jobId);
    if (!job) throw new OctopusError('not.found', `There is no migration ${jobId}.`);
    if (kind === 'sync' && job.state === 'cut-over') {
      throw new OctopusError('job.state', 'The machine was cut over and runs at the target: roll that back before replicating it again.');
    }
    if (kind === 'rollback' && (await store.cutovers.ofJob(jobId))[0]?.state !== 'done') {
      throw new OctopusError('job.state', 'The machine is not cut over, so there is nothing to roll back.');
    }
  }

  function work(jobId: string, request: OperationRequest, signal: AbortSignal): Promise<unknown> {
    switch (request.kind) {
      case 'sync':
        return replicator.run(jobId, { kind: request.run, signal });
      case 'cutover':
        return replicator.cutover(jobId, request.settings as Partial<CutoverSettings>, signal);
      case 'rollback':
        return replicator.rollback(jobId, signal);
    }
  }

  async function perform(jobId: string, request: OperationRequest, options: { operationId?: string; signal?: AbortSignal } = {}) {
    if (closed) throw new OctopusError('operation.cancelled', 'Octopus is being closed.');
    if (going.has(jobId)) throw new OctopusError('source.busy', 'The migration is busy already.', { retryable: true });
    const { operationId = newId(), signal } = options;
    const controller = new AbortController();
    const either = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
    const about = { migrationId: jobId, operationId, kind: request.kind };
    const done = (async () => {
      let error: OctopusError | undefined;
      try {
        await publish({ type: 'operation.started', data: about });
        either.throwIfAborted();
        await work(jobId, request, either);
      } catch (caught) {
        error = toOctopusError(caught);
      } finally {
        // Before the event: who reads it finds the migration idle.
        going.delete(jobId);
      }
      const failure = error ? { error: { code: error.code, message: error.message } } : {};
      await publish({ type: 'operation.ended', data: { ...about, ...failure } });
      if (error) throw error;
    })();
    going.set(jobId, { kind: request.kind, controller, ended: done.catch(() => {}) });
    await done;
  }

  return {
    check,
    perform,
    async begin(jobId, request) {
      await check(jobId, request);
      if (going.has(jobId)) throw new OctopusError('source.busy', 'The migration is busy already.', { retryable: true });
      const operationId = newId();
      // How it ends, its events and the run's own record tell.
      perform(jobId, request, { operationId }).catch(() => {});
      return { operationId };
    },
    async cancel(jobId) {
      const found = going.get(jobId);
      found?.controller.abort(new OctopusError('operation.cancelled', 'It was cancelled.'));
      return found !== undefined;
    },
    working: async (jobId) => going.get(jobId)?.kind,
    async close() {
      closed = true;
      const all = [...going.values()];
      for (const { controller } of all) controller.abort(new OctopusError('operation.cancelled', 'Octopus is being closed.'));
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}
