import { BLOCK_SIZE } from '../../workers/blocks/manifest.ts';
import { toOctopusError } from '../../workers/octopus-error.ts';
import type { RunningTask } from '../../workers/pool.ts';
import type { ExtentTable, SourceDescriptor, TransferCounts, TransferTask } from '../../workers/protocol.ts';
import { noCounts, type RunDisk } from '../domain/run.ts';
import type { ReplicaHandle } from '../providers/target.ts';
import type { RunContext } from './context.ts';
import { splitTable, tableBytes, wholeDisk } from './extent-table.ts';
import { datastoreKey, hostKey } from './limiter.ts';
import { openReplicas } from './prepare-replica.ts';
import { allOrNone, backoff, isWorthRetrying, retrying } from './retry.ts';
import { countDisk, countJournal, sumCounts } from './run-counts.ts';
import { addTransferCounts } from './transfer-counts.ts';

/** Phase `transfer`: all disks at once, each split into tasks, as many at a time as its host and its datastore allow. */
export async function transferDisks(c: RunContext): Promise<void> {
  const handles = await openReplicas(c);
  for (const disk of c.disks) {
    // What an earlier process settled; on record from now on, whatever becomes of this one.
    const before = (await countJournal(handles.get(disk.key)!.journal, c.run.id)) ?? noCounts;
    disk.counts = { ...before, resumed: before.read };
    await c.store.runDisks.save(disk);
  }
  sumCounts(c.run, c.disks);
  await c.store.runs.save(c.run);
  await allOrNone(
    c.signal,
    c.disks.map((disk) => async (signal) => {
      const handle = handles.get(disk.key)!;
      await transferTable(c, disk, handle, disk.extents ?? wholeDisk(disk.capacity), disk.blank, signal);
      disk.counts = await countDisk(disk);
      await c.store.runDisks.save(disk);
    }),
  );
}

/** Copies these extents of one disk, in as many tasks as pay off. */
export async function transferTable(
  c: RunContext,
  disk: RunDisk,
  handle: ReplicaHandle,
  table: ExtentTable,
  targetIsBlank: boolean,
  signal: AbortSignal,
): Promise<void> {
  const total = tableBytes(table);
  const parts = splitTable(table, c.pool.tasksPerDisk, c.tuning.taskBytes);
  const counts = parts.map(() => ({ read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0 }));
  const report = (type: 'progress' | 'checkpoint') => {
    const sum = counts.reduce(addTransferCounts);
    if (type === 'checkpoint') c.onEvent({ type, runId: c.run.id, key: disk.key, counts: sum });
    else c.onEvent({ type, runId: c.run.id, key: disk.key, activity: 'transfer', done: sum.read + sum.resumed, total, counts: sum });
  };
  await allOrNone(
    signal,
    parts.map((extents, index) => async (either) => {
      const task = {
        kind: 'transfer' as const,
        id: `${c.run.id}/${disk.key}/${index}`,
        sink: handle.sink,
        size: disk.capacity,
        extents,
        journal: handle.journal,
        targetIsBlank,
        // The interval is the disk's: its tasks share it, so that a kill loses no more than one of it.
        checkpointBytes: Math.max(BLOCK_SIZE, Math.floor(c.tuning.checkpointBytes / parts.length)),
      };
      await transferTask(c, disk, task, either, (type, now) => {
        counts[index] = now;
        report(type);
      });
    }),
  );
}

/** One task, repeated with a fresh descriptor while its errors are worth it; what was durable is not sent again. */
async function transferTask(
  c: RunContext,
  disk: RunDisk,
  task: Omit<TransferTask, 'source'>,
  signal: AbortSignal,
  report: (type: 'progress' | 'checkpoint', counts: TransferCounts) => void,
): Promise<void> {
  const release = await c.limiter.acquire([hostKey(c.machine.inventory.host), datastoreKey(disk.datastore)], signal);
  let running: RunningTask | undefined;
  // Joined before the task is known: what it is told until then is the share that it begins with.
  const member: { share: number | undefined; leave(): void } = c.bandwidth.join(c.job.id, (share) => {
    member.share = share;
    running?.control({ type: 'limit', bytesPerSecond: share });
  });
  try {
    let refresh = false;
    for (let failures = 0; ; ) {
      let progressed = false;
      const opened = await openDisk(c, disk, refresh, signal);
      try {
        const { share } = member;
        running = c.pool.run(
          { ...task, source: opened.source, ...(share === undefined ? {} : { limit: share }) },
          {
            signal,
            onEvent(event) {
              if (event.type === 'checkpoint') {
                progressed = true;
                c.onEvent({ type: 'journal', runId: c.run.id, key: disk.key, spans: event.spans });
              }
              report(event.type, event.counts);
            },
          },
        );
        const result = await running.result;
        c.run.reconnects += result.kind === 'transfer' ? result.reconnects : 0;
        if (result.kind === 'transfer') report('checkpoint', result.counts);
        return;
      } catch (caught) {
        const error = toOctopusError(caught);
        failures = progressed ? 1 : failures + 1;
        if (signal.aborted || !isWorthRetrying(error) || failures >= c.retry.attempts) throw error;
        c.run.reconnects++;
        c.onEvent({ type: 'retry', runId: c.run.id, key: disk.key, attempt: failures, code: error.code, message: error.message });
        refresh = error.code === 'source.session' || failures > 1;
        await c.clock.sleep(backoff(c.retry, failures, error), signal);
        await c.renew();
      } finally {
        running = undefined;
        await opened.close();
      }
    }
  } finally {
    member.leave();
    release();
  }
}

function openDisk(
  c: RunContext,
  disk: RunDisk,
  refresh: boolean,
  signal: AbortSignal,
): Promise<{ source: SourceDescriptor; close(): Promise<void> }> {
  const frozen = c.snapshot!.disks.find(({ key }) => key === disk.key)!;
  const ref = c.machine.inventory.ref;
  return retrying(c, signal, (either) => c.sourceProvider.openDescriptor(ref, c.snapshot!, frozen, { refresh }, either));
}
