import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRandom, mix } from './random.ts';

/** What a disk held before anybody wrote to it. Never changes. Reads beyond `size` are zeros. */
export interface Content {
  readonly size: number;
  /** Fills the whole of `target`. */
  read(target: Buffer, offset: number): void;
  /** True only where the range surely reads as zeros; saves reading huge made-up disks. */
  hole(offset: number, length: number): boolean;
  close(): void;
}

export function zeroContent(size: number): Content {
  return { size, read: (target) => void target.fill(0), hole: () => true, close() {} };
}

/** A raw image, opened for reading only. */
export function fileContent(path: string): Content {
  let descriptor: number | undefined = openSync(path, 'r');
  const size = fstatSync(descriptor).size;
  return {
    size,
    read(target, offset) {
      if (descriptor === undefined) throw new Error(`The image ${path} is closed.`);
      let done = 0;
      while (done < target.length) {
        const count = readSync(descriptor, target, done, target.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      target.fill(0, done);
    },
    hole: (offset) => offset >= size,
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Unit of seeded content. */
const patch = 64 * 1024;
/** Runs of patches that are alike, so that data and holes come in stretches: 1 MiB. */
const run = 16;

/** Content made up from a seed: about half of it holes, some data repeated, the rest incompressible. */
export function seededContent(size: number, seed: number): Content {
  const buffer = Buffer.alloc(patch);
  const kindOf = (stretch: number): number => mix(seed, stretch) % 8;
  const fill = (index: number): void => {
    const kind = kindOf(Math.floor(index / run));
    if (kind < 4) buffer.fill(0);
    else if (kind === 4) buffer.fill(mix(seed, index) & 0xff || 1);
    else createRandom(mix(seed, index, 7)).bytes(buffer);
  };
  return {
    size,
    read(target, offset) {
      let done = 0;
      while (done < target.length) {
        const at = offset + done;
        const inside = at % patch;
        const count = Math.min(patch - inside, target.length - done);
        if (at >= size) {
          target.fill(0, done);
          return;
        }
        fill(Math.floor(at / patch));
        buffer.copy(target, done, inside, inside + Math.min(count, size - at));
        if (count > size - at) target.fill(0, done + size - at, done + count);
        done += count;
      }
    },
    hole(offset, length) {
      for (let stretch = Math.floor(offset / (patch * run)); stretch * patch * run < Math.min(offset + length, size); stretch++) {
        if (kindOf(stretch) >= 4) return false;
      }
      return true;
    },
    close() {},
  };
}
