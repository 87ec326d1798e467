import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { deserializeError, OctopusError, toOctopusError } from './octopus-error.ts';
import type { RunningTask, TransferPool } from './pool.ts';
import type { WorkerControl, WorkerEvent, WorkerResult } from './protocol.ts';

/** An idle thread ends after this long. Milliseconds. */
const IDLE = 30_000;

/** A run that is limited or waits for its source holds its threads: others need some of their own. */
const LEAST_THREADS = 8;

/** Threads in a row, for each that there may be, that ended before any task began: then none can be started here (no memory, no more processes). */
const STILLBORN_A_THREAD = 5;

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
  /** What drops a task that has not begun yet. */
  const waiting = new Set<AbortController>();
  let closing = false;
  let stillborn = 0;
  // A thread that dies with nothing to do is replaced when it is needed. Unheard, this would end the process.
  piscina.on('error', () => {});
  // Piscina replaces a thread that died only below its minimum: what waits would wait for ever.
  piscina.on('workerDestroy', () => setImmediate(replaceThread));

  function replaceThread(): void {
    if (closing || piscina.queueSize === 0) return;
    if (++stillborn > STILLBORN_A_THREAD * threads) for (const one of [...waiting]) one.abort();
    // While tasks wait, one more has Piscina start a thread. This one fails at once.
    else piscina.run(undefined).catch(() => {});
  }

  return {
    tasksPerDisk: options.threads ?? cores,
    run(task, { onEvent, signal } = {}) {
      const { port1: ours, port2: theirs } = new MessageChannel();
      const outcome = Promise.withResolvers<Extract<WorkerResult, { ok: true }>>();
      outcome.promise.catch(() => {});
      let started = false;
      let thread: Worker | undefined;
      const drop = new AbortController();
      waiting.add(drop);
      const receive = (event: WorkerEvent | { type: 'started'; threadId: number }): void => {
        if (event.type !== 'started') {
          onEvent?.(event);
          return;
        }
        started = true;
        stillborn = 0;
        waiting.delete(drop);
        thread = piscina.threads.find(({ threadId }) => threadId === event.threadId);
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
        waiting.delete(drop);
        signal?.removeEventListener('abort', cancel);
        apply();
      };
      piscina.run({ task, port: theirs }, { transferList: [theirs], signal: drop.signal }).then(
        (result: WorkerResult) => settle(() => (result.ok ? outcome.resolve(result) : outcome.reject(deserializeError(result.error)))),
        async (error: unknown) => {
          // What it was writing is written, or will never be, once the thread has ended: only then may another one write there.
          if (thread !== undefined && thread.threadId !== -1) await once(thread, 'exit').catch(() => {});
          settle(() => outcome.reject(threadError(error, started)));
        },
      );
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      return handle;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      const left = [...running];
      for (const task of left) task.control({ type: 'cancel' });
      await Promise.allSettled(left.map((task) => task.result));
      await piscina.destroy();
    },
  };
}

/** What Piscina itself rejects with: a task's own errors are part of its result. */
function threadError(error: unknown, started: boolean): OctopusError {
  const known = toOctopusError(error);
  if (known.code === 'operation.cancelled') {
    const message = 'No thread could be started to work in: Octopus lacks memory, or the system allows no more threads.';
    return new OctopusError('internal.unexpected', message, { retryable: true, cause: error });
  }
  // A task that cannot be handed over, or a worker that cannot be loaded, is no better the next time.
  if (!started && !/worker exited|terminating worker/i.test(known.message)) return known;
  return new OctopusError('internal.unexpected', `The thread that worked on it ended in the midst of it: ${known.message}.`, {
    retryable: true,
    cause: error,
  });
}

/** The bundle lies beside the bundled core, or in dist/ of a checkout. */
function findWorkerFile(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const candidate of [join(here, 'transfer.cjs'), join(here, '..', 'transfer.cjs'), join(here, '..', 'dist', 'transfer.cjs')]) {
    if (existsSync(candidate)) return candidate;
  }
  throw new OctopusError('internal.unexpected', 'The worker is not built: run `npm run build`.');
}
