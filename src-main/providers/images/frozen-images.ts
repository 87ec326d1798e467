import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../../workers/blocks/durable-file.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineSnapshot } from '../source.ts';
import { describeImage, type ImageDescription } from './describe-image.ts';
import type { ImageFile, ImageMachine } from './find-images.ts';
import type { ImagePrograms } from './image-programs.ts';
import { fileInUse, fingerprintOf } from './image-state.ts';

export interface FrozenImage {
  image: ImageFile;
  description: ImageDescription;
  fingerprint: string;
}

/** A snapshot of images is what they were when it was taken: nothing holds them still, so each use compares them with their marks. */
export interface Frozen {
  machine: string;
  snapshot: MachineSnapshot;
  images: Map<number, FrozenImage>;
}

/** A file for each snapshot, so that the next process can go on where the images are still what they were. */
interface Kept {
  machine: string;
  snapshot: MachineSnapshot;
  /** Fingerprints by the disk's key. */
  marks: [number, string][];
}

export interface FrozenImages {
  find(machine: string, name: string): Promise<Kept | undefined>;
  ofMachine(machine: string): Promise<MachineSnapshot[]>;
  keep(frozen: Frozen): Promise<void>;
  remove(machine: string, name: string): Promise<void>;
}

/** `folder`: undefined where nothing outlives the process. */
export function createFrozenImages(folder: string | undefined): FrozenImages {
  const kept = new Map<string, Kept>();
  const idOf = (machine: string, name: string) => createHash('sha256').update(`${machine}\0${name}`).digest('hex').slice(0, 32);
  const fileOf = (id: string) => join(folder ?? '', `${id}.json`);

  async function read(id: string): Promise<Kept | undefined> {
    const known = kept.get(id);
    if (known !== undefined || folder === undefined) return known;
    const text = await readFile(fileOf(id), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      const found = JSON.parse(text) as Kept;
      kept.set(id, found);
      return found;
    } catch {
      // Written whole or not at all: someone else had a hand in it. Without it the run is begun anew.
      return undefined;
    }
  }

  return {
    find: (machine, name) => read(idOf(machine, name)),
    async ofMachine(machine) {
      const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
      for (const file of names) if (file.endsWith('.json')) await read(file.slice(0, -'.json'.length));
      return [...kept.values()].filter((one) => one.machine === machine).map(({ snapshot }) => snapshot);
    },
    async keep({ machine, snapshot, images }) {
      const one: Kept = { machine, snapshot, marks: [...images].map(([key, { fingerprint }]) => [key, fingerprint]) };
      const id = idOf(machine, snapshot.name);
      if (folder !== undefined) {
        await mkdir(folder, { recursive: true });
        await writeDurably(fileOf(id), async (handle) => handle.writeFile(JSON.stringify(one)));
      }
      kept.set(id, one);
    },
    async remove(machine, name) {
      const id = idOf(machine, name);
      kept.delete(id);
      if (folder !== undefined) await rm(fileOf(id), { force: true });
    },
  };
}

/** The images of a kept snapshot as they are now; `source.missing`, and why, where one is not what it was. */
export async function thawImages(
  { machine: ref, snapshot, marks }: Kept,
  machine: ImageMachine,
  programs: ImagePrograms,
  signal?: AbortSignal,
): Promise<Frozen> {
  const images: Frozen['images'] = new Map();
  for (const [key, fingerprint] of marks) {
    const image = machine.images.find((one) => one.key === key);
    const gone = (why: string) => new OctopusError('source.missing', `The disk image ${image?.path ?? key} of ${machine.name} ${why}.`);
    if (image === undefined) throw gone('is not there any more');
    const description = await describeImage(image, programs, signal);
    if (description.excluded !== undefined) throw gone(`cannot be read any more. ${description.excluded.replace(/\.$/, '')}`);
    if ((await fingerprintOf(description.files)) !== fingerprint) throw gone('was changed since the run began to read it');
    if ((await fileInUse(image, description.files, programs, signal)) !== undefined) throw gone('is in use by another program');
    images.set(key, { image, description, fingerprint });
  }
  return { machine: ref, snapshot, images };
}
