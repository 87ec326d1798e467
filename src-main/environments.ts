import { OctopusError } from '../workers/octopus-error.ts';
import type { EnvironmentService, SourceLogin } from './api/services.ts';
import type { Clock } from './domain/clock.ts';
import type { JobSettings } from './domain/job.ts';
import type { SourceProvider } from './providers/source.ts';
import type { SourceEnvironment } from './store/repositories/source-environments.ts';
import type { TargetEnvironment } from './store/repositories/target-environments.ts';
import type { Store } from './store/store.ts';

export type Environments = EnvironmentService;

/** What octopus.ts, which keeps the connections, gives. */
export interface EnvironmentParts {
  store: Store;
  clock: Clock;
  newId(): string;
  /** The kept connection. */
  source(id: string, signal?: AbortSignal): Promise<SourceProvider>;
  /** A new one. */
  connect(environment: SourceEnvironment, signal?: AbortSignal): Promise<SourceProvider>;
  /** `instance`: refuse any other vCenter than this. */
  adoptSource(login: SourceLogin, instance: string | undefined, signal?: AbortSignal): Promise<SourceEnvironment>;
  loginOf(environment: SourceEnvironment): Promise<SourceLogin>;
  dropSource(id: string): Promise<void>;
  addLocalTarget(folder: string, name?: string): Promise<TargetEnvironment>;
  dropTarget(target: TargetEnvironment): Promise<void>;
  jobSettings(): JobSettings;
}

export function createEnvironments(parts: EnvironmentParts): EnvironmentService {
  const { store, clock } = parts;
  type Synced = Awaited<ReturnType<EnvironmentService['syncSource']>>;
  const syncing = new Map<string, Promise<Synced>>();

  async function sourceOf(id: string): Promise<SourceEnvironment> {
    const source = await store.sources.find(id);
    if (!source) throw new OctopusError('not.found', `There is no source ${id}.`);
    return source;
  }

  async function targetOf(id: string): Promise<TargetEnvironment> {
    const target = await store.targets.find(id);
    if (!target) throw new OctopusError('not.found', `There is no target ${id}.`);
    return target;
  }

  async function sync(id: string, signal: AbortSignal): Promise<Synced> {
    const began = performance.now();
    const inventory = await (await parts.source(id, signal)).inventory(signal);
    signal.throwIfAborted();
    const seenAt = clock.now().toISOString();
    await store.machines.putAll(inventory.map((machine) => ({ id: parts.newId(), sourceEnvironmentId: id, inventory: machine, seenAt })));
    const removed = await store.machines.removeUnseen(id, seenAt);
    return { machines: inventory.length, removed, tookMs: Math.round(performance.now() - began) };
  }

  return {
    addSource: (login, signal) => parts.adoptSource(login, undefined, signal),
    async updateSource(id, changes, signal) {
      const source = await sourceOf(id);
      const known = changes.password === undefined ? await parts.loginOf(source) : source;
      const login = {
        url: changes.url ?? source.url,
        username: changes.username ?? source.username,
        thumbprint: changes.thumbprint ?? source.thumbprint,
        password: changes.password ?? (known as SourceLogin).password,
      };
      return parts.adoptSource(login, source.instanceUuid, signal);
    },
    async removeSource(id) {
      const source = await sourceOf(id);
      if ((await store.jobs.countOf({ sourceEnvironmentId: id })) > 0) throw inUse(source.name, 'a migration');
      await unlessReferenced(source.name, () => store.sources.remove(id));
      await parts.dropSource(id);
    },
    async testSource(id, signal) {
      const source = await sourceOf(id);
      const began = performance.now();
      await using provider = await parts.connect(source, signal);
      const { name, version } = await provider.about(signal);
      return { name, version, tookMs: Math.round(performance.now() - began) };
    },
    async syncSource(id, signal) {
      await sourceOf(id);
      // Two at once would each forget what only the other has seen: the second gets the first one's answer.
      const known = syncing.get(id);
      if (known) return known;
      const mine = sync(id, signal).finally(() => syncing.delete(id));
      syncing.set(id, mine);
      return mine;
    },
    addLocalTarget: parts.addLocalTarget,
    async renameTarget(id, name) {
      return store.targets.put({ ...(await targetOf(id)), name });
    },
    async removeTarget(id) {
      const target = await targetOf(id);
      if ((await store.jobs.countOf({ targetEnvironmentId: id })) > 0) throw inUse(target.name, 'a migration');
      await unlessReferenced(target.name, () => store.targets.remove(id));
      await parts.dropTarget(target);
    },
    async addMigration({ machineId, targetId, ownerId, settings }) {
      if (await store.jobs.of(machineId, targetId)) {
        throw new OctopusError('conflict.exists', 'This machine is replicated to this target already.', { field: 'machineId' });
      }
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
      return store.jobs.put({
        id: parts.newId(),
        machineId,
        targetEnvironmentId: targetId,
        ownerId,
        state: 'active',
        settings: { ...parts.jobSettings(), ...given },
        createdAt: clock.now().toISOString(),
      });
    },
  };
}

function inUse(name: string, by: string, cause?: unknown): OctopusError {
  return new OctopusError('conflict.in-use', `${name} is needed by ${by}: remove that first.`, { cause });
}

/** The database's own check is the last word: something may have begun to need it in between. */
async function unlessReferenced(name: string, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (cause) {
    if (/FOREIGNKEY/.test(String((cause as { code?: unknown }).code))) throw inUse(name, 'a migration or schedule', cause);
    throw cause;
  }
}
