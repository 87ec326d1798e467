import { stat } from 'node:fs/promises';
import { journalStates } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE } from '../../workers/blocks/manifest.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { InsightService } from '../api/services.ts';
import type { Run, RunDisk } from '../domain/run.ts';
import type { Octopus } from '../octopus.ts';
import { type MappedDisk, mapDisk, mapStates } from '../replication/disk-map.ts';
import { checkMigration } from './check-migration.ts';

/** Runs that are looked back upon for one that came as far as its disks. */
const RUNS = 5;
/** Maps that are remembered. */
const KEPT = 64;

export function createInsight(octopus: Octopus): InsightService {
  const { store } = octopus;
  /** What was drawn last of a disk: most polls find nothing new in its journal. */
  const drawn = new Map<string, { of: string; map: Promise<MappedDisk> }>();

  /** The newest run that knows its disks, and whether it is the newest of all. */
  async function lookedAt(jobId: string): Promise<{ run: Run; disks: RunDisk[] } | undefined> {
    for (const run of await store.runs.pageOfJob(jobId, RUNS)) {
      const disks = await store.runDisks.ofRun(run.id);
      if (disks.length > 0) return { run, disks };
    }
    return undefined;
  }

  async function draw(run: Run, disk: RunDisk, all: boolean, cells: number): Promise<MappedDisk> {
    const { journal } = disk;
    const found = journal === undefined ? undefined : await stat(journal).catch(() => undefined);
    // Its root is stored once all that the run reads back was compared.
    const proof = disk.manifestRoot === undefined ? 'none' : all ? 'all' : 'written';
    const of = [run.id, disk.mode, proof, found?.mtimeMs, found?.size, cells].join(' ');
    const key = `${run.jobId} ${disk.key}`;
    const kept = drawn.get(key);
    if (kept?.of === of) return kept.map;
    const states = found === undefined ? undefined : journalStates(journal as string);
    const map = Promise.resolve(states).then(
      (known) => mapDisk(disk, known, proof, cells),
      (error: unknown) => {
        // A journal that is just being replaced, or damaged: nothing is known of the blocks.
        if (error instanceof OctopusError && error.code === 'manifest.invalid') return mapDisk(disk, undefined, proof, cells);
        throw error;
      },
    );
    drawn.delete(key);
    drawn.set(key, { of, map });
    map.catch(() => drawn.delete(key));
    for (const oldest of drawn.keys()) {
      if (drawn.size <= KEPT) break;
      drawn.delete(oldest);
    }
    return map;
  }

  return {
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
