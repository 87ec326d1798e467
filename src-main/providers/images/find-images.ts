import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { ImagesPlace } from '../../domain/images-place.ts';

export type ImageFormat = 'raw' | 'qcow2' | 'vmdk' | 'vpc' | 'vhdx';

export interface ImageFile {
  path: string;
  format: ImageFormat;
  /** The disk's key in its machine: comes from the name, so that it stays when other disks come and go. */
  key: number;
}

export interface ImageMachine {
  ref: string;
  /** Made of the source's id and the files' place and name: the same as long as those are. */
  instanceUuid: string;
  name: string;
  folder: string;
  images: ImageFile[];
}

/** The ending says what an image is: to guess it from its content would let a guest choose what of this computer is read. */
const endings: Record<string, ImageFormat> = {
  raw: 'raw',
  img: 'raw',
  dd: 'raw',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vpc: 'vpc',
  vhdx: 'vhdx',
};
/** Parts of a vmdk, which its descriptor names, and deltas of a machine's snapshots. */
const partOfVmdk = /-(flat|sesparse|delta|ctk|rdm|rdmp|s\d{3}|f\d{3}|\d{6})\.vmdk$/i;
const MOST_IMAGES = 5000;

/** All images of the place as machines, by folder and name. */
export async function findImages(place: ImagesPlace, sourceId: string): Promise<ImageMachine[]> {
  const paths = place.files ? place.files.map((file) => resolve(file)) : await imagesIn(resolve(place.folder));
  if (paths.length > MOST_IMAGES) {
    throw new OctopusError('source.unsupported', `There are more than ${MOST_IMAGES} disk images: choose a smaller folder.`);
  }
  const groups = new Map<string, ImageMachine>();
  for (const path of [...new Set(paths)].sort()) {
    const format = formatOf(path);
    if (format === undefined) continue;
    const { stem, key } = place.grouping === 'by-name' ? partsOf(stemOf(path)) : { stem: stemOf(path), key: 1000 };
    const folder = dirname(path);
    // web.raw and web.qcow2 are one disk in two formats rather than two disks.
    const identity = `${join(folder, stem)}.${endingOf(path)}`;
    const group = groups.get(identity) ?? machineOf(sourceId, identity, stem, folder);
    group.images.push({ path, format, key });
    groups.set(identity, group);
  }
  const machines = [...groups.values()];
  for (const machine of machines) machine.images.sort((a, b) => a.key - b.key);
  const taken = Map.groupBy(machines, ({ folder, name }) => join(folder, name));
  for (const same of taken.values()) {
    if (same.length > 1) for (const machine of same) machine.name = `${machine.name}.${endingOf(machine.images[0]?.path ?? '')}`;
  }
  return machines;
}

export function formatOf(path: string): ImageFormat | undefined {
  return endings[endingOf(path)];
}

/** `web` is disk 1000, `web_2` 2002, `web-disk2` 3002 (as an OVF export names it), `web-disk-2` 4002. */
function partsOf(stem: string): { stem: string; key: number } {
  const found = /^(.+?)(?:_(\d|[1-9]\d)|-disk(\d|[1-9]\d)|-disk-(\d|[1-9]\d))$/i.exec(stem);
  if (!found) return { stem, key: 1000 };
  const [, name = stem, plain, disk, dashed] = found;
  if (plain !== undefined) return { stem: name, key: 2000 + Number(plain) };
  return disk !== undefined ? { stem: name, key: 3000 + Number(disk) } : { stem: name, key: 4000 + Number(dashed) };
}

function machineOf(sourceId: string, identity: string, name: string, folder: string): ImageMachine {
  const hex = createHash('sha256').update(`${sourceId}\0${identity}`).digest('hex');
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  return { ref: `image-${hex.slice(0, 16)}`, instanceUuid: uuid, name, folder, images: [] };
}

/** Of the folder and of those in it, one level deep. */
async function imagesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (at: string, deeper: boolean) => {
    const entries = await readdir(at, { withFileTypes: true }).catch((error) => {
      // A folder below that may not be read holds nothing for us.
      if (!deeper) return [];
      throw folderError(folder, error);
    });
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (deeper) await look(path, false);
      } else if (formatOf(path) !== undefined && !partOfVmdk.test(entry.name) && (await isFile(path))) found.push(path);
      if (found.length > MOST_IMAGES) return;
    }
  };
  await look(folder, true);
  return found;
}

/** Also behind a symbolic link. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function folderError(folder: string, error: NodeJS.ErrnoException): OctopusError {
  if (error.code === 'EACCES' || error.code === 'EPERM') return new OctopusError('source.denied', `The folder ${folder} may not be read.`);
  const why = error.code === 'ENOTDIR' ? 'is not a folder' : 'is not there; is its disk mounted?';
  return new OctopusError('source.missing', `The folder ${folder} ${why}`, { cause: error });
}

export const stemOf = (path: string) => basename(path).replace(/\.[^.]*$/, '');
const endingOf = (path: string) => /\.([^.]+)$/.exec(basename(path))?.[1]?.toLowerCase() ?? '';
