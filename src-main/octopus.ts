import { randomUUID } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { OctopusError } from '../workers/octopus-error.ts';
import { createTransferPool } from '../workers/piscina-pool.ts';
import type { TransferPool } from '../workers/pool.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import type { ImagesPlace } from './domain/images-place.ts';
import { defaultJobSettings, type Job, type JobSettings } from './domain/job.ts';
import type { SourceProvider } from './providers/source.ts';
import type { TargetProvider } from './providers/target.ts';
import { type ReplicationEvent, replicaId, type TransferTuning } from './replication/context.ts';
import { createLimiter, defaultLimits, type TransferLimits } from './replication/limiter.ts';
import { createReplicator, type Replicator } from './replication/replicator.ts';
import { defaultRetryPolicy, type RetryPolicy } from './replication/retry.ts';
import { type FolderLock, lockFolder } from './store/lock.ts';
import type { ImagesEnvironment, VsphereEnvironment } from './store/repositories/source-environments.ts';
import type { TargetEnvironment } from './store/repositories/target-environments.ts';
import type { StoredMachine } from './store/repositories/vms.ts';
import { openStore, type Store } from './store/store.ts';

export interface SourceConnection {
  url: string;
  username: string;
  password: string;
  /** The accepted certificate. */
  thumbprint: string;
}

export interface OctopusOptions {
  /** Holds octopus.db and the marks of disk images that a run reads; only one process at a time works in it. */
  stateFolder: string;
  /** The vault: asked when a source is connected that addSource() was not called for in this process. */
  passwordOf?: (environment: VsphereEnvironment) => Promise<string | undefined>;
  /** How a source is reached; vSphere unless a test gives another. */
  connectSource?: (connection: SourceConnection, signal?: AbortSignal) => Promise<SourceProvider>;
  openTarget?: (environment: TargetEnvironment) => TargetProvider | Promise<TargetProvider>;
  /** Threads that copy; the default is the machine's number of processors. */
  threads?: number;
  /** Instead of threads of its own. Whoever gives it ends it, after close(). */
  pool?: TransferPool;
  limits?: Partial<TransferLimits>;
  retry?: Partial<RetryPolicy>;
  tuning?: Partial<TransferTuning>;
  clock?: Clock;
  newId?: () => string;
  crashpoint?: (name: string) => void | Promise<void>;
  onEvent?: (event: ReplicationEvent) => void;
}

/** The headless core, put together. Whoever opens it closes it. */
export interface Octopus extends AsyncDisposable {
  readonly store: Store;
  readonly replicator: Replicator;
  /**
   * Logs in, and remembers the environment (without its password). One that is known keeps its name where none is given; a new one is called by
   * its host: by its product all of one version would be called alike.
   */
  addSource(connection: SourceConnection, signal?: AbortSignal, name?: string): Promise<VsphereEnvironment>;
  /** Disk images on this computer; `before`: the source whose place or name this changes. */
  addImages(place: ImagesPlace, name: string, before?: ImagesEnvironment): Promise<ImagesEnvironment>;
  /** A folder of images; this process is the only one that works in it until close(). */
  addLocalTarget(folder: string): Promise<TargetEnvironment>;
  /** The job for this machine and target, made if there is none. Settings that are not given stay as they are. */
  addJob(source: string, machine: string, target: string, settings?: Partial<JobSettings>, signal?: AbortSignal): Promise<Job>;
  source(environmentId: string, signal?: AbortSignal): Promise<SourceProvider>;
  target(environmentId: string): Promise<TargetProvider>;
  machine(id: string): Promise<StoredMachine>;
  /** Ends its connection and forgets its password; the next use logs in anew. Nothing may be running on it. */
  disconnectSource(id: string): Promise<void>;
  /** Leaves its folder to others. Nothing may be running on it. */
  disconnectTarget(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function openOctopus(options: OctopusOptions): Promise<Octopus> {
  const clock = options.clock ?? systemClock;
  const newId = options.newId ?? randomUUID;
  const connectSource = options.connectSource ?? connectVsphereSource;
  const openTarget = options.openTarget ?? openLocalTarget;
  const locks = new Map<string, FolderLock>();
  const passwords = new Map<string, string>();
  const sources = new Map<string, Promise<SourceProvider>>();
  const targets = new Map<string, Promise<TargetProvider>>();

  async function lock(folder: string): Promise<void> {
    const path = resolve(folder);
    if (!locks.has(path)) locks.set(path, await lockFolder(path));
  }

  await lock(options.stateFolder);
  let store: Store;
  try {
    store = await openStore(join(options.stateFolder, 'octopus.db'));
  } catch (error) {
    for (const held of locks.values()) held.release();
    throw error;
  }

  const now = () => clock.now().toISOString();

  /** Kept for all runs; one that could not be connected is tried again by the next call. */
  function keep<Provider>(kept: Map<string, Promise<Provider>>, id: string, open: () => Promise<Provider>): Promise<Provider> {
    const known = kept.get(id);
    if (known) return known;
    const opening = open();
    kept.set(id, opening);
    opening.catch(() => kept.delete(id));
    return opening;
  }

  const source = (id: string, signal?: AbortSignal) =>
    keep(sources, id, async () => {
      const environment = await store.sources.find(id);
      if (!environment) throw new OctopusError('argument.invalid', `There is no source ${id}.`, { field: 'source' });
      if (environment.kind === 'images') return openImages(environment, options.stateFolder);
      const password = passwords.get(id) ?? (await options.passwordOf?.(environment));
      if (password === undefined) {
        throw new OctopusError('source.denied', `The password of ${environment.username} at ${environment.url} is not known.`);
      }
      const { url, username, thumbprint } = environment;
      return connectSource({ url, username, password, thumbprint }, signal);
    });

  /** The lock would make a folder that is missing: only what is there is looked at, so that a disk that is not mounted is found out. */
  async function holdFolder({ id, location }: TargetEnvironment): Promise<void> {
    const { requireKnownFolder } = await import('./providers/local/known-folder.ts');
    const replicas: string[] = [];
    for (const job of await store.jobs.list()) {
      if (job.targetEnvironmentId !== id || !(await store.recoveryPoints.newestHeld(job.id))) continue;
      const machine = await store.machines.find(job.machineId);
      if (machine) replicas.push(replicaId(machine));
    }
    await requireKnownFolder(location, replicas);
    await lock(location);
  }

  const target = (id: string) =>
    keep(targets, id, async () => {
      const environment = await store.targets.find(id);
      if (!environment) throw new OctopusError('argument.invalid', `There is no target ${id}.`, { field: 'target' });
      if (environment.kind === 'local') await holdFolder(environment);
      return openTarget(environment);
    });

  const pool = options.pool ?? createTransferPool(options.threads === undefined ? {} : { threads: options.threads });
  const replicator = createReplicator({
    store,
    pool,
    // Asked for at each use, so that whoever gives them may change them.
    limiter: createLimiter({
      get perHost() {
        return options.limits?.perHost ?? defaultLimits.perHost;
      },
      get perDatastore() {
        return options.limits?.perDatastore ?? defaultLimits.perDatastore;
      },
    }),
    retry: { ...defaultRetryPolicy, ...options.retry },
    // Below 1 GiB a second task costs more in connections than it gains.
    tuning: {
      taskBytes: options.tuning?.taskBytes ?? 2 ** 30,
      checkpointBytes: options.tuning?.checkpointBytes ?? 64 * 2 ** 20,
      get limit() {
        return options.tuning?.limit;
      },
    },
    clock,
    newId,
    source,
    target,
    crashpoint: options.crashpoint ?? (() => {}),
    onEvent: options.onEvent ?? (() => {}),
  });

  async function close(): Promise<void> {
    if (options.pool === undefined) await pool[Symbol.asyncDispose]();
    const opened = [...sources.values(), ...targets.values()];
    sources.clear();
    targets.clear();
    await Promise.allSettled(opened.map(async (provider) => (await provider)[Symbol.asyncDispose]()));
    await store.close();
    for (const held of locks.values()) held.release();
  }

  return {
    store,
    replicator,
    source,
    target,
    async addSource(connection, signal, name) {
      const provider = await connectSource(connection, signal);
      try {
        const about = await provider.about(signal);
        // A server without an id of its own is known by its address.
        const instanceUuid = about.instanceUuid || connection.url;
        const known = (await store.sources.list()).find((one) => one.kind === 'vsphere' && one.instanceUuid === instanceUuid);
        const named = known?.kind === 'vsphere' && known.name !== hostOf(known.url) ? known.name : undefined;
        const environment = await store.sources.put<VsphereEnvironment>({
          id: newId(),
          kind: 'vsphere',
          name: name ?? named ?? hostOf(connection.url),
          url: connection.url,
          username: connection.username,
          thumbprint: connection.thumbprint,
          instanceUuid,
          createdAt: now(),
        });
        const before = sources.get(environment.id);
        passwords.set(environment.id, connection.password);
        sources.set(environment.id, Promise.resolve(provider));
        await (await before?.catch(() => undefined))?.[Symbol.asyncDispose]();
        return environment;
      } catch (error) {
        await provider[Symbol.asyncDispose]();
        throw error;
      }
    },
    async addImages(place, name, before) {
      const id = before?.id ?? newId();
      const instanceUuid = before?.instanceUuid ?? newId();
      const environment = await store.sources.put<ImagesEnvironment>({
        ...{ id, kind: 'images', name, place, instanceUuid },
        createdAt: before?.createdAt ?? now(),
      });
      await release(sources, id);
      return environment;
    },
    async addLocalTarget(folder) {
      const location = resolve(folder);
      await lock(location);
      return store.targets.put({ id: newId(), kind: 'local', name: basename(location), location, settings: {}, createdAt: now() });
    },
    async addJob(sourceId, name, targetId, settings = {}, signal) {
      const provider = await source(sourceId, signal);
      const inventory = await provider.machine(name, signal);
      const machine = await store.machines.put({ id: newId(), sourceEnvironmentId: sourceId, inventory, seenAt: now() });
      const known = (await store.jobs.list()).find((job) => job.machineId === machine.id && job.targetEnvironmentId === targetId);
      return store.jobs.put({
        id: newId(),
        machineId: machine.id,
        targetEnvironmentId: targetId,
        state: 'active',
        settings: { ...(known?.settings ?? defaultJobSettings), ...settings },
        createdAt: now(),
      });
    },
    async machine(id) {
      const machine = await store.machines.find(id);
      if (!machine) throw new OctopusError('argument.invalid', `There is no machine ${id}.`, { field: 'machine' });
      return machine;
    },
    async disconnectSource(id) {
      passwords.delete(id);
      await release(sources, id);
    },
    async disconnectTarget(id) {
      await release(targets, id);
      const environment = await store.targets.find(id);
      const path = environment && resolve(environment.location);
      if (path === undefined || path === resolve(options.stateFolder)) return;
      locks.get(path)?.release();
      locks.delete(path);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

// Loaded when used: SOAP costs a fifth of a second that `octopus copy` need not wait for.
export async function connectVsphereSource(connection: SourceConnection, signal?: AbortSignal): Promise<SourceProvider> {
  const { connectVsphere } = await import('./providers/vsphere/connect-vsphere.ts');
  const { url, username, password, thumbprint } = connection;
  return connectVsphere({ url, username, thumbprint, password: async () => password }, signal);
}

async function openImages({ instanceUuid, place }: ImagesEnvironment, stateFolder: string): Promise<SourceProvider> {
  const { createImagesSource } = await import('./providers/images/images-source.ts');
  return createImagesSource({ place, id: instanceUuid, keepIn: join(stateFolder, 'image-snapshots', instanceUuid) });
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/** The next use opens it anew. */
async function release(kept: Map<string, Promise<AsyncDisposable>>, id: string): Promise<void> {
  const before = kept.get(id);
  kept.delete(id);
  await (await before?.catch(() => undefined))?.[Symbol.asyncDispose]();
}

async function openLocalTarget(environment: TargetEnvironment): Promise<TargetProvider> {
  const { createLocalTarget } = await import('./providers/local/local-target.ts');
  return createLocalTarget({ folder: environment.location });
}
