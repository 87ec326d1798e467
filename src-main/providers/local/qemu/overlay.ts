import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MachineInventory } from '../../../domain/machine.ts';
import type { MachineFolders } from '../layout.ts';
import type { OverlayDisk } from './machine-arguments.ts';

/** A recovery point that was checked and can be started. */
export interface StartablePoint {
  folders: MachineFolders;
  pointId: string;
  machine: MachineInventory;
  /** In the machine's order; absolute paths. */
  images: { key: number; path: string }[];
}

const run = promisify(execFile);

/** A qcow2 file on top of each image: it takes what the guest writes, and the image stays as it is. */
export async function makeOverlays(qemuImage: string, images: StartablePoint['images'], folder: string): Promise<OverlayDisk[]> {
  const overlays: OverlayDisk[] = [];
  for (const { key, path } of images) {
    const overlay = join(folder, `${key}.qcow2`);
    await run(qemuImage, ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', path, overlay]);
    overlays.push({ key, path: overlay });
  }
  return overlays;
}
