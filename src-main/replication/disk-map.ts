import { blockState } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE, blockCount } from '../../workers/blocks/manifest.ts';
import type { RunDisk } from '../domain/run.ts';

/** In the order of the numbers that stand for them. */
export const mapStates = ['unknown', 'waiting', 'copied', 'zero', 'unchanged', 'changed-again', 'verified'] as const;
type MapState = (typeof mapStates)[number];
const number = Object.fromEntries(mapStates.map((state, index) => [state, index])) as Record<MapState, number>;
/** What a cell of several blocks shows: the first of these that one of its blocks is in. */
const urgency = (['changed-again', 'waiting', 'copied', 'unknown', 'zero', 'unchanged', 'verified'] as const).map((state) => number[state]);
/** The place of each state in it; less is more urgent. */
const rank = mapStates.map((_, state) => urgency.indexOf(state));

export interface MappedDisk {
  blocks: number;
  blocksPerCell: number;
  /** A state a cell. */
  cells: Buffer;
  /** Blocks in each state. */
  counts: number[];
}

/**
 * What became of each block of a disk in its run. `proof`: what the run has read back and compared by now.
 * `states` is the disk's journal; undefined where there is none.
 */
export function mapDisk(
  disk: Pick<RunDisk, 'runId' | 'capacity' | 'mode' | 'extents'>,
  states: { runId: string; size: number; states: Uint8Array } | undefined,
  proof: 'none' | 'written' | 'all',
  mostCells: number,
): MappedDisk {
  const blocks = blockCount(disk.capacity);
  const blocksPerCell = Math.max(1, Math.ceil(blocks / mostCells));
  const cells = Buffer.alloc(Math.ceil(blocks / blocksPerCell));
  const counts = mapStates.map(() => 0);
  const known = states?.size === disk.capacity ? states : undefined;
  const inRun = known?.runId === disk.runId;
  const touched = touchedBlocks(disk);
  const pending = disk.mode === 'extents' ? number['changed-again'] : number.waiting;
  for (let block = 0; block < blocks; block++) {
    const isTouched = touched(block);
    const state = inRun ? ofRun(known.states[block] as number, isTouched) : before(known?.states[block], isTouched);
    counts[state]!++;
    const cell = Math.floor(block / blocksPerCell);
    if (block % blocksPerCell === 0 || rank[state]! < rank[cells[cell]!]!) cells[cell] = state;
  }
  return { blocks, blocksPerCell, cells, counts };

  function ofRun(state: number, isTouched: boolean): number {
    if (state === blockState.pending) return pending;
    if (state === blockState.unknown) return isTouched ? number.waiting : number.unknown;
    if (proof === 'all') return number.verified;
    if (state === blockState.copied) return proof === 'none' ? number.copied : number.verified;
    if (state === blockState.zero) return proof === 'none' ? number.zero : number.verified;
    return number.unchanged;
  }

  /** The journal is still that of an earlier run, or there is none: this run has settled nothing yet. */
  function before(state: number | undefined, isTouched: boolean): number {
    const holds = state !== undefined && state !== blockState.unknown && state !== blockState.pending;
    if (isTouched) return holds && disk.mode === 'extents' ? number['changed-again'] : number.waiting;
    return holds ? number.unchanged : number.unknown;
  }
}

/** Whether the run reads a block, asked in ascending order. */
function touchedBlocks({ extents }: Pick<RunDisk, 'extents'>): (block: number) => boolean {
  if (extents === undefined) return () => true;
  let next = 0;
  return (block) => {
    while (next < extents.length && extents[next]! + extents[next + 1]! <= block * BLOCK_SIZE) next += 2;
    return next < extents.length && extents[next]! < (block + 1) * BLOCK_SIZE;
  };
}
