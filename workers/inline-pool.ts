import { createInlineChannel } from './inline-channel.ts';
import { deserializeError } from './octopus-error.ts';
import type { RunningTask, TransferPool } from './pool.ts';
import type { WorkerControl, WorkerEvent, WorkerResult } from './protocol.ts';
import runTask from './transfer.ts';

/**
 * Runs tasks in this thread. For a command that has nothing else to do: a thread of its own would cost it a tenth of a second before
 * the first byte (measured). Its writes run in libuv's threads in any case.
 */
export function createInlinePool(): TransferPool {
  const running = new Set<RunningTask>();
  return {
    tasksPerDisk: 1,
    run(task, { onEvent, signal } = {}) {
      const { port1: ours, port2: theirs } = createInlineChannel<WorkerEvent | { type: 'started' }, WorkerControl>();
      const control = (message: WorkerControl): void => ours.postMessage(message);
      const cancel = (): void => control({ type: 'cancel' });
      ours.on('message', (event) => {
        if (event.type !== 'started') onEvent?.(event);
      });
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      const result = runTask({ task, port: theirs }).then((outcome: WorkerResult) => {
        running.delete(handle);
        signal?.removeEventListener('abort', cancel);
        ours.close();
        if (outcome.ok) return outcome;
        throw deserializeError(outcome.error);
      });
      result.catch(() => {});
      const handle: RunningTask = { result, control };
      running.add(handle);
      return handle;
    },
    async [Symbol.asyncDispose]() {
      const left = [...running];
      for (const task of left) task.control({ type: 'cancel' });
      await Promise.allSettled(left.map((task) => task.result));
    },
  };
}
