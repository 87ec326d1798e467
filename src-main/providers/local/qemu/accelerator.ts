import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QemuOptions } from './qemu-programs.ts';

let known: Promise<boolean> | undefined;
let broken = false;

/** KVM where it truly works, else TCG; found out once a process. */
export async function chooseAccelerator(options: QemuOptions, system: string): Promise<'kvm' | 'tcg'> {
  if (options.accelerator !== undefined) return options.accelerator;
  if (broken) return 'tcg';
  known ??= kvmWorks(system).catch(() => false);
  return (await known) ? 'kvm' : 'tcg';
}

/** A machine failed inside of KVM: further ones in this process use TCG. */
export function kvmIsBroken(): void {
  broken = true;
}

/**
 * Device and accelerator may open and still fail in the first instructions (nested virtualisation that lacks a feature), so a boot
 * sector is run on the machine that replicas get: it prints K on the serial port.
 */
async function kvmWorks(system: string): Promise<boolean> {
  await access('/dev/kvm', constants.R_OK | constants.W_OK);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-kvm-'));
  try {
    // mov dx,0x3f8; mov al,'K'; out dx,al; hlt; jmp $-1
    const disk = Buffer.alloc(1024 * 1024);
    Buffer.from('baf803b04beef4ebfd', 'hex').copy(disk);
    disk.writeUInt16LE(0xaa55, 510);
    await writeFile(join(folder, 'boot.raw'), disk);
    const serial = join(folder, 'serial');
    const args = ['-nodefaults', '-machine', 'q35', '-accel', 'kvm', '-cpu', 'host', '-m', '64', '-vga', 'std', '-display', 'none'];
    const drive = ['-drive', `if=none,id=d,format=raw,file=${join(folder, 'boot.raw')}`, '-device', 'ide-hd,drive=d,bus=ide.0'];
    const qemu = spawn(system, [...args, ...drive, '-serial', `file:${serial}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    qemu.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const ended = new Promise<void>((resolve) => {
      qemu.once('close', () => resolve());
      qemu.once('error', () => resolve());
    });
    try {
      let running = true;
      void ended.then(() => {
        running = false;
      });
      for (let waited = 0; waited < 5000 && running && !errors.includes('internal error'); waited += 50) {
        if ((await readFile(serial, 'latin1').catch(() => '')).includes('K')) return true;
        await sleep(50);
      }
      return false;
    } finally {
      qemu.kill('SIGKILL');
      await ended;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
