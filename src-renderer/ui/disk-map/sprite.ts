import { type CellState, cellStates } from './cell-state.ts';
import { channels, palettes, type Scheme } from './palette.ts';

/** Pixels of one cell, `side` rows of `side`, as canvas image data holds them (RGBA bytes, read as little-endian words). */
export type Sprite = Uint32Array;

type Ink = 'main' | 'back' | undefined;

/** Each state has a shape of its own, so that the map can be read without its colours, down to three pixels. */
const shapes: Record<CellState, (x: number, y: number, side: number) => Ink> = {
  // A dot: nothing there yet.
  waiting: (x, y, side) => {
    const dot = Math.max(1, Math.round(side / 4));
    const from = Math.floor((side - dot) / 2);
    return x >= from && x < from + dot && y >= from && y < from + dot ? 'main' : undefined;
  },
  // Half of the square, cut from corner to corner: there, but not yet proven.
  copied: (x, y, side) => (x + (side - 1 - y) < side ? 'main' : 'back'),
  // A ring, like the digit.
  zero: (x, y, side) => {
    const line = Math.max(1, Math.round(side / 8));
    return x < line || y < line || x >= side - line || y >= side - line ? 'main' : undefined;
  },
  // A level line.
  unchanged: (_x, y, side) => {
    const line = Math.max(1, Math.round(side / 3));
    const from = Math.floor((side - line) / 2);
    return y >= from && y < from + line ? 'main' : 'back';
  },
  // A cross.
  'changed-again': (x, y, side) => {
    const line = Math.max(0, Math.round(side / 9) - 1);
    return Math.abs(x - y) <= line || Math.abs(x + y - (side - 1)) <= line ? 'main' : 'back';
  },
  // The whole square.
  verified: () => 'main',
  // Upright stripes.
  unknown: (x, _y, side) => (Math.floor(x / Math.max(1, Math.round(side / 6))) % 2 === 0 ? 'main' : 'back'),
};

export function wordOf(colour: string): number {
  const [red, green, blue] = channels(colour);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function spriteOf(state: CellState, side: number, scheme: Scheme): Sprite {
  const { main, back } = palettes[scheme][state];
  const pixels = new Uint32Array(side * side);
  const words = { main: wordOf(main), back: back === undefined ? 0 : wordOf(back) };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const ink = shapes[state](x, y, side);
      if (ink) pixels[y * side + x] = words[ink];
    }
  }
  return pixels;
}

/** One for each state, in the order of the codes. */
export function spritesOf(side: number, scheme: Scheme): Sprite[] {
  return cellStates.map((state) => spriteOf(state, side, scheme));
}
