import type { Content } from './content.ts';
import { type Made, type Pieces, paintPieces, putPiece } from './pieces.ts';

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
  /** Numbers of the grains that were written to, also with what was there before. */
  grains: Set<number>;
  pieces: Pieces;
  modified: number;
}

export function baseLayer(file: string, content: Content, modified: number): Layer {
  return { file, parent: undefined, content, grains: new Set(), pieces: [], modified };
}

export function deltaLayer(file: string, parent: Layer, modified: number): Layer {
  return { file, parent, content: undefined, grains: new Set(), pieces: [], modified };
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
  const chain = chainOf(top).reverse();
  chain[0]!.content!.read(target, offset);
  for (const layer of chain) paintPieces(layer.pieces, target, offset);
  return target;
}

/** Writes to this layer; `same` is what is there already. Answers the numbers of the grains touched: first and last. */
export function writeLayer(top: Layer, offset: number, length: number, made: Made | 'same', now: number): { first: number; last: number } {
  const first = Math.floor(offset / grainSize);
  const last = Math.floor((offset + length - 1) / grainSize);
  for (let number = first; number <= last; number++) top.grains.add(number);
  if (made !== 'same') putPiece(top.pieces, { offset, length, made, skip: 0 });
  top.modified = now;
  return { first, last };
}

/** Consolidation: what the child holds moves into its parent, which takes the child's place. */
export function mergeIntoParent(child: Layer, now: number): Layer {
  const parent = child.parent!;
  for (const piece of child.pieces) putPiece(parent.pieces, piece);
  for (const number of child.grains) parent.grains.add(number);
  parent.modified = now;
  return parent;
}
