import { hostname } from 'node:os';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImagesPlace } from '../../domain/images-place.ts';
import type { Disk, Firmware, MachineInventory } from '../../domain/machine.ts';
import { describeImage, type ImageDescription } from './describe-image.ts';
import { findImages, type ImageFile, type ImageMachine } from './find-images.ts';
import { firmwareOf, readHead } from './image-firmware.ts';
import type { ImagePrograms } from './image-programs.ts';
import { fingerprintOf } from './image-state.ts';

export const noTracking = 'Disk images have no change tracking.';
/** Images looked at together. */
const PARALLEL = 4;

export interface ImageInventory {
  inventory(signal?: AbortSignal): Promise<MachineInventory[]>;
  inventoryOf(machine: ImageMachine, signal?: AbortSignal): Promise<MachineInventory>;
  /** `source.missing` where there is none of that reference or name, or more than one of that name. */
  machineOf(refOrName: string): Promise<ImageMachine>;
}

/** The machines that the images of a place make up. An image that did not change is not looked into again. */
export function createImageInventory(place: ImagesPlace, sourceId: string, programs: ImagePrograms): ImageInventory {
  /** By path; true while none of its files changed. */
  const looks = new Map<string, { fingerprint: string; description: ImageDescription; firmware: Firmware | undefined }>();

  async function lookAt(
    image: ImageFile,
    signal?: AbortSignal,
  ): Promise<{ description: ImageDescription; firmware: Firmware | undefined }> {
    const known = looks.get(image.path);
    if (known && (await fingerprintOf(known.description.files).catch(() => '')) === known.fingerprint) return known;
    looks.delete(image.path);
    const description = await describeImage(image, programs, signal);
    const [path] = description.files;
    if (path === undefined) return { description, firmware: undefined };
    // What it is worth while it is being written is found out when it is frozen.
    const fingerprint = await fingerprintOf(description.files);
    const head = readHead({ path, format: image.format, capacity: description.capacity }, programs, signal);
    const look = { fingerprint, description, firmware: await head.then(firmwareOf, () => undefined) };
    looks.set(image.path, look);
    return look;
  }

  async function inventoryOf(machine: ImageMachine, signal?: AbortSignal): Promise<MachineInventory> {
    const disks: Disk[] = [];
    let firmware: Firmware | undefined;
    for (const image of machine.images) {
      const look = await lookAt(image, signal);
      disks.push(diskOf(machine, image, look.description));
      firmware ??= look.firmware;
    }
    signal?.throwIfAborted();
    return {
      ref: machine.ref,
      instanceUuid: machine.instanceUuid,
      name: machine.name,
      folder: machine.folder.replaceAll('\\', '/'),
      host: hostname(),
      cluster: undefined,
      powerState: 'off',
      // Nothing else of how its machine was built can be read off an image.
      firmware: firmware ?? 'bios',
      secureBoot: false,
      guestId: 'otherGuest64',
      guestName: '',
      tools: '',
      cpus: 2,
      memory: 2 * 2 ** 30,
      hardwareVersion: 0,
      changeTracking: false,
      untrackable: noTracking,
      template: false,
      tags: [],
      disks,
      adapters: [],
      snapshotCount: 0,
      consolidationNeeded: false,
    };
  }

  async function inventory(signal?: AbortSignal): Promise<MachineInventory[]> {
    const machines = await findImages(place, sourceId);
    const described: MachineInventory[] = [];
    let next = 0;
    const lane = async () => {
      while (next < machines.length) {
        const at = next++;
        described[at] = await inventoryOf(machines[at] as ImageMachine, signal);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
    return described;
  }

  async function machineOf(refOrName: string): Promise<ImageMachine> {
    const machines = await findImages(place, sourceId);
    const byRef = machines.find(({ ref }) => ref === refOrName);
    const named = byRef ? [byRef] : machines.filter(({ name }) => name === refOrName);
    if (named.length === 1) return named[0] as ImageMachine;
    const message =
      named.length === 0
        ? `There are no disk images of a machine '${refOrName}' any more.`
        : `${named.length} machines are named '${refOrName}': name one by its reference (${named.map(({ ref }) => ref).join(', ')}).`;
    throw new OctopusError('source.missing', message);
  }

  return { inventory, inventoryOf, machineOf };
}

function diskOf(machine: ImageMachine, image: ImageFile, { capacity, excluded }: ImageDescription): Disk {
  return {
    key: image.key,
    objectId: image.path,
    label: image.path.slice(image.path.lastIndexOf(image.path.includes('\\') ? '\\' : '/') + 1),
    capacity,
    datastore: machine.folder,
    path: image.path,
    thin: true,
    excluded,
  };
}
