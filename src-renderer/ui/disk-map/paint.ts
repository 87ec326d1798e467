import { cellStates } from './cell-state.ts';
import type { CellLayout } from './layout.ts';
import type { Sprite } from './sprite.ts';

const unknown = cellStates.indexOf('unknown');

/**
 * Writes cells into the picture: plain memory, so that a thousand cells cost a thousand small copies and one transfer to the screen, not a
 * thousand calls of the canvas.
 */
export function paintCells(
  picture: Uint32Array,
  layout: CellLayout,
  sprites: readonly Sprite[],
  codes: Uint8Array,
  cells: Iterable<number>,
): void {
  const { columns, pitch, side, width } = layout;
  for (const cell of cells) {
    const sprite = sprites[codes[cell] ?? unknown] ?? sprites[unknown]!;
    let to = Math.floor(cell / columns) * pitch * width + (cell % columns) * pitch;
    for (let from = 0; from < sprite.length; from += side) {
      for (let x = 0; x < side; x++) picture[to + x] = sprite[from + x]!;
      to += width;
    }
  }
}

export function* allCells(cells: number): Iterable<number> {
  for (let cell = 0; cell < cells; cell++) yield cell;
}
