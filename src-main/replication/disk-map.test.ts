import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginRun, blockState, type JournalStates, openJournal, openStates } from '../../workers/blocks/journal.ts';
import { createDiskMap, mapStates, type Proof } from './disk-map.ts';

const MiB = 2 ** 20;
const size = 40 * MiB - 512;
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-map-'));
  path = join(folder, 'disk.journal');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Disk = Parameters<typeof createDiskMap>[0];

/** Drawn anew from what the journal holds now. */
async function mapped(disk: Disk, proof: Proof, cells: number) {
  const states = await openStates(path);
  const map = createDiskMap(disk, cells);
  await map.look(states);
  await states?.close();
  return map.draw(proof);
}
const words = (cells: Buffer) => [...cells].map((state) => mapStates[state]);

test('the map follows a journal through a first run and one of changes', async () => {
  const full = { runId: 'one', capacity: size, mode: 'full', extents: undefined } as const;
  expect(await openStates(path)).toBeUndefined();
  expect(words((await mapped(full, 'none', 4)).cells)).toEqual(Array(4).fill('waiting'));
  await beginRun(path, { runId: 'one', size });
  const digest = Buffer.alloc(32, 7);
  {
    const journal = await openJournal(path);
    for (let block = 0; block < 10; block++) journal.record(block, blockState.copied, digest);
    for (let block = 10; block < 30; block++) journal.record(block, blockState.zero, digest);
    await journal.persist();
    await journal.close();
  }
  const half = await mapped(full, 'none', 4);
  expect(half).toMatchObject({ blocks: 40, blocksPerCell: 10 });
  expect(words(half.cells)).toEqual(['copied', 'zero', 'zero', 'waiting']);
  expect(half.counts).toEqual([0, 10, 10, 20, 0, 0, 0]);
  {
    const journal = await openJournal(path);
    for (let block = 30; block < 40; block++) journal.record(block, blockState.copied, digest);
    await journal.persist();
    await journal.close();
  }
  expect((await mapped(full, 'all', 4)).counts.at(-1)).toBe(40);

  // Before it begins in the journal, and after.
  const changes = { runId: 'two', capacity: size, mode: 'extents', extents: Float64Array.of(5 * MiB, 2 * MiB) } as const;
  const expected = { counts: [0, 0, 0, 0, 38, 2, 0], blocksPerCell: 1 };
  expect(await mapped(changes, 'none', 16_384)).toMatchObject(expected);
  await beginRun(path, { runId: 'two', size, extents: changes.extents });
  expect(await mapped(changes, 'none', 16_384)).toMatchObject(expected);
  {
    const journal = await openJournal(path);
    journal.record(5, blockState.copied, digest);
    journal.record(6, blockState.unchanged, digest);
    await journal.persist();
    await journal.close();
  }
  // One changed block in a cell of many is seen.
  expect(words((await mapped(changes, 'none', 4)).cells)).toEqual(['copied', 'unchanged', 'unchanged', 'unchanged']);
  expect((await mapped(changes, 'written', 4)).counts).toEqual([0, 0, 0, 0, 39, 0, 1]);
  // A disk of another size is another disk.
  expect((await mapped({ ...full, runId: 'three', capacity: MiB }, 'none', 4)).counts[1]).toBe(1);
});

test('of a disk of 64 TiB only what was written since is looked at, and the memory is by the cells', async () => {
  const capacity = 2 ** 46;
  const blocks = capacity / MiB;
  const written = new Map<number, number>();
  let looked = 0;
  let most = 0;
  const journal: JournalStates = {
    ...{ runId: 'one', size: capacity, blocks, close: async () => {} },
    async read(first, count) {
      looked += count;
      most = Math.max(most, count);
      const states = new Uint8Array(count);
      for (const [block, state] of written) if (block >= first && block < first + count) states[block - first] = state;
      return states;
    },
  };
  const map = createDiskMap({ runId: 'one', capacity, mode: 'full', extents: undefined }, 16_384);
  await map.look(journal);
  expect([looked, map.blocksPerCell]).toEqual([blocks, 4096]);
  expect(most).toBeLessThan(70_000);
  looked = 0;
  await map.look(journal);
  expect(looked).toBe(0);
  for (const [at, state] of [
    [5, blockState.copied],
    [8191, blockState.zero],
    [blocks - 1, blockState.copied],
  ] as const) {
    written.set(at, state);
    map.mark(at, 1);
  }
  await map.look(journal);
  expect(looked).toBe(3 * 4096);
  const { cells, counts } = map.draw('none');
  expect(cells.length).toBe(16_384);
  expect(counts).toEqual([0, blocks - 3, 2, 1, 0, 0, 0]);
  // What is written while it is looked at is looked at again.
  map.mark(0, 1);
  const read = (first: number, count: number) => {
    map.mark(0, 1);
    return journal.read(first, count);
  };
  await map.look({ ...journal, read });
  expect(map.isMarked()).toBe(true);
});
