import { cutNoise } from './noise.ts';

/** Bytes that somebody gave, noise made up from a number, or zeros: what is made up needs no memory, and none in a file. */
export type Made = Buffer | number | 'zeros';

/** Most bytes that one number makes up. */
export const longestNoise = 128 * 1024;

/** Part of what a layer holds: `[offset, offset + length)` of the disk is `made` from its byte `skip` on. */
export interface Piece {
  offset: number;
  length: number;
  made: Made;
  skip: number;
}

/** Sorted and disjoint: what was put last covers what was there. */
export type Pieces = Piece[];

function firstEndingAfter(pieces: Pieces, offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pieces[middle]!.offset + pieces[middle]!.length > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function cut({ offset, made, skip }: Piece, from: number, to: number): Piece {
  return { offset: from, length: to - from, made, skip: skip + from - offset };
}

export function putPiece(pieces: Pieces, piece: Piece): void {
  const end = piece.offset + piece.length;
  const first = firstEndingAfter(pieces, piece.offset);
  const left: Piece[] = [];
  let last = first;
  for (; last < pieces.length && pieces[last]!.offset < end; last++) {
    const covered = pieces[last]!;
    const coveredEnd = covered.offset + covered.length;
    if (covered.offset < piece.offset) left.push(cut(covered, covered.offset, piece.offset));
    if (coveredEnd > end) left.push(cut(covered, end, coveredEnd));
  }
  const before = left.filter((each) => each.offset < piece.offset);
  pieces.splice(first, last - first, ...before, piece, ...left.slice(before.length));
}

/** Lays what the pieces hold of `[offset, offset + target.length)` over the target. */
export function paintPieces(pieces: Pieces, target: Buffer, offset: number): void {
  const end = offset + target.length;
  for (let index = firstEndingAfter(pieces, offset); index < pieces.length && pieces[index]!.offset < end; index++) {
    const piece = pieces[index]!;
    const from = Math.max(offset, piece.offset);
    const to = Math.min(end, piece.offset + piece.length);
    const part = target.subarray(from - offset, to - offset);
    const skip = piece.skip + from - piece.offset;
    if (piece.made === 'zeros') part.fill(0);
    else if (typeof piece.made === 'number') cutNoise(part, piece.made, skip, longestNoise);
    else piece.made.copy(part, 0, skip, skip + part.length);
  }
}
