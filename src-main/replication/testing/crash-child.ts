/**
 * The process that the crash test kills: opens everything anew, recovers, then does what it is told, and says so line by line.
 * Bundled by the test, since a start must be quick.
 */
import { existsSync, readFileSync, writeSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOctopus, type SourceConnection } from '../../octopus.ts';
import { createLocalTarget } from '../../providers/local/local-target.ts';
import type { TargetProvider } from '../../providers/target.ts';

export interface ChildTask {
  connection: SourceConnection;
  machine: string;
  folder: string;
  operation: 'run' | 'cutover' | 'rollback';
  checkpointBytes: number;
  /** Bytes per second, so that kills find something going on. */
  limit: number;
}

export type ChildLine =
  | { type: 'begun' }
  | { type: 'replicas'; disks: { key: number; image: string; journal: string }[] }
  | { type: 'recovered'; recovered: { what: string; outcome: string; message: string }[] }
  | { type: 'done'; jobState: string; points: { id: string; runId: string; folder: string; disks: { key: number; root: string }[] }[] };

const task = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ChildTask;
const say = (line: ChildLine) => writeSync(1, `${JSON.stringify(line)}\n`);

/** The real target, except that a started machine is a file: the machines' disks hold nothing that boots. */
function markedTarget(target: TargetProvider): TargetProvider {
  const marker = join(task.folder, 'running');
  return {
    prepareReplica: async (...args) => {
      const handles = await target.prepareReplica(...args);
      say({
        type: 'replicas',
        disks: handles.map(({ key, sink, journal }) => ({ key, image: sink.kind === 'nbd' ? '' : sink.path, journal })),
      });
      return handles;
    },
    commit: (...args) => target.commit(...args),
    recoveryPoints: (...args) => target.recoveryPoints(...args),
    prune: (...args) => target.prune(...args),
    pointDisks: (...args) => target.pointDisks(...args),
    remove: (...args) => target.remove(...args),
    observeBoot: (...args) => target.observeBoot(...args),
    async start(_machine, point) {
      await writeFile(marker, point);
      return { handle: point, where: 'a file' };
    },
    started: async () => (existsSync(marker) ? [readFileSync(marker, 'utf8')] : []),
    startedFrom: async (_machine, point) => (existsSync(marker) && readFileSync(marker, 'utf8') === point ? point : undefined),
    startedMachines: async () => [],
    stop: () => rm(marker, { force: true }),
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

say({ type: 'begun' });
await using octopus = await openOctopus({
  stateFolder: task.folder,
  threads: 2,
  retry: { firstMs: 20, maxMs: 500 },
  tuning: { checkpointBytes: task.checkpointBytes, limit: task.limit },
  openTarget: ({ location }) => markedTarget(createLocalTarget({ folder: location })),
});
const source = await octopus.addSource(task.connection);
const target = await octopus.addLocalTarget(task.folder);
const job = await octopus.addJob(source.id, task.machine, target.id, { keep: 2 });
const recovered = await octopus.replicator.recover();
say({ type: 'recovered', recovered });

const state = async () => (await octopus.store.jobs.find(job.id))!.state;
const isCutOver = (await state()) === 'cut-over';
if (task.operation === 'cutover') await octopus.replicator.cutover(job.id, { preSync: false, shutdownDeadlineMs: 2000 });
else if (isCutOver) await octopus.replicator.rollback(job.id);
if (task.operation === 'run') await octopus.replicator.run(job.id);

const machine = await octopus.machine(job.machineId);
const points = await (await octopus.target(target.id)).recoveryPoints(machine.inventory.instanceUuid);
say({
  type: 'done',
  jobState: await state(),
  points: points.map(({ id, runId, disks }) => ({
    id,
    runId,
    folder: task.folder,
    disks: disks.map(({ key, manifestRoot }) => ({ key, root: manifestRoot })),
  })),
});
