import { availableParallelism, totalmem } from 'node:os';
import type { MachineInventory } from '../../../domain/machine.ts';
import { adapterModel } from '../domain-xml.ts';

export interface OverlayDisk {
  /** qcow2 on top of the point's image. */
  path: string;
  key: number;
}

export interface MachineArguments {
  machine: MachineInventory;
  disks: OverlayDisk[];
  accelerator: 'kvm' | 'tcg';
  /** UEFI: the code and this machine's own variables. */
  uefi: { code: string; variables: string } | undefined;
  /** `observed` is small and has no network; `started` has what the machine had, behind QEMU's address translation. */
  purpose: 'observed' | 'started';
  /** File that takes the first serial port. */
  console: string;
  /** Unix socket. */
  monitor: string;
  /** Unix socket; undefined has no display to look at but screenshots. */
  vnc?: string;
}

const MIB = 1024 * 1024;
/** Ports of one SATA controller (ICH9). */
const PORTS = 6;

/** The command line of QEMU 7 and later: machine q35 with SATA disks, which guests of vSphere can start from. */
export function machineArguments(input: MachineArguments): string[] {
  const { machine, disks, accelerator, uefi, purpose } = input;
  const secure = machine.firmware === 'efi' && machine.secureBoot;
  const observed = purpose === 'observed';
  const memory = observed ? Math.min(machine.memory, 4096 * MIB, totalmem() / 2) : machine.memory;
  const cpus = observed ? Math.min(machine.cpus, 2, availableParallelism()) : machine.cpus;
  const list = [
    // Named, or a name with = would be taken for an option of its own.
    ['-name', `guest=${escapeOption(machine.name)}`],
    ['-nodefaults', '-no-user-config'],
    ['-machine', `q35${secure ? ',smm=on' : ''}`],
    ['-accel', accelerator],
    ['-cpu', accelerator === 'kvm' ? 'host' : 'max'],
    ['-m', `${Math.max(256, Math.floor(memory / MIB))}M`],
    ['-smp', String(Math.max(1, cpus))],
    ['-uuid', machine.instanceUuid].filter(() => /^[0-9a-f-]{36}$/i.test(machine.instanceUuid)),
    // Windows keeps local time in the clock.
    ['-rtc', /^win/i.test(machine.guestId) ? 'base=localtime' : 'base=utc'],
    ['-vga', 'std'],
    ['-display', input.vnc === undefined ? 'none' : `vnc=unix:${escapeOption(input.vnc)}`],
    ['-chardev', `file,id=console,path=${escapeOption(input.console)}`, '-serial', 'chardev:console'],
    ['-chardev', `socket,id=monitor,path=${escapeOption(input.monitor)},server=on,wait=off`, '-mon', 'chardev=monitor,mode=control'],
    ['-device', 'qemu-xhci', '-device', 'usb-tablet', '-device', 'usb-kbd'],
    uefi === undefined
      ? []
      : [
          ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
          '-drive',
          `if=pflash,unit=0,format=raw,readonly=on,file=${escapeOption(uefi.code)}`,
          '-drive',
          `if=pflash,unit=1,format=raw,file=${escapeOption(uefi.variables)}`,
        ],
    ...disks.map(diskArguments),
    ...(observed ? [['-nic', 'none']] : networkArguments(machine)),
  ];
  return list.flat();
}

function diskArguments(disk: OverlayDisk, index: number): string[] {
  const controller = Math.floor(index / PORTS);
  const port = index % PORTS;
  const bus = controller === 0 ? `ide.${port}` : `sata${controller}.${port}`;
  return [
    ...(controller > 0 && port === 0 ? ['-device', `ahci,id=sata${controller}`] : []),
    '-drive',
    `if=none,id=disk${index},format=qcow2,discard=unmap,file=${escapeOption(disk.path)}`,
    '-device',
    `ide-hd,drive=disk${index},bus=${bus},serial=${disk.key},bootindex=${index + 1}`,
  ];
}

function networkArguments(machine: MachineInventory): string[][] {
  if (machine.adapters.length === 0) return [['-nic', 'none']];
  return machine.adapters.map((adapter, index) => {
    const mac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(adapter.mac) ? `,mac=${adapter.mac}` : '';
    return ['-netdev', `user,id=net${index}`, '-device', `${adapterModel(adapter.model)},netdev=net${index}${mac}`];
  });
}

/** In QEMU's options a comma ends a value unless it is doubled. */
function escapeOption(text: string): string {
  return text.replaceAll(',', ',,');
}
