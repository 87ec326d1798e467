import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { cutNoise } from './noise.ts';
import { mix } from './random.ts';

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

/** Content made up from a seed: about half of it holes, some of one byte only, the rest incompressible and never twice the same. */
export function seededContent(size: number, seed: number): Content {
  const kindOf = (stretch: number): number => mix(seed, stretch) % 8;
  const stamp = Buffer.alloc(8);

  /** Fills the target from one patch; `inside` is where in the patch it begins. */
  function readPatch(target: Buffer, index: number, inside: number): void {
    const kind = kindOf(Math.floor(index / run));
    if (kind < 4) {
      target.fill(0);
    } else if (kind === 4) {
      target.fill(mix(seed, index) & 0xff || 1);
    } else {
      cutNoise(target, mix(seed, index, 7), inside, patch);
      if (inside < stamp.length) {
        stamp.writeUInt32LE(index % 0x1_0000_0000, 0);
        stamp.writeUInt32LE(seed >>> 0, 4);
        stamp.copy(target, 0, inside);
      }
    }
  }

  return {
    size,
    read(target, offset) {
      const end = Math.max(0, Math.min(target.length, size - offset));
      for (let done = 0; done < end; ) {
        const inside = (offset + done) % patch;
        const count = Math.min(patch - inside, end - done);
        readPatch(target.subarray(done, done + count), Math.floor((offset + done) / patch), inside);
        done += count;
      }
      target.fill(0, end);
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
