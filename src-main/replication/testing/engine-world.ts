import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransferPool } from '../../../workers/pool.ts';
import { systemClock } from '../../domain/clock.ts';
import { defaultJobSettings, type JobSettings } from '../../domain/job.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { ReplicationEvent, ReplicationParts } from '../context.ts';
import { createLimiter } from '../limiter.ts';
import { createReplicator, type Replicator } from '../replicator.ts';
import { FakeSource } from './fake-source.ts';
import { FakeTarget } from './fake-target.ts';

const MiB = 2 ** 20;

/** The engine over a source and a target that are folders: one job `j` of one machine `m`. */
export class EngineWorld implements AsyncDisposable {
  readonly events: ReplicationEvent[] = [];
  readonly folder: string;
  readonly source: FakeSource;
  readonly target: FakeTarget;
  crashpoint: (name: string) => void | Promise<void> = () => {};
  store!: Store;
  replicator!: Replicator;
  private readonly given: Partial<ReplicationParts> & { pool: TransferPool };

  private constructor(folder: string, given: Partial<ReplicationParts> & { pool: TransferPool }) {
    this.folder = folder;
    this.given = given;
    this.source = new FakeSource(join(folder, 'source'));
    this.target = new FakeTarget(join(folder, 'target'));
  }

  /** `disks`: bytes of each; all but the last MiB of each holds data. */
  static async open(given: Partial<ReplicationParts> & { pool: TransferPool }, disks: number[]): Promise<EngineWorld> {
    const world = new EngineWorld(await mkdtemp(join(tmpdir(), 'octopus-engine-')), given);
    await mkdir(join(world.folder, 'source'));
    await mkdir(join(world.folder, 'target'));
    for (const [index, size] of disks.entries()) {
      await world.source.addDisk(2000 + index, size);
      await world.source.write(2000 + index, 0, randomBytes(Math.max(512, size - MiB)));
    }
    await world.start();
    const { store } = world;
    const about = { name: 'fake', url: 'https://fake/sdk', username: 'u', thumbprint: '', instanceUuid: 'fake-source', createdAt: '' };
    await store.sources.put({ id: 's', kind: 'vsphere', ...about });
    await store.targets.put({ id: 't', kind: 'local', name: 'fake', location: world.folder, settings: {}, createdAt: '' });
    await store.machines.put({ id: 'm', sourceEnvironmentId: 's', inventory: world.source.inventoryNow(), seenAt: '' });
    await world.setJob({});
    return world;
  }

  setJob(settings: Partial<JobSettings>): Promise<unknown> {
    const job = { id: 'j', machineId: 'm', targetEnvironmentId: 't', state: 'active' as const, createdAt: '' };
    return this.store.jobs.put({ ...job, settings: { ...defaultJobSettings, ...settings } });
  }

  /** A new process over the same database, source and target. */
  async start(): Promise<void> {
    await this.store?.close();
    this.store = await openStore(join(this.folder, 'octopus.db'));
    this.replicator = createReplicator({
      store: this.store,
      limiter: createLimiter({ perHost: 4, perDatastore: 4 }),
      retry: { attempts: 4, firstMs: 1, maxMs: 4 },
      tuning: { taskBytes: 2 * MiB, checkpointBytes: 2 * MiB, limit: undefined },
      clock: systemClock,
      newId: randomUUID,
      source: async () => this.source,
      target: async () => this.target,
      crashpoint: (name) => this.crashpoint(name),
      onEvent: (event) => void this.events.push(event),
      ...this.given,
    });
  }

  /** Ends the process at a crashpoint: nothing after it happens, neither catch nor finally. False: the work ended before. */
  async dieAt(name: string, work: () => Promise<unknown>): Promise<boolean> {
    const died = new Promise<true>((resolve) => {
      this.crashpoint = (at) => {
        if (at !== name) return;
        resolve(true);
        return new Promise(() => {});
      };
    });
    const ended = work().then(
      () => false,
      () => false,
    );
    const result = await Promise.race([died, ended]);
    this.crashpoint = () => {};
    await this.start();
    return result;
  }

  /** The newest point holds what the source holds, and no snapshot of ours is left. Answers what differs. */
  async wrong(): Promise<string[]> {
    const found: string[] = [];
    const point = await this.store.recoveryPoints.newest('j');
    if (!point) return ['There is no point.'];
    for (const { key } of this.source.disks) {
      const same = (await readFile(this.target.pointImage(point, key))).equals(await readFile(this.source.file(key)));
      if (!same) found.push(`Disk ${key} differs.`);
    }
    return [...found, ...this.source.snapshots.map(({ name }) => `The snapshot ${name} is left.`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
