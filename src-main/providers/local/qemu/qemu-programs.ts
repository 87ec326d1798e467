import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OctopusError } from '../../../../workers/octopus-error.ts';

export interface QemuOptions {
  /** The emulator; default: `qemu-system-x86_64` in PATH. */
  system?: string;
  /** Default: `qemu-img` in PATH. */
  image?: string;
  /** Folders with OVMF firmware; default: where Debian, Fedora and Arch put it. */
  firmwareFolders?: string[];
  /** Default: KVM where a probe shows that it works, else TCG. */
  accelerator?: 'kvm' | 'tcg';
  /** Where overlays of observations live for their time; default: the system's folder for temporary files. */
  temporaryFolder?: string;
}

export interface QemuPrograms {
  system: string;
  image: string;
  /** Ends its child when this process dies, also by SIGKILL; undefined where util-linux is missing. */
  setpriv: string | undefined;
}

const packages = 'On Debian: apt-get install qemu-system-x86 qemu-utils ovmf';

export function findQemu(options: QemuOptions): QemuPrograms {
  const system = options.system ?? inPath('qemu-system-x86_64');
  const image = options.image ?? inPath('qemu-img');
  for (const [name, path] of [
    ['qemu-system-x86_64', system],
    ['qemu-img', image],
  ] as const) {
    if (path === undefined || !existsSync(path)) {
      throw new OctopusError('tool.missing', `To start a replica, ${name} of QEMU is needed and not installed. ${packages}`);
    }
  }
  return { system: system as string, image: image as string, setpriv: inPath('setpriv') };
}

export interface UefiFirmware {
  code: string;
  /** A template; each machine gets its own copy. */
  variables: string;
}

const folders = ['/usr/share/OVMF', '/usr/share/edk2/ovmf', '/usr/share/edk2/x64'];
const pairs: Record<'plain' | 'secure', [string, string][]> = {
  plain: [
    ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'],
    ['OVMF_CODE.4m.fd', 'OVMF_VARS.4m.fd'],
    ['OVMF_CODE.fd', 'OVMF_VARS.fd'],
  ],
  // With Microsoft's keys enrolled, as the machines of vSphere have them.
  secure: [
    ['OVMF_CODE_4M.ms.fd', 'OVMF_VARS_4M.ms.fd'],
    ['OVMF_CODE.secboot.fd', 'OVMF_VARS.secboot.fd'],
  ],
};

export function findUefi(options: QemuOptions, secureBoot: boolean): UefiFirmware {
  for (const folder of options.firmwareFolders ?? folders) {
    for (const [code, variables] of pairs[secureBoot ? 'secure' : 'plain']) {
      const found = { code: join(folder, code), variables: join(folder, variables) };
      if (existsSync(found.code) && existsSync(found.variables)) return found;
    }
  }
  const kind = secureBoot ? 'UEFI firmware with Secure Boot' : 'UEFI firmware';
  throw new OctopusError('tool.missing', `To start a UEFI replica, the ${kind} for QEMU (OVMF) is needed and not installed. ${packages}`);
}

function inPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {}
  }
  return undefined;
}
