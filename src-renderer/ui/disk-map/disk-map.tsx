import { useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { diskMapTexts as texts } from '../../texts/graphics.ts';
import { cellState } from './cell-state.ts';
import classes from './disk-map.module.css';
import { DiskMapLegend } from './disk-map-legend.tsx';
import { cellAfterKey, geometryOf, rangeOf } from './geometry.ts';
import { boxOf, cellAt, layoutCells } from './layout.ts';
import { createPainter, type Painter } from './painter.ts';
import { totalsOf } from './summary.ts';
import { usePixelRatio } from './use-pixel-ratio.ts';

export interface DiskMapProps {
  /** As people know the disk: Hard disk 1. */
  name: string;
  /** A code for each cell (`cellStates`). A new array for each new state: what is drawn follows the array, not what is written into it. */
  states: Uint8Array;
  /** Blocks of the disk. */
  blocks: number;
  /** Bytes. */
  blockSize: number;
  blocksPerCell: number;
  /** Bytes. */
  capacity: number;
  /** Blocks in each state, by code, where they are known exactly. */
  counts?: readonly number[];
  /** CSS pixels. More is taken only where cells would become too small to see. */
  maxHeight?: number;
}

/** Every block of a disk, as a small square that tells by its colour and its shape how far it has come. */
export function DiskMap({ name, states, blocks, blockSize, blocksPerCell, capacity, counts, maxHeight = 320 }: DiskMapProps) {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const ratio = usePixelRatio();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter>(undefined);
  const [inspected, setInspected] = useState<number>();
  const [announced, setAnnounced] = useState('');

  const geometry = useMemo(
    () => geometryOf({ cells: states.length, blocks, blockSize, blocksPerCell, capacity }),
    [states.length, blocks, blockSize, blocksPerCell, capacity],
  );
  const { cells } = geometry;
  const layout = useMemo(() => layoutCells({ cells, width, maxHeight, ratio }), [cells, width, maxHeight, ratio]);
  const totals = useMemo(() => totalsOf(states, geometry, counts), [states, geometry, counts]);

  useEffect(() => {
    if (!canvas.current) return;
    const made = createPainter(canvas.current);
    painter.current = made;
    return () => made.close();
  }, []);
  useEffect(() => {
    // Before it is measured there is no width to draw in.
    if (width > 0) painter.current?.show({ codes: states, cells, layout, scheme });
  }, [states, cells, layout, scheme, width]);

  const cell = inspected !== undefined && inspected < cells ? inspected : undefined;
  const textOf = (index: number) => texts.cell(rangeOf(geometry, index), cellState(states[index]));
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setInspected(cellAt(layout, cells, event.clientX - box.left, event.clientY - box.top));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && cell !== undefined) {
      event.stopPropagation();
      setInspected(undefined);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The first key shows where one is: at the beginning of the disk.
    const next =
      cell === undefined
        ? cellAfterKey(event.key, event.key === 'End' ? 0 : -1, cells, 1, 1)
        : cellAfterKey(event.key, cell, cells, layout.columns, layout.rows);
    if (next === undefined) return;
    event.preventDefault();
    setInspected(next);
    setAnnounced(textOf(next));
  };

  return (
    <div className={classes.root}>
      <div
        ref={ref}
        className={classes.area}
        role="application"
        aria-label={texts.area(name)}
        tabIndex={cells > 0 ? 0 : -1}
        onKeyDown={onKeyDown}
        onBlur={() => setInspected(undefined)}
      >
        <canvas
          ref={canvas}
          className={classes.canvas}
          style={{ width: layout.width / ratio, height: layout.height / ratio }}
          role="img"
          aria-label={texts.summary(name, geometry, totals)}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setInspected(undefined)}
        />
        {cell !== undefined && <Cursor {...boxOf(layout, cell)} />}
      </div>
      <p className={classes.readout}>{cell === undefined ? texts.scale(geometry) : textOf(cell)}</p>
      {/* Only what the keys lead to is spoken: the pointer passes over too much. */}
      <VisuallyHidden aria-live="polite">{announced}</VisuallyHidden>
      <DiskMapLegend totals={totals} scheme={scheme} />
    </div>
  );
}

function Cursor({ left, top, side }: { left: number; top: number; side: number }) {
  return (
    <div className={classes.cursor} style={{ transform: `translate(${left}px, ${top}px)`, width: side, height: side }} aria-hidden="true" />
  );
}
