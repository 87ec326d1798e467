import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../../../workers/blocks/manifest.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { RecoveryPoint, RecoveryPointDisk } from '../../domain/recovery-point.ts';

/** Reads a point and checks that it is whole: its description, and that each image and manifest is there and fits. `target.missing` or `manifest.invalid`. */
export async function readRecoveryPoint(folder: string, id: string): Promise<RecoveryPoint> {
  const point = parsePoint(await json(folder, 'point.json'), id, folder);
  for (const disk of point.disks) {
    const image = await stat(join(folder, disk.image)).catch(() => undefined);
    if (image?.size !== disk.capacity) {
      throw damaged(folder, `image ${disk.image} ${image ? `has ${image.size} bytes instead of ${disk.capacity}` : 'is missing'}`);
    }
    const manifest = await readManifest(join(folder, disk.manifest));
    if (manifest.root !== disk.manifestRoot || manifest.size !== disk.capacity) {
      throw new OctopusError(
        'manifest.invalid',
        `The manifest ${disk.manifest} in ${folder} belongs to another disk than point.json says.`,
      );
    }
  }
  return point;
}

export async function readPointMachine(folder: string): Promise<MachineInventory> {
  const machine = (await json(folder, 'machine.json')) as MachineInventory;
  const right =
    typeof machine?.name === 'string' &&
    typeof machine.memory === 'number' &&
    typeof machine.cpus === 'number' &&
    (machine.firmware === 'bios' || machine.firmware === 'efi') &&
    Array.isArray(machine.adapters);
  if (!right) throw damaged(folder, 'machine.json does not describe a machine');
  return machine;
}

async function json(folder: string, name: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(folder, name), 'utf8');
  } catch (cause) {
    throw damaged(folder, `${name} cannot be read`, cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(folder, `${name} is not JSON`, cause);
  }
}

function parsePoint(value: unknown, id: string, folder: string): RecoveryPoint {
  const point = value as RecoveryPoint;
  const right =
    typeof point === 'object' &&
    point !== null &&
    point.id === id &&
    typeof point.runId === 'string' &&
    ['full', 'incremental', 'reconcile', 'final'].includes(point.kind) &&
    Array.isArray(point.doubts) &&
    typeof point.takenAt === 'string' &&
    !Number.isNaN(Date.parse(point.takenAt)) &&
    (point.verified === 'all' || point.verified === 'written') &&
    Array.isArray(point.disks) &&
    point.disks.every(isDisk);
  if (!right) throw damaged(folder, 'point.json does not describe this recovery point');
  return point;
}

function isDisk(disk: RecoveryPointDisk): boolean {
  return (
    typeof disk === 'object' &&
    disk !== null &&
    Number.isSafeInteger(disk.key) &&
    typeof disk.objectId === 'string' &&
    Number.isSafeInteger(disk.capacity) &&
    disk.capacity > 0 &&
    typeof disk.manifestRoot === 'string' &&
    isFileName(disk.manifest) &&
    isFileName(disk.image)
  );
}

/** A name in the point's own folder. */
export function isFileName(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}

function damaged(folder: string, why: string, cause?: unknown): OctopusError {
  return new OctopusError('target.missing', `The recovery point ${folder} is damaged: ${why}.`, cause === undefined ? {} : { cause });
}
