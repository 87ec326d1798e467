// Builds a real bootable Linux disk: node scripts/linux-disk.mjs FILE.raw bios|efi [MESSAGE] [MIB]
// The work is in lab/disks; this file also names the Debian packages, and is read by Node versions that cannot read TypeScript.
import { readFileSync } from 'node:fs';

const packages = JSON.parse(readFileSync(new URL('../lab/disks/packages.json', import.meta.url), 'utf8'));

/** To be installed before a disk can be built: none, as dpkg, apt and tar are part of every Debian. */
export const REQUIRED_DEBIAN_PACKAGES = packages.installed;
/** Downloaded by apt-get and unpacked into .cache/debian, never installed. */
export const FETCHED_DEBIAN_PACKAGES = packages.fetched;

export async function buildLinuxDisk(options) {
  return (await import('../lab/disks/linux-disk.ts')).buildLinuxDisk(options);
}

if (process.argv[1] === import.meta.filename) {
  const [path, firmware, message = 'Octopus lab machine is up', mebibytes = '256'] = process.argv.slice(2);
  if (path === undefined || (firmware !== 'bios' && firmware !== 'efi')) {
    console.error('Usage: node scripts/linux-disk.mjs FILE.raw bios|efi [MESSAGE] [MIB]');
    process.exit(2);
  }
  const disk = await buildLinuxDisk({ path, firmware, message, sizeBytes: Number(mebibytes) * 1024 * 1024 });
  console.log(`${disk.path}: ${firmware}, ${mebibytes} MiB, prints '${message}' on ttyS0 once its data was read and is right.`);
}
