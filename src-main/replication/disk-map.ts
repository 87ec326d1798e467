import { blockState, type JournalStates, STATES_AT_ONCE } from '../../workers/blocks/journal.ts';
import { BLOCK_SIZE, blockCount } from '../../workers/blocks/manifest.ts';
import type { RunDisk } from '../domain/run.ts';

/** In the order of the numbers that stand for them. */
export const mapStates = ['unknown', 'waiting', 'copied', 'zero', 'unchanged', 'changed-again', 'verified'] as const;
type MapState = (typeof mapStates)[number];
const number = Object.fromEntries(mapStates.map((state, index) => [state, index])) as Record<MapState, number>;
/** What a cell of several blocks shows: the first of these that one of its blocks is in. */
const urgency = (['changed-again', 'waiting', 'copied', 'unknown', 'zero', 'unchanged', 'verified'] as const).map((state) => number[state]);
const STATES = mapStates.length;

export interface MappedDisk {
  blocks: number;
  blocksPerCell: number;
  /** A state a cell. */
  cells: Buffer;
  /** Blocks in each state. */
  counts: number[];
}

/** What the run has read back and compared by now. */
export type Proof = 'none' | 'written' | 'all';

/**
 * What became of each block of a disk in its run, kept by cell: only cells whose blocks were written to the journal since are looked at
 * again. Memory by the number of cells, whatever the disk's size: 29 bytes each.
 */
export interface DiskMap {
  readonly blocks: number;
  readonly blocksPerCell: number;
  /** These blocks may have changed in the journal since they were looked at; all of them unless given. Before the first look all have. */
  mark(first?: number, count?: number): void;
  isMarked(): boolean;
  /** Looks at what was marked. Undefined: there is no journal. One look at a time. */
  look(journal: JournalStates | undefined): Promise<void>;
  draw(proof: Proof): MappedDisk;
}

export function createDiskMap(disk: Pick<RunDisk, 'runId' | 'capacity' | 'mode' | 'extents'>, mostCells: number): DiskMap {
  const blocks = blockCount(disk.capacity);
  const blocksPerCell = Math.max(1, Math.ceil(blocks / mostCells));
  const cells = Math.ceil(blocks / blocksPerCell);
  /** Blocks of each cell in each state, as before anything is read back. */
  const held = new Uint32Array(cells * STATES);
  const marked = new Uint8Array(cells).fill(1);
  const pending = disk.mode === 'extents' ? number['changed-again'] : number.waiting;
  /** Of a journal that is this run's: the state by the block's, for blocks that the run reads and for others. */
  const ofRun = [true, false].map((touched) => {
    const states = new Uint8Array(256).fill(number.unchanged);
    states[blockState.unknown] = touched ? number.waiting : number.unknown;
    states[blockState.pending] = pending;
    states[blockState.copied] = number.copied;
    states[blockState.zero] = number.zero;
    return states;
  }) as [Uint8Array, Uint8Array];
  /** The journal is still that of an earlier run, or there is none: this run has settled nothing yet. */
  const before = [true, false].map((touched) => {
    const states = new Uint8Array(256).fill(touched ? pending : number.unchanged);
    for (const unknown of [blockState.unknown, blockState.pending]) states[unknown] = touched ? number.waiting : number.unknown;
    return states;
  }) as [Uint8Array, Uint8Array];

  /** Cells from..to (exclusive), in parts that bound the memory and let others have their turn. */
  async function lookAt(journal: JournalStates | undefined, from: number, to: number): Promise<void> {
    const known = journal?.size === disk.capacity ? journal : undefined;
    const [touched, others] = known?.runId === disk.runId ? ofRun : before;
    held.fill(0, from * STATES, to * STATES);
    const end = Math.min(blocks, to * blocksPerCell);
    const isTouched = touchedBlocks(disk);
    for (let first = from * blocksPerCell; first < end; first += STATES_AT_ONCE) {
      const count = Math.min(STATES_AT_ONCE, end - first);
      const states = known ? await known.read(first, count) : undefined;
      let at = Math.floor(first / blocksPerCell);
      let next = (at + 1) * blocksPerCell;
      for (let index = 0; index < count; index++) {
        const block = first + index;
        if (block === next) {
          at++;
          next += blocksPerCell;
        }
        const state = (isTouched(block) ? touched : others)[
          states === undefined ? blockState.unknown : (states[index] as number)
        ] as number;
        held[at * STATES + state]!++;
      }
    }
  }

  return {
    blocks,
    blocksPerCell,
    mark(first = 0, count = blocks) {
      if (count === 0) return;
      const last = Math.min(cells - 1, Math.floor((first + count - 1) / blocksPerCell));
      marked.fill(1, Math.floor(first / blocksPerCell), last + 1);
    },
    isMarked: () => marked.includes(1),
    async look(journal) {
      for (let from = marked.indexOf(1); from >= 0; from = marked.indexOf(1, from)) {
        let to = from + 1;
        while (marked[to] === 1) to++;
        // Before it is read: what is written meanwhile marks it anew.
        marked.fill(0, from, to);
        try {
          await lookAt(journal, from, to);
        } catch (error) {
          marked.fill(1, from, to);
          throw error;
        }
        from = to;
      }
    },
    draw(proof) {
      const shown = mapStates.map((_, state) => {
        if (proof !== 'none' && (state === number.copied || state === number.zero)) return number.verified;
        return proof === 'all' && state === number.unchanged ? number.verified : state;
      });
      const drawn = Buffer.alloc(cells);
      const counts = mapStates.map(() => 0);
      const present = new Uint8Array(STATES);
      for (let cell = 0; cell < cells; cell++) {
        present.fill(0);
        for (let state = 0; state < STATES; state++) {
          const count = held[cell * STATES + state] as number;
          if (count === 0) continue;
          counts[shown[state]!]! += count;
          present[shown[state]!] = 1;
        }
        drawn[cell] = urgency.find((state) => present[state]) ?? number.unknown;
      }
      return { blocks, blocksPerCell, cells: drawn, counts };
    },
  };
}

/** Whether the run reads a block, asked in ascending order; the first may be any. */
function touchedBlocks({ extents }: Pick<RunDisk, 'extents'>): (block: number) => boolean {
  if (extents === undefined) return () => true;
  let next: number | undefined;
  return (block) => {
    next ??= firstEndingBehind(extents, block * BLOCK_SIZE);
    while (next < extents.length && extents[next]! + extents[next + 1]! <= block * BLOCK_SIZE) next += 2;
    return next < extents.length && extents[next]! < (block + 1) * BLOCK_SIZE;
  };
}

/** The place in the table of the first extent that ends behind the offset. */
function firstEndingBehind(extents: Float64Array, offset: number): number {
  let low = 0;
  let high = extents.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (extents[middle * 2]! + extents[middle * 2 + 1]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}
