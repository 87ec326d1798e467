/** What a guest shows, judged without knowing the guest. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Qmp } from './qmp.ts';

export interface Screen {
  width: number;
  height: number;
  /** One colour, but for less than a few characters: a cursor alone shows no system. */
  blank: boolean;
  digest: string;
}

/** A dump in the PPM format (P6, 8 bits a colour), as QEMU writes it. Undefined where it is none. */
export function readPpm(bytes: Buffer): Screen | undefined {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 64));
  if (header === null) return undefined;
  const [whole, width, height] = [header[0], Number(header[1]), Number(header[2])];
  const pixels = bytes.subarray(whole.length);
  if (pixels.length !== width * height * 3 || pixels.length === 0) return undefined;
  const blank = drawnPixels(pixels) < BLANK_BELOW;
  return { width, height, blank, digest: createHash('sha1').update(pixels).digest('hex') };
}

/** Pixels; a character of text has about 30. */
const BLANK_BELOW = 200;

/** Pixels that are not of the background's colour, which is taken to be that of a corner or of the middle. */
function drawnPixels(pixels: Buffer): number {
  const count = pixels.length / 3;
  const candidates = new Set([0, count - 1, count >> 1].map((index) => pixels.readUIntBE(index * 3, 3)));
  let least = count;
  for (const background of candidates) {
    let drawn = 0;
    for (let at = 0; at < pixels.length; at += 3) {
      const colour = ((pixels[at] as number) << 16) | ((pixels[at + 1] as number) << 8) | (pixels[at + 2] as number);
      if (colour !== background) drawn++;
    }
    least = Math.min(least, drawn);
  }
  return least;
}

export async function takeScreen(qmp: Qmp, folder: string): Promise<Screen | undefined> {
  const file = join(folder, 'screen.ppm');
  await qmp.execute('screendump', { filename: file });
  return readPpm(await readFile(file));
}

/** The lines of the VGA text screen (80 columns, at 0xB8000 in the PC's memory); only of meaning while the screen is in text mode. */
export async function takeTextLines(qmp: Qmp, folder: string): Promise<string[]> {
  const file = join(folder, 'text.bin');
  await qmp.execute('pmemsave', { val: 0xb8000, size: 80 * 25 * 2, filename: file });
  return textLines(await readFile(file));
}

/** Each character is one byte of text and one of colour. */
export function textLines(memory: Buffer): string[] {
  const lines: string[] = [];
  for (let row = 0; row + 160 <= memory.length; row += 160) {
    let line = '';
    for (let at = row; at < row + 160; at += 2) {
      const character = memory[at] as number;
      line += character >= 0x20 && character < 0x7f ? String.fromCharCode(character) : ' ';
    }
    if (line.trim() !== '') lines.push(line.trim());
  }
  return lines;
}

export const isTextMode = (screen: Screen): boolean => (screen.width === 720 || screen.width === 640) && screen.height === 400;

/** What BIOS, network boot and boot sectors print by themselves; a screen that shows nothing else has not started anything. */
const firmwareText = [
  /^SeaBIOS/i,
  /^Machine UUID/i,
  /^iPXE/i,
  /^Booting from/i,
  /^Press (ESC|F12)/i,
  /^PMM/,
  /^Boot failed/i,
  /^(SYSLINUX|EXTLINUX|ISOLINUX|Loading |GRUB loading|GRUB$|Welcome to GRUB)/i,
];

/** A boot that ended before anything started. */
const deadEnds = [
  /No bootable device/i,
  /Missing operating system/i,
  /Operating system load error/i,
  /Invalid partition table/i,
  /BOOTMGR is (missing|compressed)/i,
  /NTLDR is missing/i,
  /grub rescue>/i,
  /Kernel panic/i,
  /No DEFAULT or UI configuration directive/i,
  /^ ?-- System halted/,
  /BdsDxe: No bootable option or device was found/i,
  /UEFI Interactive Shell/i,
];

/** The first line that tells that nothing will start any more. */
export function findDeadEnd(lines: string[]): string | undefined {
  return lines.find((line) => deadEnds.some((pattern) => pattern.test(line)));
}

/** The first line that neither the firmware nor a boot sector wrote. */
export function findSystemLine(lines: string[]): string | undefined {
  return lines.find((line) => !firmwareText.some((pattern) => pattern.test(line)) && findDeadEnd([line]) === undefined);
}

/** Text without terminal control sequences and carriage returns. */
export function plainConsole(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\x1b\[[0-9;?=]*[ -/]*[@-~]|\x1b[()][0-9A-Za-z]|\x1b[=>78cDEHM]|\r|\0/g, '');
}

/**
 * Whether a processor executes the kernel of an operating system, by QEMU's `info registers -a`: kernels live in the upper half of
 * virtual memory (64 bits: Linux, Windows and BSD alike; 32 bits: above 2 GiB with paging on), firmware and boot loaders in the lower.
 * A guest that is in a program at that moment is missed: ask again.
 */
export function isKernelRunning(registers: string): boolean {
  return registers.split(/^CPU#\d+/m).some((processor) => {
    const long = /\bRIP=([0-9a-f]{16})/i.exec(processor)?.[1];
    if (long !== undefined) return Number.parseInt(long[0] as string, 16) >= 8;
    const short = /\bEIP=([0-9a-f]{8})/i.exec(processor)?.[1];
    const paging = Number.parseInt(/\bCR0=([0-9a-f]{8})/i.exec(processor)?.[1]?.[0] ?? '0', 16) >= 8;
    return short !== undefined && paging && Number.parseInt(short[0] as string, 16) >= 8;
  });
}
