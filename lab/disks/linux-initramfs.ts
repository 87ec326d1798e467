/** The whole userland of a lab disk: busybox, the drivers of common disk controllers, and an init that proves the data partition. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CpioEntry, cpioArchive } from './cpio.ts';

/** Controllers that vSphere and QEMU give a machine; with what they depend on. */
const drivers = ['sd_mod', 'ahci', 'ata_piix', 'vmw_pvscsi', 'mptspi', 'mptsas', 'nvme', 'virtio_pci', 'virtio_blk', 'virtio_scsi'];

export interface InitramfsInput {
  busybox: Buffer;
  /** Folder that holds `lib/modules/<version>/kernel`. */
  kernelFolder: string;
  message: string;
  /** First bytes of the data partition, 16 characters. */
  dataMark: string;
  /** MiB at the start of the data partition, and the hex SHA-256 they must have. */
  dataMebibytes: number;
  dataDigest: string;
}

export async function linuxInitramfs(input: InitramfsInput): Promise<Buffer> {
  const modules = await modulesInOrder(input.kernelFolder);
  const folders = ['bin', 'dev', 'proc', 'sys', 'modules'].map((name): CpioEntry => ({ name, kind: 'folder' }));
  return cpioArchive([
    ...folders,
    { name: 'dev/console', kind: 'device', major: 5, minor: 1 },
    { name: 'bin/busybox', kind: 'file', content: input.busybox, executable: true },
    { name: 'bin/sh', kind: 'link', target: 'busybox' },
    ...modules.map(({ name, content }): CpioEntry => ({ name: `modules/${name}.ko`, kind: 'file', content })),
    { name: 'message', kind: 'file', content: Buffer.from(`${input.message}\n`) },
    {
      name: 'init',
      kind: 'file',
      content: Buffer.from(
        initScript(
          input,
          modules.map(({ name }) => name),
        ),
      ),
      executable: true,
    },
  ]);
}

/** The message appears only after the data partition was read and has the digest it was built with. */
function initScript(input: InitramfsInput, modules: string[]): string {
  return `#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs none /dev 2>/dev/null
mount -t proc none /proc
mount -t sysfs none /sys
for module in ${modules.join(' ')}; do insmod /modules/$module.ko 2>/dev/null; done
say() { echo "$1"; echo "$1" >/dev/tty1 2>/dev/null; }
firmware=bios
[ -d /sys/firmware/efi ] && firmware=efi
say "Linux $(uname -r) started by $firmware"
data=
tries=0
while [ -z "$data" ] && [ $tries -lt 300 ]; do
  for part in /dev/sd?2 /dev/vd?2 /dev/nvme?n?p2; do
    [ -b "$part" ] && [ "$(head -c 16 "$part" 2>/dev/null)" = '${input.dataMark}' ] && data=$part && break
  done
  tries=$((tries + 1))
  [ -z "$data" ] && usleep 100000
done
if [ -z "$data" ]; then
  say 'DAMAGED: no disk has the data partition'
else
  digest=$(dd if=$data bs=1M count=${input.dataMebibytes} 2>/dev/null | sha256sum)
  digest=\${digest%% *}
  if [ "$digest" = ${input.dataDigest} ]; then
    say "data sha256 $digest"
    say "$(cat /message)"
  else
    say "DAMAGED: the data has sha256 $digest instead of ${input.dataDigest}"
  fi
fi
while :; do sleep 3600; done
`;
}

/** Dependencies first, as each module's own `depends=` says. Names that are built into the kernel have no file. */
async function modulesInOrder(kernelFolder: string): Promise<{ name: string; content: Buffer }[]> {
  const paths = new Map<string, string>();
  const all = await readdir(join(kernelFolder, 'lib/modules'), { recursive: true, withFileTypes: true });
  for (const entry of all) {
    if (entry.isFile() && entry.name.endsWith('.ko')) paths.set(moduleName(entry.name.slice(0, -3)), join(entry.parentPath, entry.name));
  }
  const ordered = new Map<string, Buffer>();
  const visit = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(name)) return;
    const content = await readFile(path);
    const depends = /\0depends=([^\0]*)\0/.exec(content.toString('latin1'))?.[1] ?? '';
    for (const other of depends.split(',').filter((part) => part !== '')) await visit(moduleName(other));
    ordered.set(name, content);
  };
  // sd_mod and crc computations look for an implementation by name, not by dependency.
  for (const name of ['crct10dif_generic', 'crc64_rocksoft_generic', ...drivers]) await visit(name);
  return [...ordered].map(([name, content]) => ({ name, content }));
}

const moduleName = (text: string): string => text.replaceAll('-', '_');
