import { setTimeout as sleep } from 'node:timers/promises';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImagesPlace } from '../../domain/images-place.ts';
import type { MachineSnapshot, SnapshotDisk, SourceChange, SourceProvider } from '../source.ts';
import { describeImage, type ImageDescription } from './describe-image.ts';
import type { ImageFile } from './find-images.ts';
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
}

interface Frozen {
  machine: string;
  snapshot: MachineSnapshot;
  images: Map<number, { image: ImageFile; description: ImageDescription; fingerprint: string }>;
}

/** Disk images on this computer. Each is a disk of a machine that is off and has no power switch. */
export function createImagesSource(options: ImagesSourceOptions): SourceProvider {
  const { place } = options;
  const programs = options.programs ?? findImagePrograms();
  const opened = new OpenImages(programs);
  /**
   * By name. A snapshot of images is what they were when it was taken: nothing holds them still, and nothing has to be removed. It ends with
   * this process, so an interrupted run is not resumed; its journal still spares sending anything again.
   */
  const snapshots = new Map<string, Frozen>();

  const { inventory, inventoryOf, machineOf } = createImageInventory(place, options.id, programs);

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

  return {
    async about() {
      const where = place.files ? `${place.files.length} disk images` : place.folder;
      const version = programs.image ? 'raw, qcow2, VMDK, VHD, VHDX' : 'raw';
      return { name: where, version, instanceUuid: options.id };
    },
    inventory,
    machine: async (refOrName, signal) => inventoryOf(await machineOf(refOrName), signal),
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
    missingPrivileges: async () => [],
    prepareTracking: async () => ({ tracked: false, doubt: noTracking }),
    async createSnapshot(machine, name, _options, signal) {
      const known = snapshots.get(name);
      if (known?.machine === machine) return known.snapshot;
      const frozen = await freeze(machine, name, signal);
      snapshots.set(name, frozen);
      return frozen.snapshot;
    },
    async findSnapshot(machine, name) {
      const known = snapshots.get(name);
      return known?.machine === machine ? known.snapshot : undefined;
    },
    async listSnapshots(machine, prefix) {
      const own = [...snapshots.values()].filter((one) => one.machine === machine && one.snapshot.name.startsWith(prefix));
      return own.map(({ snapshot: { ref, name } }) => ({ ref, name }));
    },
    async removeSnapshot(machine, ref) {
      if (snapshots.get(ref)?.machine === machine) snapshots.delete(ref);
    },
    changedExtents: async () => ({ doubt: noTracking }),
    async openDescriptor(machine, { name }, { key }, _options, signal) {
      const frozen = snapshots.get(name);
      const found = frozen?.machine === machine ? frozen.images.get(key) : undefined;
      if (!found) throw new OctopusError('source.missing', `The disk ${key} as it was for ${name} is not known any more.`);
      const { image, description, fingerprint } = found;
      const check = async () => {
        if ((await fingerprintOf(description.files)) === fingerprint) return;
        const message = `The disk image ${image.path} was changed while it was read: what was read of it cannot be used. Shut down what writes to it and run again.`;
        throw new OctopusError('source.busy', message);
      };
      await check();
      const { source, close } = await opened.open(`${name}/${key}`, image, description, signal);
      return {
        source,
        async close() {
          await close();
          await check();
        },
      };
    },
    powerState: async () => 'off',
    powerOn: async () => {
      throw new OctopusError('source.unsupported', 'Disk images have no power switch: start their machine where it runs.');
    },
    powerOff: async () => 'no-power',
    async [Symbol.asyncDispose]() {
      snapshots.clear();
      await opened[Symbol.asyncDispose]();
    },
  };
}
