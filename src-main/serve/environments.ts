import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { EnvironmentService, ImagesChoice, SourceLogin } from '../api/services.ts';
import { isAnotherMachine } from '../domain/another-machine.ts';
import type { Clock } from '../domain/clock.ts';
import type { ImagesPlace } from '../domain/images-place.ts';
import { defaultJobSettings, type JobSettings } from '../domain/job.ts';
import type { MachineInventory } from '../domain/machine.ts';
import type { Octopus, SourceConnection } from '../octopus.ts';
import { pathProblem, probeFolder, spaceOf } from '../providers/local/probe-folder.ts';
import { suggestedFolder } from '../providers/local/suggested-folder.ts';
import type { SourceProvider } from '../providers/source.ts';
import type { Settings } from '../settings/settings.ts';
import type { ImagesEnvironment, SourceEnvironment, VsphereEnvironment } from '../store/repositories/source-environments.ts';
import type { SecretKeeper } from '../vault/secret-keeper.ts';
import { createContactKeeper } from './contact-keeper.ts';

export interface EnvironmentParts {
  octopus: Octopus;
  secrets: SecretKeeper;
  settings: Pick<Settings, 'get'>;
  connect: (connection: SourceConnection, signal?: AbortSignal) => Promise<SourceProvider>;
  publish: (event: OctopusEvent) => Promise<unknown>;
  clock: Clock;
  newId: () => string;
}

const ownerOf = (id: string) => ({ kind: 'source', id }) as const;

export function createEnvironments(parts: EnvironmentParts): EnvironmentService {
  const { octopus, secrets, clock, newId } = parts;
  const { store } = octopus;
  const now = () => clock.now().toISOString();
  const contacts = createContactKeeper({ contacts: store.contacts, publish: parts.publish, now });

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

  async function vsphereOf(id: string): Promise<VsphereEnvironment> {
    const source = await sourceOf(id);
    if (source.kind !== 'vsphere') throw new OctopusError('argument.invalid', `${source.name} is no vCenter.`, { field: 'kind' });
    return source;
  }

  async function loginOf({ id, url, username, thumbprint }: VsphereEnvironment, password?: string): Promise<SourceLogin> {
    const known = password ?? (await secrets.read(ownerOf(id), 'password'));
    if (known === undefined) throw new OctopusError('source.denied', `The password of ${username} at ${url} is not in the vault: give it.`);
    return { url, username, thumbprint, password: known };
  }

  /** Throws where nothing of it can be read. */
  async function lookAt(place: ImagesPlace, signal: AbortSignal) {
    const { createImagesSource } = await import('../providers/images/images-source.ts');
    await using provider = createImagesSource({ place, id: 'look' });
    const machines = await provider.inventory(signal);
    const disks = machines.flatMap((machine) => machine.disks);
    if (!disks.some(({ excluded }) => excluded === undefined)) {
      const why = disks[0] ? `${disks[0].label}: ${disks[0].excluded}` : 'There is none (raw, img, qcow2, vmdk, vhd, vhdx).';
      throw new OctopusError('argument.invalid', `No disk image can be read there. ${why}`, { field: fieldOf(place) });
    }
    return provider.about(signal);
  }

  /** A connection of its own: the one that runs may be using is left alone. */
  async function about(login: SourceLogin, signal: AbortSignal) {
    await using provider = await parts.connect(login, signal);
    return provider.about(signal);
  }

  return {
    async addSource({ name, ...login }, signal) {
      const { instanceUuid } = await about(login, signal);
      const known = (await store.sources.list()).find((source) => source.instanceUuid === (instanceUuid || login.url));
      if (known) throw new OctopusError('conflict.exists', `This vCenter is a source already: ${known.name}.`, { field: 'url' });
      const source = await octopus.addSource(login, signal, name);
      await contacts.sourceAnswered(source.id);
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
    async updateSource(id, { name, ...changes }, signal) {
      const before = await vsphereOf(id);
      // Another name is given to one that does not answer as well.
      if (Object.values(changes).every((change) => change === undefined))
        return store.sources.put({ ...before, name: name ?? before.name });
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
      const source = await octopus.addSource(login, signal, name);
      await contacts.sourceAnswered(id);
      return source;
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
      const began = performance.now();
      const source = await sourceOf(id);
      const { name, version } = await contacts.asking(id, signal, async () =>
        source.kind === 'images' ? lookAt(source.place, signal) : about(await loginOf(source), signal),
      );
      return { name, version, tookMs: Math.round(performance.now() - began) };
    },
    async syncSource(id, signal) {
      await sourceOf(id);
      const began = performance.now();
      const at = now();
      const machines = await contacts.asking(id, signal, async () => (await octopus.source(id, signal)).inventory(signal));
      const known = new Map<string, MachineInventory>();
      for (const { sourceEnvironmentId, inventory } of await store.machines.list()) {
        if (sourceEnvironmentId === id) known.set(inventory.instanceUuid, inventory);
      }
      // What a migration is about stays known as it was, for its next run to say that another machine has taken its place.
      const same = machines.filter((inventory) => {
        const before = known.get(inventory.instanceUuid);
        return before === undefined || !isAnotherMachine(before, inventory);
      });
      await store.machines.putAll(same.map((inventory) => ({ id: newId(), sourceEnvironmentId: id, inventory, seenAt: at })));
      const removed = await store.machines.removeUnseen(id, at);
      await parts.publish({ type: 'source.changed', data: { sourceId: id, change: 'synced' } });
      return { machines: machines.length, removed, tookMs: Math.round(performance.now() - began) };
    },
    async addImages(choice, signal) {
      const place = placeOf(choice);
      const same = (await store.sources.list()).find((source) => source.kind === 'images' && samePlace(source.place, place));
      if (same)
        throw new OctopusError('conflict.exists', `These disk images are a source already: ${same.name}.`, { field: fieldOf(place) });
      await lookAt(place, signal);
      return octopus.addImages(place, choice.name ?? nameOf(place));
    },
    async updateImages(id, changes, signal) {
      const before = await sourceOf(id);
      if (before.kind !== 'images') throw new OctopusError('argument.invalid', `${before.name} is a vCenter.`, { field: 'kind' });
      const moved = changes.folder !== undefined || changes.files !== undefined;
      const grouping = changes.grouping ?? before.place.grouping;
      const place = moved ? placeOf({ ...changes, grouping }) : { ...before.place, grouping };
      const other = (moved || changes.grouping !== undefined) && !samePlace(place, before.place);
      if (other) await lookAt(place, signal);
      const source = await octopus.addImages(place, changes.name ?? before.name, before satisfies ImagesEnvironment);
      if (other) await contacts.sourceAnswered(id);
      return source;
    },
    async probeSource(trial, signal) {
      const began = performance.now();
      const took = () => Math.round(performance.now() - began);
      // Loaded when used, as the providers are.
      if (trial.kind === 'images') {
        const { probeImages } = await import('../providers/images/probe-images.ts');
        return { ...(await probeImages(placeOf(trial), signal)), tookMs: took() };
      }
      const { probeVsphere } = await import('../providers/vsphere/probe-vsphere.ts');
      const { url, username, password, thumbprint } = trial;
      return { ...(await probeVsphere({ url, username, password, thumbprint }, signal)), tookMs: took() };
    },
    async probeTarget(folder) {
      const began = performance.now();
      return { ...(await probeFolder(folder)), tookMs: Math.round(performance.now() - began) };
    },
    suggestTarget: () => suggestedFolder(homedir()),
    async targetSpace({ id, location }) {
      const space = await spaceOf(location);
      const failure = { code: 'target.unreachable', message: `${location} is not there, or does not answer in time.` };
      await contacts.targetHeard(id, space ? undefined : failure);
      return space;
    },
    async addLocalTarget(folder, name) {
      const problem = pathProblem(folder);
      if (problem !== undefined) throw new OctopusError('argument.invalid', problem, { field: 'folder' });
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
      const keep = parts.settings.get('retention.defaultKeep');
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<JobSettings>;
      const job = await store.jobs.add({
        id: newId(),
        machineId,
        targetEnvironmentId: targetId,
        ownerId,
        state: 'active',
        settings: { ...defaultJobSettings, keep, ...given },
        createdAt: now(),
      });
      if (job) return job;
      throw new OctopusError('conflict.exists', 'This machine is replicated to that target already.', { field: 'machineId' });
    },
  };
}

/** Paths as this computer writes them. */
function placeOf({ folder, files, grouping = 'by-name' }: ImagesChoice): ImagesPlace {
  if ((folder === undefined) === (files === undefined)) {
    throw new OctopusError('argument.invalid', 'Disk images are in a folder, or are files: give one of the two.', { field: 'folder' });
  }
  const field = folder === undefined ? 'files' : 'folder';
  for (const path of files ?? [folder ?? '']) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new OctopusError('argument.invalid', problem, { field });
  }
  return folder === undefined
    ? { grouping, files: [...new Set((files ?? []).map((file) => resolve(file)))] }
    : { grouping, folder: resolve(folder) };
}

const fieldOf = (place: ImagesPlace) => (place.files ? 'files' : 'folder');
const nameOf = (place: ImagesPlace) => basename(place.folder ?? dirname(place.files?.[0] ?? '')) || 'Disk images';

function samePlace(one: ImagesPlace, other: ImagesPlace): boolean {
  return one.folder === other.folder && one.grouping === other.grouping && one.files?.join('\n') === other.files?.join('\n');
}
