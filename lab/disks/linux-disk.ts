/**
 * Real Linux disks for tests and the demo: Debian's kernel, busybox and a boot loader on a partitioned raw image, built from files
 * alone (no root, no loop devices). A boot proves itself on the first serial port and on the screen.
 */
import { execFile } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { debianPackage } from './debian-files.ts';
import { linuxInitramfs } from './linux-initramfs.ts';
import { guidPartitionTable, masterBootRecord, type Partition, SECTOR } from './partition-table.ts';

const run = promisify(execFile);

export interface LinuxDiskOptions {
  /** The raw image to write, sparse; replaced when it exists. */
  path: string;
  firmware: 'bios' | 'efi';
  /** At least 64 MiB, a multiple of 1 MiB. */
  sizeBytes: number;
  /** Printed on ttyS0 and tty1 once the data partition was read and has the digest it was built with. One line. */
  message: string;
  /** Default: `.cache` of the project. */
  cacheFolder?: string;
}

export interface LinuxDisk {
  path: string;
  /** Where the proven data lies: damage here is noticed by the guest. Bytes. */
  data: { offset: number; length: number };
  /** Bytes. */
  boot: { offset: number; length: number };
}

const MIB = 1024 * 1024;
const BOOT_MIB = 40;
const DATA_MIB = 8;
const DATA_MARK = 'OCTOPUS-LAB-DATA';
/** Changes whenever what is built changes, so that cached disks are built again. */
const BUILDER_VERSION = 2;
/** For everything that would carry the time of the build. */
const EPOCH = '1700000000';

/** The same options give the same bytes while the cache keeps its packages. A second build only copies. */
export async function buildLinuxDisk(options: LinuxDiskOptions): Promise<LinuxDisk> {
  const { path, firmware, sizeBytes, message } = options;
  if (sizeBytes < 64 * MIB || sizeBytes % MIB !== 0)
    throw new RangeError(`A Linux disk has at least 64 MiB, a multiple of 1 MiB; ${sizeBytes} is not.`);
  if (/[\n\0]/.test(message) || message === '') throw new RangeError('The message of a Linux disk is one line.');
  const cacheFolder = options.cacheFolder ?? projectCache();
  const key = createHash('sha256')
    .update(JSON.stringify([BUILDER_VERSION, firmware, sizeBytes, message]))
    .digest('hex')
    .slice(0, 24);
  const cached = join(cacheFolder, 'disks', `linux-${firmware}-${key}.raw`);
  if (!existsSync(cached)) {
    await mkdir(dirname(cached), { recursive: true });
    const work = await mkdtemp(join(cacheFolder, 'disks', '.build-'));
    try {
      await build(join(work, 'disk.raw'), options, work, cacheFolder);
      await rename(join(work, 'disk.raw'), cached);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  await rm(path, { force: true });
  await run('cp', ['--reflink=auto', '--sparse=always', cached, path]);
  return {
    path,
    boot: { offset: MIB, length: BOOT_MIB * MIB },
    data: { offset: (1 + BOOT_MIB) * MIB, length: DATA_MIB * MIB },
  };
}

async function build(path: string, { firmware, sizeBytes, message }: LinuxDiskOptions, work: string, cacheFolder: string): Promise<void> {
  const kernelFolder = await debianPackage('linux-image-amd64', cacheFolder);
  const kernel = (await readdir(join(kernelFolder, 'boot'))).find((name) => name.startsWith('vmlinuz-'));
  if (kernel === undefined) throw new Error('The Debian kernel package holds no vmlinuz.');
  const data = dataOf(message);
  const initramfs = await linuxInitramfs({
    busybox: await readFile(join(await debianPackage('busybox-static', cacheFolder), 'bin/busybox')),
    kernelFolder,
    message,
    dataMark: DATA_MARK,
    dataMebibytes: DATA_MIB,
    dataDigest: createHash('sha256').update(data).digest('hex'),
  });
  await copyFile(join(kernelFolder, 'boot', kernel), join(work, 'vmlinuz'), constants.COPYFILE_FICLONE);
  await writeFile(join(work, 'initrd.img'), initramfs);

  const fat = join(work, 'boot.img');
  const loaderCode = firmware === 'bios' ? await biosBoot(fat, work, cacheFolder) : await efiBoot(fat, work, cacheFolder);

  const partitions: Partition[] = [
    { kind: 'boot', start: MIB / SECTOR, count: (BOOT_MIB * MIB) / SECTOR },
    { kind: 'data', start: ((1 + BOOT_MIB) * MIB) / SECTOR, count: (sizeBytes - (2 + BOOT_MIB) * MIB) / SECTOR },
  ];
  const disk = await open(path, 'wx');
  try {
    await disk.truncate(sizeBytes);
    if (loaderCode !== undefined) await disk.write(masterBootRecord(partitions, loaderCode), 0, SECTOR, 0);
    else {
      const { head, tail } = guidPartitionTable(partitions, sizeBytes / SECTOR);
      await disk.write(head, 0, head.length, 0);
      await disk.write(tail, 0, tail.length, sizeBytes - tail.length);
    }
    await writeSparse(disk, await readFile(fat), MIB);
    await writeSparse(disk, data, (1 + BOOT_MIB) * MIB);
    await disk.sync();
  } finally {
    await disk.close();
  }
}

type Disk = Awaited<ReturnType<typeof open>>;

async function writeSparse(disk: Disk, bytes: Buffer, offset: number): Promise<void> {
  const zeros = Buffer.alloc(64 * 1024);
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) await disk.write(part, 0, part.length, offset + at);
  }
}

const commandLine = 'console=tty0 console=ttyS0,115200 quiet loglevel=3 panic=0';

/** Answers the code of the master boot record. */
async function biosBoot(fat: string, work: string, cacheFolder: string): Promise<Buffer> {
  const tools = await fatTools(fat, cacheFolder);
  await writeFile(
    join(work, 'syslinux.cfg'),
    `DEFAULT linux\nPROMPT 0\nLABEL linux\n  KERNEL /vmlinuz\n  INITRD /initrd.img\n  APPEND ${commandLine}\n`,
  );
  await tools.copy([join(work, 'vmlinuz'), join(work, 'initrd.img'), join(work, 'syslinux.cfg')], '::/');
  const syslinux = await debianPackage('syslinux', cacheFolder);
  const common = await debianPackage('syslinux-common', cacheFolder);
  await run(join(syslinux, 'usr/bin/syslinux'), ['--install', fat], { env: tools.environment });
  return readFile(join(common, 'usr/lib/syslinux/mbr/mbr.bin')).catch(() => readFile(join(syslinux, 'usr/lib/syslinux/mbr/mbr.bin')));
}

async function efiBoot(fat: string, work: string, cacheFolder: string): Promise<undefined> {
  const tools = await fatTools(fat, cacheFolder);
  const loader = join(await debianPackage('systemd-boot-efi', cacheFolder), 'usr/lib/systemd/boot/efi/systemd-bootx64.efi');
  await writeFile(join(work, 'loader.conf'), 'timeout 0\nconsole-mode keep\n');
  await writeFile(join(work, 'octopus.conf'), `title Octopus lab\nlinux /vmlinuz\ninitrd /initrd.img\noptions ${commandLine}\n`);
  await tools.makeFolders(['::/EFI', '::/EFI/BOOT', '::/loader', '::/loader/entries']);
  await tools.copy([loader], '::/EFI/BOOT/BOOTX64.EFI');
  await tools.copy([join(work, 'loader.conf')], '::/loader/loader.conf');
  await tools.copy([join(work, 'octopus.conf')], '::/loader/entries/octopus.conf');
  await tools.copy([join(work, 'vmlinuz'), join(work, 'initrd.img')], '::/');
  return undefined;
}

/** Makes the FAT file system of the boot partition and answers the tools that fill it. */
async function fatTools(fat: string, cacheFolder: string) {
  const mtools = join(await debianPackage('mtools', cacheFolder), 'usr/bin');
  const dosfstools = join(await debianPackage('dosfstools', cacheFolder), 'sbin');
  const environment = {
    ...process.env,
    PATH: `${mtools}:${process.env.PATH}`,
    SOURCE_DATE_EPOCH: EPOCH,
    TZ: 'UTC',
    MTOOLS_SKIP_CHECK: '1',
    LC_ALL: 'C',
  };
  // Hidden sectors: where the partition begins, which the boot loader reads.
  const hidden = String(MIB / SECTOR);
  const format = ['-C', '--invariant', '-F', '32', '-s', '1', '-h', hidden, '-n', 'OCTOPUS', fat, String((BOOT_MIB * MIB) / 1024)];
  await run(join(dosfstools, 'mkfs.fat'), format, { env: environment });
  return {
    environment,
    copy: (files: string[], to: string) => run(join(mtools, 'mcopy'), ['-i', fat, ...files, to], { env: environment }),
    makeFolders: (folders: string[]) => run(join(mtools, 'mmd'), ['-i', fat, ...folders], { env: environment }),
  };
}

/** Bytes that look random and depend on the message alone. */
function dataOf(message: string): Buffer {
  const key = createHash('sha256').update(`data of ${message}`).digest();
  const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(DATA_MIB * MIB));
  bytes.write(DATA_MARK, 0, 'latin1');
  return bytes;
}

/** The nearest folder above that holds the project's package.json: this file also runs bundled. */
function projectCache(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, '.cache');
}
