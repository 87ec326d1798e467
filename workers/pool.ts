import type { WorkerControl, WorkerEvent, WorkerResult, WorkerTask } from './protocol.ts';

/** A task that was handed over. */
export interface RunningTask<Result extends WorkerResult = WorkerResult> {
  /** Rejects with the task's OctopusError, `operation.cancelled` after cancel(). */
  readonly result: Promise<Extract<Result, { ok: true }>>;
  control(message: WorkerControl): void;
}

/**
 * Takes tasks as plain data and answers events and results. Piscina threads here; movers on other machines later.
 * Tasks beyond the number of threads wait in order.
 */
export interface TransferPool extends AsyncDisposable {
  /** How many tasks one disk is best split into; more than that run at once where several disks are under way. */
  readonly tasksPerDisk: number;
  /** The signal cancels within a second; what was durable stays so. */
  run(task: WorkerTask, options?: { onEvent?: (event: WorkerEvent) => void; signal?: AbortSignal }): RunningTask;
}
