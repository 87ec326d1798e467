import type { TransferPool } from '../../workers/pool.ts';

const MOST = 4;

/** Tasks that share one disk. A task keeps about two cores busy (its own thread, and those of libuv that write) and leaves some to the other end. */
export function mostTasks(): number {
  return Math.min(MOST, Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)));
}

/** One task runs in this thread, which has nothing else to do; several get threads. */
export async function openPool(tasks: number): Promise<TransferPool> {
  if (tasks === 1) return (await import('../../workers/inline-pool.ts')).createInlinePool();
  return (await import('../../workers/piscina-pool.ts')).createTransferPool({ threads: tasks });
}
