import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildLinuxDisk } from '../../../lab/disks/linux-disk.ts';
import type { LabMachineSpec } from '../../../lab/vcenter/lab-vcenter.ts';

const MIB = 2 ** 20;

export interface DemoMachine {
  spec: LabMachineSpec;
  /** What its serial console shows once its data was read and is right; undefined where it holds no system. */
  console: string | undefined;
}

/**
 * Three machines: `web` (UEFI) and `db` (BIOS) hold a real Debian kernel that checks its own data before it says that it is up,
 * `files` holds data only. Without a boot all three hold data only.
 */
export async function demoMachines(folder: string, withBoot: boolean, signal: AbortSignal): Promise<DemoMachine[]> {
  const cacheFolder = resolve('.cache');
  await mkdir(folder, { recursive: true });
  const system = async (name: string, firmware: 'bios' | 'efi', sizeBytes: number) => {
    if (!withBoot) return { size: sizeBytes, fill: name.length };
    // The next disk is not begun when the demo was stopped.
    signal.throwIfAborted();
    const path = join(folder, `${name}.raw`);
    await buildLinuxDisk({ path, firmware, sizeBytes, message: consoleText(name), cacheFolder });
    return { file: path };
  };
  const boots = (name: string) => (withBoot ? consoleText(name) : undefined);
  return [
    {
      spec: {
        name: 'web',
        firmware: 'efi',
        folder: 'Production',
        disks: [await system('web', 'efi', 256 * MIB), { size: 256 * MIB, fill: 11 }],
      },
      console: boots('web'),
    },
    {
      spec: {
        name: 'db',
        firmware: 'bios',
        folder: 'Production',
        disks: [await system('db', 'bios', 256 * MIB), { size: 512 * MIB, fill: 12 }],
      },
      console: boots('db'),
    },
    { spec: { name: 'files', firmware: 'bios', folder: 'Office', disks: [{ size: 1024 * MIB, fill: 13 }] }, console: undefined },
  ];
}

function consoleText(name: string): string {
  return `${name} is up and its data is right`;
}
