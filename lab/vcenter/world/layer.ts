import type { Content } from './content.ts';

/** Unit of copy-on-write and of change tracking: 64 KiB, as VMFS tracks. */
export const grainSize = 64 * 1024;

/**
 * One file of a disk's chain: the base over its content, or a delta over its parent. A layer below the top never changes until
 * a consolidation merges its child into it.
 */
export interface Layer {
  /** Path of the descriptor within the datastore: `folder/disk.vmdk`, `folder/disk-000001.vmdk`. */
  file: string;
  parent: Layer | undefined;
  /** Of the base only. */
  content: Content | undefined;
  /** Whole grains by their number. */
  grains: Map<number, Buffer>;
  modified: number;
}

export function baseLayer(file: string, content: Content, modified: number): Layer {
  return { file, parent: undefined, content, grains: new Map(), modified };
}

export function deltaLayer(file: string, parent: Layer, modified: number): Layer {
  return { file, parent, content: undefined, grains: new Map(), modified };
}

/** `folder/disk.vmdk` → `folder/disk-flat.vmdk`, a delta → `folder/disk-000001-delta.vmdk`. */
export function extentFile(layer: Layer): string {
  return layer.file.replace(/\.vmdk$/, layer.parent === undefined ? '-flat.vmdk' : '-delta.vmdk');
}

export function chainOf(layer: Layer): Layer[] {
  const chain: Layer[] = [];
  for (let at: Layer | undefined = layer; at !== undefined; at = at.parent) chain.push(at);
  return chain;
}

/** The disk as seen through this layer. */
export function readLayer(top: Layer, offset: number, length: number): Buffer {
  const target = Buffer.allocUnsafe(length);
  const chain = chainOf(top);
  const base = chain[chain.length - 1]!.content!;
  const overlays = chain.filter((layer) => layer.grains.size > 0);
  let done = 0;
  let fromBase = 0; // bytes before `done` that are still to be read from the base in one piece
  const readBase = () => {
    if (fromBase > 0) base.read(target.subarray(done - fromBase, done), offset + done - fromBase);
    fromBase = 0;
  };
  while (done < length) {
    const at = offset + done;
    const inside = at % grainSize;
    const count = overlays.length === 0 ? length - done : Math.min(grainSize - inside, length - done);
    const number = Math.floor(at / grainSize);
    const grain = overlays.find((layer) => layer.grains.has(number))?.grains.get(number);
    if (grain === undefined) {
      fromBase += count;
    } else {
      readBase();
      grain.copy(target, done, inside, inside + count);
    }
    done += count;
  }
  readBase();
  return target;
}

/** Writes to this layer; grains that it lacks are copied up first. Answers the numbers of the grains touched: first and last. */
export function writeLayer(top: Layer, offset: number, data: Buffer, now: number): { first: number; last: number } {
  const first = Math.floor(offset / grainSize);
  const last = Math.floor((offset + data.length - 1) / grainSize);
  for (let number = first; number <= last; number++) {
    let grain = top.grains.get(number);
    if (grain === undefined) {
      grain = readLayer(top, number * grainSize, grainSize);
      top.grains.set(number, grain);
    }
    const from = Math.max(offset, number * grainSize);
    const to = Math.min(offset + data.length, (number + 1) * grainSize);
    data.copy(grain, from - number * grainSize, from - offset, to - offset);
  }
  top.modified = now;
  return { first, last };
}

/** Consolidation: the child's grains move into its parent, which takes the child's place. */
export function mergeIntoParent(child: Layer, now: number): Layer {
  const parent = child.parent!;
  for (const [number, grain] of child.grains) parent.grains.set(number, grain);
  parent.modified = now;
  return parent;
}
