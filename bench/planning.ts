import { coalesceTable, splitForTasks, widen } from '../workers/blocks/extents.ts';
import { median } from './measure.ts';

const COUNT = 1_000_000;

/** Seconds for a million extents, in no order, to become the tables of four tasks. */
export function planning(rounds: number): number {
  const table = new Float64Array(2 * COUNT);
  for (let i = 0; i < COUNT; i++) {
    table[2 * i] = ((i * 7919) % COUNT) * 3 * 65536;
    table[2 * i + 1] = 65536;
  }
  const size = 3 * COUNT * 65536;
  const seconds = Array.from({ length: rounds }, () => {
    const began = performance.now();
    splitForTasks(widen(coalesceTable(table), 65536, size), size, 4);
    return (performance.now() - began) / 1000;
  });
  return median(seconds);
}
