import { memo, useEffect, useRef } from 'react';
import { diskMapTexts as texts } from '../../texts/graphics.ts';
import type { CellState } from './cell-state.ts';
import classes from './disk-map.module.css';
import type { Scheme } from './palette.ts';
import { spriteOf } from './sprite.ts';
import type { StateTotal } from './summary.ts';
import { usePixelRatio } from './use-pixel-ratio.ts';

/** CSS pixels. */
const swatchSide = 12;

const Swatch = memo(function Swatch({ state, scheme }: { state: CellState; scheme: Scheme }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = Math.round(swatchSide * usePixelRatio());
  useEffect(() => {
    const image = new ImageData(side, side);
    new Uint32Array(image.data.buffer).set(spriteOf(state, side, scheme));
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0);
  }, [state, side, scheme]);
  // A canvas without a name or content is nothing to a screen reader.
  return <canvas ref={canvas} width={side} height={side} className={classes.swatch} />;
});

/** What the shapes and colours mean, and how much there is of each. */
export function DiskMapLegend({ totals, scheme }: { totals: readonly StateTotal[]; scheme: Scheme }) {
  return (
    <ul className={classes.legend}>
      {totals.map((total) => (
        <li key={total.state} className={classes.entry} title={texts.meaning(total.state)} data-none={total.blocks === 0 || undefined}>
          <Swatch state={total.state} scheme={scheme} />
          <span className={classes.word}>{texts.state(total.state)}</span>
          <span className={classes.amount}>{texts.amount(total)}</span>
          <span className={classes.amount}>{texts.blocks(total.blocks)}</span>
        </li>
      ))}
    </ul>
  );
}
