import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginRun, blockState, journalStates, openJournal } from '../../workers/blocks/journal.ts';
import { mapDisk, mapStates } from './disk-map.ts';

const MiB = 2 ** 20;
const size = 40 * MiB - 512;
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-map-'));
  path = join(folder, 'disk.journal');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const words = (cells: Buffer) => [...cells].map((state) => mapStates[state]);

test('the map follows a journal through a first run and one of changes', async () => {
  const full = { runId: 'one', capacity: size, mode: 'full', extents: undefined } as const;
  expect(await journalStates(path)).toBeUndefined();
  expect(words(mapDisk(full, undefined, 'none', 4).cells)).toEqual(Array(4).fill('waiting'));
  await beginRun(path, { runId: 'one', size });
  const digest = Buffer.alloc(32, 7);
  {
    const journal = await openJournal(path);
    for (let block = 0; block < 10; block++) journal.record(block, blockState.copied, digest);
    for (let block = 10; block < 30; block++) journal.record(block, blockState.zero, digest);
    await journal.persist();
    await journal.close();
  }
  const half = mapDisk(full, await journalStates(path), 'none', 4);
  expect(half).toMatchObject({ blocks: 40, blocksPerCell: 10 });
  expect(words(half.cells)).toEqual(['copied', 'zero', 'zero', 'waiting']);
  expect(half.counts).toEqual([0, 10, 10, 20, 0, 0, 0]);
  {
    const journal = await openJournal(path);
    for (let block = 30; block < 40; block++) journal.record(block, blockState.copied, digest);
    await journal.persist();
    await journal.close();
  }
  expect(mapDisk(full, await journalStates(path), 'all', 4).counts.at(-1)).toBe(40);

  // Before it begins in the journal, and after.
  const changes = { runId: 'two', capacity: size, mode: 'extents', extents: Float64Array.of(5 * MiB, 2 * MiB) } as const;
  const expected = { counts: [0, 0, 0, 0, 38, 2, 0], blocksPerCell: 1 };
  expect(mapDisk(changes, await journalStates(path), 'none', 16_384)).toMatchObject(expected);
  await beginRun(path, { runId: 'two', size, extents: changes.extents });
  expect(mapDisk(changes, await journalStates(path), 'none', 16_384)).toMatchObject(expected);
  {
    const journal = await openJournal(path);
    journal.record(5, blockState.copied, digest);
    journal.record(6, blockState.unchanged, digest);
    await journal.persist();
    await journal.close();
  }
  // One changed block in a cell of many is seen.
  expect(words(mapDisk(changes, await journalStates(path), 'none', 4).cells)).toEqual(['copied', 'unchanged', 'unchanged', 'unchanged']);
  expect(mapDisk(changes, await journalStates(path), 'written', 4).counts).toEqual([0, 0, 0, 0, 39, 0, 1]);
  // A disk of another size is another disk.
  expect(mapDisk({ ...full, runId: 'three', capacity: MiB }, await journalStates(path), 'none', 4).counts[1]).toBe(1);
});
