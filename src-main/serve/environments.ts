import { OctopusError } from '../../workers/octopus-error.ts';
import type { EnvironmentService, SourceLogin } from '../api/services.ts';
import type { Clock } from '../domain/clock.ts';
import { defaultJobSettings, type JobSettings } from '../domain/job.ts';
import type { Octopus, SourceConnection } from '../octopus.ts';
import type { SourceProvider } from '../providers/source.ts';
import type { Settings } from '../settings/settings.ts';
import type { SourceEnvironment } from '../store/repositories/source-environments.ts';
import type { SecretKeeper } from '../vault/secret-keeper.ts';

export interface EnvironmentParts {
  octopus: Octopus;
  secrets: SecretKeeper;
  settings: Pick<Settings, 'get'>;
  connect: (connection: SourceConnection, signal?: AbortSignal) => Promise<SourceProvider>;
  clock: Clock;
  newId: () => string;
}

const ownerOf = (id: string) => ({ kind: 'source', id }) as const;

export function createEnvironments(parts: EnvironmentParts): EnvironmentService {
  const { octopus, secrets, clock, newId } = parts;
  const { store } = octopus;
  const now = () => clock.now().toISOString();

  async function sourceOf(id: string): Promise<SourceEnvironment> {
    const source = await store.sources.find(id);
    if (!source) throw new OctopusError('not.found', `There is no source ${id}.`);
    return source;
  }

  async function targetOf(id: string) {
    const target = await store.targets.find(id);
    if (!target) throw new OctopusError('not.found', `There is no target ${id}.`);
    return target;
  }

  async function loginOf({ id, url, username, thumbprint }: SourceEnvironment, password?: string): Promise<SourceLogin> {
    const known = password ?? (await secrets.read(ownerOf(id), 'password'));
    if (known === undefined) throw new OctopusError('source.denied', `The password of ${username} at ${url} is not in the vault: give it.`);
    return { url, username, thumbprint, password: known };
  }

  /** A connection of its own: the one that runs may be using is left alone. */
  async function about(login: SourceLogin, signal: AbortSignal) {
    await using provider = await parts.connect(login, signal);
    return provider.about(signal);
  }

  return {
    async addSource(login, signal) {
      const { instanceUuid } = await about(login, signal);
      const known = (await store.sources.list()).find((source) => source.instanceUuid === (instanceUuid || login.url));
      if (known) throw new OctopusError('conflict.exists', `This vCenter is a source already: ${known.name}.`, { field: 'url' });
      const source = await octopus.addSource(login, signal);
      try {
        await secrets.keep(ownerOf(source.id), 'password', login.password);
        return source;
      } catch (error) {
        // Without its password it could not be used after the next start.
        await octopus.disconnectSource(source.id);
        await store.sources.remove(source.id);
        throw error;
      }
    },
    async updateSource(id, changes, signal) {
      const before = await sourceOf(id);
      const known = await loginOf(before, changes.password);
      const login: SourceLogin = {
        url: changes.url ?? known.url,
        username: changes.username ?? known.username,
        thumbprint: changes.thumbprint ?? known.thumbprint,
        password: known.password,
      };
      const { instanceUuid } = await about(login, signal);
      if ((instanceUuid || login.url) !== before.instanceUuid) {
        throw new OctopusError('argument.invalid', 'This is another vCenter: add it as a source of its own.', { field: 'url' });
      }
      await secrets.keep(ownerOf(id), 'password', login.password);
      return octopus.addSource(login, signal);
    },
    async removeSource(id) {
      const source = await sourceOf(id);
      if ((await store.jobs.countOf({ sourceEnvironmentId: id })) > 0) {
        throw new OctopusError('conflict.in-use', `Migrations replicate machines of ${source.name}.`);
      }
      await octopus.disconnectSource(id);
      await store.sources.remove(id);
      await secrets.forget(ownerOf(id));
    },
    async testSource(id, signal) {
      const login = await loginOf(await sourceOf(id));
      const began = performance.now();
      const { name, version } = await about(login, signal);
      return { name, version, tookMs: Math.round(performance.now() - began) };
    },
    async syncSource(id, signal) {
      await sourceOf(id);
      const began = performance.now();
      const at = now();
      const source = await octopus.source(id, signal);
      const machines = await source.inventory(signal);
      await store.machines.putAll(machines.map((inventory) => ({ id: newId(), sourceEnvironmentId: id, inventory, seenAt: at })));
      const removed = await store.machines.removeUnseen(id, at);
      return { machines: machines.length, removed, tookMs: Math.round(performance.now() - began) };
    },
    async addLocalTarget(folder, name) {
      const target = await octopus.addLocalTarget(folder);
      return name === undefined ? target : store.targets.put({ ...target, name });
    },
    async renameTarget(id, name) {
      return store.targets.put({ ...(await targetOf(id)), name });
    },
    async removeTarget(id) {
      const target = await targetOf(id);
      if ((await store.jobs.countOf({ targetEnvironmentId: id })) > 0) {
        throw new OctopusError('conflict.in-use', `Migrations replicate to ${target.name}.`);
      }
      await octopus.disconnectTarget(id);
      await store.targets.remove(id);
    },
    async addMigration({ machineId, targetId, ownerId, settings }) {
      if (await store.jobs.of(machineId, targetId)) {
        throw new OctopusError('conflict.exists', 'This machine is replicated to that target already.', { field: 'machineId' });
      }
      const keep = parts.settings.get('retention.defaultKeep');
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<JobSettings>;
      return store.jobs.put({
        id: newId(),
        machineId,
        targetEnvironmentId: targetId,
        ownerId,
        state: 'active',
        settings: { ...defaultJobSettings, keep, ...given },
        createdAt: now(),
      });
    },
  };
}
