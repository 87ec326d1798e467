import { setTimeout as sleep } from 'node:timers/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImagesPlace } from '../../domain/images-place.ts';
import { cancellable } from '../cancelled.ts';
import type { SnapshotDisk, SourceChange, SourceProvider } from '../source.ts';
import { describeImage } from './describe-image.ts';
import { createFrozenImages, type Frozen, thawImages } from './frozen-images.ts';
import { createImageInventory, noTracking } from './image-inventory.ts';
import { findImagePrograms, type ImagePrograms } from './image-programs.ts';
import { fileInUse, fingerprintOf } from './image-state.ts';
import { OpenImages } from './open-images.ts';

export interface ImagesSourceOptions {
  place: ImagesPlace;
  /** The source's lasting id: machines are told apart by it and their files' names. */
  id: string;
  programs?: ImagePrograms;
  /** Milliseconds between two looks of watch(). */
  watchMs?: number;
  /** Where snapshots are kept, so that a run outlives this process; made when it is needed. Without it they end with the connection. */
  keepIn?: string;
}

/** Disk images on this computer. Each is a disk of a machine that is off and has no power switch. */
export function createImagesSource(options: ImagesSourceOptions): SourceProvider {
  const { place } = options;
  const programs = options.programs ?? findImagePrograms();
  const opened = new OpenImages(programs);
  const kept = createFrozenImages(options.keepIn);
  /** What this process reads, by machine and name. */
  const frozen = new Map<string, Frozen>();
  const idOf = (machine: string, name: string) => `${machine}/${name}`;

  const { inventory, inventoryOf, machineOf } = createImageInventory(place, options.id, programs);

  /** Undefined: there is none of this name. */
  async function thaw(machine: string, name: string, signal?: AbortSignal): Promise<Frozen | undefined> {
    const found = await kept.find(machine, name);
    if (found === undefined) return undefined;
    const thawed = await thawImages(found, await machineOf(machine), programs, signal);
    frozen.set(idOf(machine, name), thawed);
    return thawed;
  }

  async function freeze(ref: string, name: string, signal?: AbortSignal): Promise<Frozen> {
    const machine = await machineOf(ref);
    const images: Frozen['images'] = new Map();
    const disks: SnapshotDisk[] = [];
    for (const image of machine.images) {
      const description = await describeImage(image, programs, signal);
      if (description.excluded !== undefined) continue;
      const fingerprint = await fingerprintOf(description.files);
      const writer = await fileInUse(image, description.files, programs, signal);
      if (writer !== undefined) {
        const message = `${machine.name} cannot be read: its disk image ${writer} is in use by another program. Shut the machine down first.`;
        throw new OctopusError('source.busy', message);
      }
      images.set(image.key, { image, description, fingerprint });
      const { capacity } = description;
      disks.push({ key: image.key, objectId: image.path, capacity, changeId: undefined, doubt: noTracking });
    }
    return { machine: ref, images, snapshot: { ref: name, name, disks, foreignSnapshots: 0, powerState: 'off' } };
  }

  /** The answer for a machine that is there. */
  const ofMachine = <Answer>(machine: string, signal: AbortSignal | undefined, answer: () => Promise<Answer>) =>
    cancellable(signal, async () => {
      await machineOf(machine);
      return answer();
    });

  return {
    about: (signal) =>
      cancellable(signal, async () => {
        const where = place.files ? `${place.files.length} disk images` : place.folder;
        const version = programs.image ? 'raw, qcow2, VMDK, VHD, VHDX' : 'raw';
        return { name: where, version, instanceUuid: options.id };
      }),
    inventory: (signal) => cancellable(signal, () => inventory(signal)),
    machine: (refOrName, signal) => cancellable(signal, async () => inventoryOf(await machineOf(refOrName), signal)),
    async *watch(signal): AsyncGenerator<SourceChange[]> {
      const seen = new Map<string, string>();
      for (let first = true; !signal.aborted; first = false) {
        const now = await inventory(signal);
        const changes: SourceChange[] = [];
        for (const machine of now) {
          const text = JSON.stringify(machine);
          const before = seen.get(machine.ref);
          if (before !== text) changes.push({ kind: before === undefined ? 'added' : 'changed', machine: machine.ref, inventory: machine });
          seen.set(machine.ref, text);
        }
        const refs = new Set(now.map(({ ref }) => ref));
        for (const ref of seen.keys()) if (!refs.has(ref) && seen.delete(ref)) changes.push({ kind: 'removed', machine: ref });
        if (first || changes.length > 0) yield changes;
        await sleep(options.watchMs ?? 30_000, undefined, { signal }).catch(() => {});
      }
    },
    missingPrivileges: (machine, signal) => ofMachine(machine, signal, async () => []),
    unreadable: (machine, signal) => ofMachine(machine, signal, async () => []),
    prepareTracking: (machine, _name, signal) => ofMachine(machine, signal, async () => ({ tracked: false, doubt: noTracking })),
    createSnapshot: (machine, name, _options, signal) =>
      cancellable(signal, async () => {
        const known = await kept.find(machine, name);
        if (known !== undefined) return known.snapshot;
        const one = await freeze(machine, name, signal);
        await kept.keep(one);
        frozen.set(idOf(machine, name), one);
        return one.snapshot;
      }),
    findSnapshot: (machine, name, signal) => cancellable(signal, async () => (await thaw(machine, name, signal))?.snapshot),
    listSnapshots: (machine, prefix, signal) =>
      cancellable(signal, async () => {
        const own = (await kept.ofMachine(machine)).filter(({ name }) => name.startsWith(prefix));
        return own.map(({ ref, name }) => ({ ref, name }));
      }),
    removeSnapshot: (machine, ref, signal) =>
      cancellable(signal, async () => {
        await kept.remove(machine, ref);
        frozen.delete(idOf(machine, ref));
      }),
    changedExtents: (machine, _snapshot, _disk, _baseline, signal) => ofMachine(machine, signal, async () => ({ doubt: noTracking })),
    openDescriptor: (machine, { name }, { key }, _options, signal) =>
      cancellable(signal, async () => {
        const one = frozen.get(idOf(machine, name)) ?? (await thaw(machine, name, signal));
        const found = one?.images.get(key);
        if (!found) throw new OctopusError('source.missing', `The disk ${key} as it was for ${name} is not known any more.`);
        const { image, description, fingerprint } = found;
        const check = async () => {
          if ((await fingerprintOf(description.files)) === fingerprint) return;
          const message = `The disk image ${image.path} was changed while it was read: what was read of it cannot be used. Shut down what writes to it and run again.`;
          throw new OctopusError('source.busy', message);
        };
        await check();
        const { source, close } = await opened.open(`${idOf(machine, name)}/${key}`, image, description, signal);
        return {
          source,
          async close() {
            await close();
            await check();
          },
        };
      }),
    powerState: (machine, signal) => ofMachine(machine, signal, async () => 'off' as const),
    powerOn: (machine, signal) =>
      ofMachine(machine, signal, async () => {
        throw new OctopusError('source.unsupported', 'Disk images have no power switch: start their machine where it runs.');
      }),
    powerOff: (machine, _options, signal) => ofMachine(machine, signal, async () => 'no-power' as const),
    async [Symbol.asyncDispose]() {
      frozen.clear();
      await opened[Symbol.asyncDispose]();
    },
  };
}
