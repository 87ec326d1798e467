import { differenceOf, type Patch } from './difference.ts';
import type { CellLayout } from './layout.ts';
import { allCells, paintCells } from './paint.ts';
import type { Scheme } from './palette.ts';
import { type Sprite, spritesOf } from './sprite.ts';

export interface MapView {
  codes: Uint8Array;
  cells: number;
  layout: CellLayout;
  scheme: Scheme;
}

export interface Painter {
  /** Takes effect in the next animation frame; of several in one frame the last counts. */
  show(view: MapView): void;
  close(): void;
}

/** From here on the whole picture at once is cheaper. */
const mostPatches = 1500;

export function createPainter(canvas: HTMLCanvasElement): Painter {
  // Kept in plain memory: pixels are only ever written to it, never composed by the graphics processor.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let wanted: MapView | undefined;
  let frame: number | undefined;
  let drawn: { view: MapView; codes: Uint8Array; image: ImageData; picture: Uint32Array; sprites: Sprite[] } | undefined;

  const drawAll = (view: MapView) => {
    const { layout, codes, cells, scheme } = view;
    canvas.width = layout.width;
    canvas.height = layout.height;
    drawn = undefined;
    if (!context || layout.width === 0 || layout.height === 0) return;
    const image = new ImageData(layout.width, layout.height);
    const picture = new Uint32Array(image.data.buffer);
    const sprites = spritesOf(layout.side, scheme);
    paintCells(picture, layout, sprites, codes, allCells(cells));
    context.putImageData(image, 0, 0);
    // A copy: the caller may write on into his own.
    drawn = { view, codes: codes.slice(0, cells), image, picture, sprites };
  };

  const put = ({ image, view }: NonNullable<typeof drawn>, patches: readonly Patch[]) => {
    const { pitch } = view.layout;
    if (patches.length > mostPatches) {
      context?.putImageData(image, 0, 0);
      return;
    }
    for (const { row, firstColumn, lastColumn } of patches) {
      context?.putImageData(image, 0, 0, firstColumn * pitch, row * pitch, (lastColumn - firstColumn + 1) * pitch, pitch);
    }
  };

  const draw = () => {
    frame = undefined;
    const view = wanted;
    if (!view) return;
    const same = drawn?.view.layout === view.layout && drawn.view.scheme === view.scheme && drawn.codes.length === view.cells;
    if (!drawn || !same) {
      drawAll(view);
      return;
    }
    const codes = view.codes.slice(0, view.cells);
    const { cells, patches } = differenceOf(drawn.codes, codes, view.layout.columns);
    paintCells(drawn.picture, view.layout, drawn.sprites, codes, cells);
    put(drawn, patches);
    drawn = { ...drawn, view, codes };
  };

  return {
    show(view) {
      wanted = view;
      frame ??= requestAnimationFrame(draw);
    },
    close() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
    },
  };
}
