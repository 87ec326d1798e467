import { open } from 'node:fs/promises';
import type { LabMachineSpec, World } from '../../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';

const CHUNK = 4 * 2 ** 20;

/**
 * The demo's own check, apart from Octopus's: each image against what the (powered off) machine of the lab holds, byte for byte.
 * Answers the bytes compared; throws `verify.mismatch` at the first difference.
 */
export async function compareWithLab(world: World, name: LabMachineSpec['name'], images: { key: number; path: string }[]): Promise<number> {
  let compared = 0;
  const buffer = Buffer.alloc(CHUNK);
  for (const { key, path } of images) {
    const disk = world.machineByName(name)?.disks.find((either) => either.key === key);
    if (!disk) throw new OctopusError('verify.mismatch', `${name} has no disk ${key} in the lab.`);
    const image = await open(path, 'r');
    try {
      const { size } = await image.stat();
      if (size !== disk.capacity) throw new OctopusError('verify.mismatch', `${path} has ${size} bytes, the disk ${disk.capacity}.`);
      for (let offset = 0; offset < size; offset += CHUNK) {
        const length = Math.min(CHUNK, size - offset);
        const { bytesRead } = await image.read(buffer, 0, length, offset);
        if (bytesRead !== length || !disk.read(offset, length).equals(buffer.subarray(0, length))) {
          throw new OctopusError('verify.mismatch', `${path} differs from the disk of ${name} near byte ${offset}.`);
        }
        compared += length;
      }
    } finally {
      await image.close();
    }
  }
  return compared;
}
