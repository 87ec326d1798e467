import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { deserializeError, OctopusError, toOctopusError } from './octopus-error.ts';
import type { RunningTask, TransferPool } from './pool.ts';
import type { WorkerControl, WorkerEvent, WorkerResult } from './protocol.ts';

/** An idle thread ends after this long. Milliseconds. */
const IDLE = 30_000;

/** A run that is limited or waits for its source holds its threads: others need some of their own. */
const LEAST_THREADS = 8;

/** Threads of this process. Each starts with the first task that needs it. */
export function createTransferPool(options: { threads?: number; workerFile?: string } = {}): TransferPool {
  const cores = availableParallelism();
  const threads = options.threads ?? Math.max(LEAST_THREADS, cores);
  const piscina = new Piscina({
    filename: options.workerFile ?? findWorkerFile(),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE,
    // A thread that sleeps in Atomics.wait between tasks would let the sockets that it keeps open starve.
    atomics: 'disabled',
  });
  const running = new Set<RunningTask>();

  return {
    tasksPerDisk: options.threads ?? cores,
    run(task, { onEvent, signal } = {}) {
      const { port1: ours, port2: theirs } = new MessageChannel();
      const outcome = Promise.withResolvers<Extract<WorkerResult, { ok: true }>>();
      outcome.promise.catch(() => {});
      let started = false;
      const receive = (event: WorkerEvent | { type: 'started' }): void => {
        if (event.type === 'started') started = true;
        else onEvent?.(event);
      };
      ours.on('message', receive);
      const control = (message: WorkerControl): void => {
        ours.postMessage(message);
        // While it waits for a thread there is nothing to end; the thread will find the message and drop the task.
        if (message.type === 'cancel' && !started) outcome.reject(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
      };
      const cancel = (): void => control({ type: 'cancel' });
      const handle: RunningTask = { result: outcome.promise, control };
      running.add(handle);
      const settle = (apply: () => void): void => {
        // Events travel by another port than the result, which may overtake the last of them.
        for (let left = receiveMessageOnPort(ours); left !== undefined; left = receiveMessageOnPort(ours)) receive(left.message);
        ours.close();
        running.delete(handle);
        signal?.removeEventListener('abort', cancel);
        apply();
      };
      piscina.run({ task, port: theirs }, { transferList: [theirs] }).then(
        (result: WorkerResult) => settle(() => (result.ok ? outcome.resolve(result) : outcome.reject(deserializeError(result.error)))),
        (error: unknown) => settle(() => outcome.reject(toOctopusError(error))),
      );
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      return handle;
    },
    async [Symbol.asyncDispose]() {
      const left = [...running];
      for (const task of left) task.control({ type: 'cancel' });
      await Promise.allSettled(left.map((task) => task.result));
      await piscina.destroy();
    },
  };
}

/** The bundle lies beside the bundled core, or in dist/ of a checkout. */
function findWorkerFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const candidate of [join(here, 'transfer.cjs'), join(here, '..', 'transfer.cjs'), join(here, '..', 'dist', 'transfer.cjs')]) {
    if (existsSync(candidate)) return candidate;
  }
  throw new OctopusError('internal.unexpected', 'The worker is not built: run `npm run build`.');
}
