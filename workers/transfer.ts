/** The worker's entry. Blocks stay in this thread; what crosses is the task, its events and its result, all plain data. */
import { threadId } from 'node:worker_threads';
import { openDigests } from './blocks/digests.ts';
import { openJournal } from './blocks/journal.ts';
import { runTransfer } from './blocks/pipeline.ts';
import { Throttle, throttledSource } from './blocks/throttle.ts';
import { runVerification } from './blocks/verification.ts';
import { serializeError } from './octopus-error.ts';
import type { TransferTask, VerifyTask, WorkerControl, WorkerEvent, WorkerResult, WorkerTask } from './protocol.ts';
import { openSink } from './sinks/open-sink.ts';
import { openSource } from './sources/open-source.ts';

/** A MessagePort, as far as a task needs one. */
export interface TaskPort<Received = WorkerControl> {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: Received) => void): unknown;
  close(): void;
}

/** Events and control messages of one task. */
export interface TaskChannel {
  task: WorkerTask;
  port: TaskPort;
}

export default async function runTask({ task, port }: TaskChannel): Promise<WorkerResult> {
  const cancel = new AbortController();
  const throttle = new Throttle(task.limit);
  const emit = (event: WorkerEvent): void => port.postMessage(event);
  port.on('message', (message: WorkerControl) => {
    if (message.type === 'cancel') cancel.abort();
    else throttle.setRate(message.bytesPerSecond);
  });
  port.postMessage({ type: 'started', threadId });
  // Messages sent while the task waited for a thread are read first.
  await new Promise((resolve) => setImmediate(resolve));
  try {
    const context = { throttle, emit, signal: cancel.signal };
    return task.kind === 'transfer' ? await transfer(task, context) : await verify(task, context);
  } catch (error) {
    return { ok: false, error: serializeError(error) };
  } finally {
    port.close();
  }
}

interface Context {
  throttle: Throttle;
  emit(event: WorkerEvent): void;
  signal: AbortSignal;
}

async function transfer(task: TransferTask, { throttle, emit, signal }: Context): Promise<WorkerResult> {
  // Both ends at once: each may cost several round trips.
  const opened = await Promise.allSettled([
    openSource(task.source, signal),
    openSink(task.sink, signal),
    task.journal === undefined ? undefined : openJournal(task.journal),
  ]);
  const [source, sink, journal] = opened.map((one) => (one.status === 'fulfilled' ? one.value : undefined)) as [
    Awaited<ReturnType<typeof openSource>> | undefined,
    Awaited<ReturnType<typeof openSink>> | undefined,
    Awaited<ReturnType<typeof openJournal>> | undefined,
  ];
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    if (source === undefined || sink === undefined) throw new TypeError('nothing was opened');
    const counts = await runTransfer({
      source: throttledSource(source, throttle),
      sink,
      journal,
      size: task.size,
      extents: task.extents,
      targetIsBlank: task.targetIsBlank,
      windowBytes: task.windowBytes,
      checkpointBytes: task.checkpointBytes,
      signal,
      onProgress: (progress, total) => emit({ type: 'progress', taskId: task.id, counts: progress, total }),
      onCheckpoint: (durable, spans) => emit({ type: 'checkpoint', taskId: task.id, counts: durable, spans }),
    });
    await sink.finish();
    return { ok: true, kind: 'transfer', counts, reconnects: source.reconnects + sink.reconnects };
  } finally {
    await Promise.allSettled([source?.close(), sink?.abort(), journal?.close()]);
  }
}

async function verify(task: VerifyTask, { throttle, emit, signal }: Context): Promise<WorkerResult> {
  const digests = await openDigests(task.digests);
  try {
    await using source = await openSource(task.source, signal);
    const result = await runVerification({
      source: throttledSource(source, throttle),
      digests,
      size: task.size,
      extents: task.extents,
      signal,
      onProgress: (compared, total) =>
        emit({ type: 'progress', taskId: task.id, counts: { read: compared, sent: 0, zero: 0, unchanged: compared, resumed: 0 }, total }),
    });
    return { ok: true, kind: 'verify', ...result };
  } finally {
    await digests.close();
  }
}
