import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one file. */
const SIZE = 5 * 2 ** 20;
/** Files in all. */
const FILES = 5;

export const logNames = (files = FILES) => Array.from({ length: files }, (_one, at) => (at === 0 ? 'octopus.log' : `octopus.${at}.log`));

/** A log in a folder that never grows beyond its measure: octopus.log, and older ones with a number. Written at once, so that a crash keeps it. */
export function openLogFile(folder: string, size = SIZE, files = FILES): { write(line: string): void } {
  const names = logNames(files).map((name) => join(folder, name));
  const [current] = names as [string];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let written = existsSync(current) ? statSync(current).size : 0;

  function rotate(): void {
    rmSync(names[files - 1] as string, { force: true });
    for (let at = files - 2; at >= 0; at--) if (existsSync(names[at] as string)) renameSync(names[at] as string, names[at + 1] as string);
    written = 0;
  }

  return {
    write(line) {
      try {
        const bytes = Buffer.byteLength(line);
        if (written > 0 && written + bytes > size) rotate();
        appendFileSync(current, line, { mode: 0o600 });
        written += bytes;
      } catch {
        // A full disk must not end a run; there is nowhere to say so.
      }
    },
  };
}
