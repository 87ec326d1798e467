import { stat } from 'node:fs/promises';
import { openStates } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE } from '../../workers/blocks/manifest.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { InsightService } from '../api/services.ts';
import type { Run, RunDisk } from '../domain/run.ts';
import type { Octopus } from '../octopus.ts';
import type { ReplicationEvent } from '../replication/context.ts';
import { createDiskMap, type DiskMap, type MappedDisk, mapStates } from '../replication/disk-map.ts';
import { checkMigration } from './check-migration.ts';

/** Runs that are looked back upon for one that came as far as its disks. */
const RUNS = 5;
/** Maps that are remembered. */
const KEPT = 16;

/** What was drawn last of a disk: a poll looks only at what was written to its journal since. */
interface Drawn {
  of: string;
  runId: string;
  key: number;
  map: DiskMap;
  /** The journal's run, and when it was last written to by none that is going on. */
  seen: string;
  turn: Promise<unknown>;
}

export function createInsight(octopus: Octopus): InsightService & { take(event: ReplicationEvent): void } {
  const { store } = octopus;
  const drawn = new Map<string, Drawn>();

  /** The newest run that knows its disks, and whether it is the newest of all. */
  async function lookedAt(jobId: string): Promise<{ run: Run; disks: RunDisk[] } | undefined> {
    for (const run of await store.runs.pageOfJob(jobId, RUNS)) {
      const disks = await store.runDisks.ofRun(run.id);
      if (disks.length > 0) return { run, disks };
    }
    return undefined;
  }

  async function draw(run: Run, disk: RunDisk, all: boolean, cells: number): Promise<MappedDisk> {
    const key = `${run.jobId} ${disk.key}`;
    const of = [run.id, disk.mode, disk.capacity, cells].join(' ');
    let entry = drawn.get(key);
    if (entry?.of !== of)
      entry = { of, ...{ runId: run.id, key: disk.key }, map: createDiskMap(disk, cells), seen: '', turn: Promise.resolve() };
    drawn.delete(key);
    drawn.set(key, entry);
    for (const oldest of drawn.keys()) {
      if (drawn.size <= KEPT) break;
      drawn.delete(oldest);
    }
    const looked = entry.turn.then(() => look(entry, disk, run.state === 'running'));
    entry.turn = looked.catch(() => drawn.delete(key));
    await looked;
    // Its root is stored once all that the run reads back was compared.
    return entry.map.draw(disk.manifestRoot === undefined ? 'none' : all ? 'all' : 'written');
  }

  async function look(entry: Drawn, { journal }: RunDisk, running: boolean): Promise<void> {
    const found = journal === undefined ? undefined : await stat(journal).catch(() => undefined);
    const states = found && (await openStates(journal as string).catch(unlessDamaged));
    try {
      const seen = states === undefined ? 'none' : `${states.runId} ${running ? '' : found?.mtimeMs}`;
      // Another run's by now, or written to by nobody who said so.
      if (seen.split(' ')[0] !== entry.seen.split(' ')[0]) entry.map.mark();
      else if (!running && seen !== entry.seen && !entry.seen.endsWith(' ') && !entry.map.isMarked()) entry.map.mark();
      entry.seen = seen;
      await entry.map.look(states);
    } finally {
      await states?.close();
    }
  }

  return {
    take(event) {
      if (event.type !== 'journal') return;
      for (const { runId, key, map } of drawn.values()) {
        if (runId !== event.runId || key !== event.key) continue;
        for (let index = 0; index < event.spans.length; index += 2) map.mark(event.spans[index], event.spans[index + 1]);
      }
    },
    check: (wanted, signal) => checkMigration(octopus, wanted, signal),
    async diskMap(jobId, cells) {
      const states = [...mapStates];
      const found = await lookedAt(jobId);
      if (!found) return { running: false, states, disks: [] };
      const { run, disks } = found;
      const job = await store.jobs.find(jobId);
      const labels = new Map((job && (await store.machines.find(job.machineId)))?.inventory.disks.map(({ key, label }) => [key, label]));
      // As verifiesAll() of the replication decides it.
      const all = run.kind !== 'incremental' || job?.settings.verify === 'all';
      const mapped: Awaited<ReturnType<InsightService['diskMap']>>['disks'] = [];
      for (const disk of disks) {
        const { cells: bytes, ...map } = await draw(run, disk, all, cells);
        const { key, capacity } = disk;
        mapped.push({
          key,
          label: labels.get(key) ?? `Disk ${key}`,
          capacity,
          blockSize: BLOCK_SIZE,
          ...map,
          cells: bytes.toString('base64'),
        });
      }
      return { runId: run.id, running: run.state === 'running', states, disks: mapped };
    },
  };
}

/** A journal that is just being replaced, or damaged: nothing is known of the blocks. */
function unlessDamaged(error: unknown): undefined {
  if (error instanceof OctopusError && error.code === 'manifest.invalid') return undefined;
  throw error;
}
