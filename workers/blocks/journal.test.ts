import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import { type BlockState, beginRun, blockState, journalRun, journalToManifest, openJournal, seedJournal } from './journal.ts';
import { BLOCK_SIZE, readManifest } from './manifest.ts';

let folder: string;
let path: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-journal-'));
});
beforeEach(() => {
  path = join(folder, `${count++}.journal`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const digest = (block: number): Buffer => digestOf(Buffer.from(`block ${block}`));

async function states(): Promise<BlockState[]> {
  const journal = await openJournal(path);
  const all = Array.from({ length: journal.blocks }, (_, block) => journal.state(block));
  await journal.close();
  return all;
}

async function settle(blocks: number[], state: BlockState = blockState.copied): Promise<void> {
  const journal = await openJournal(path);
  for (const block of blocks) journal.record(block, state, digest(block));
  await journal.persist();
  await journal.close();
}

describe('journal', () => {
  it('begins unknown, resumes the same run untouched and makes settled blocks held for the next', async () => {
    const size = 5 * BLOCK_SIZE;
    expect(await beginRun(path, { runId: 'one', size })).toBe('started');
    expect(await states()).toEqual([0, 0, 0, 0, 0]);
    await settle([0], blockState.copied);
    await settle([1], blockState.zero);
    await settle([2], blockState.unchanged);
    expect(await beginRun(path, { runId: 'one', size })).toBe('resumed');
    expect(await states()).toEqual([2, 3, 4, 0, 0]);
    // Extents touch the end of block 1 and the start of block 2, and an unknown block, which stays unknown.
    const extents = Float64Array.of(2 * BLOCK_SIZE - 1, 2, 3 * BLOCK_SIZE, 1);
    expect(await beginRun(path, { runId: 'two', size, extents })).toBe('started');
    expect(await states()).toEqual([1, 5, 5, 0, 0]);
    // The run dies: what was pending cannot be trusted, what it settled can.
    await settle([2]);
    await beginRun(path, { runId: 'three', size, extents: new Float64Array(0) });
    expect(await states()).toEqual([1, 0, 1, 0, 0]);
    await beginRun(path, { runId: 'four', size });
    expect(await states()).toEqual([5, 0, 5, 0, 0]);
    expect(await journalRun(path)).toEqual({ runId: 'four', size });
  });

  it('forgets the block that a new size cuts or completes', async () => {
    const size = 2 * BLOCK_SIZE + 512;
    await beginRun(path, { runId: 'one', size });
    await settle([0, 1, 2]);
    await beginRun(path, { runId: 'grown', size: 4 * BLOCK_SIZE, extents: new Float64Array(0) });
    expect(await states()).toEqual([1, 1, 0, 0]);
    await settle([2, 3]);
    await beginRun(path, { runId: 'shrunk', size: 3 * BLOCK_SIZE - 1, extents: new Float64Array(0) });
    expect(await states()).toEqual([1, 1, 0]);
    await expect(beginRun(path, { runId: 'shrunk', size: BLOCK_SIZE })).rejects.toMatchObject({ code: 'manifest.invalid' });
  });

  it('lets several writers persist distinct blocks of one file, over many pages', async () => {
    const blocks = 20_000;
    await beginRun(path, { runId: 'one', size: blocks * BLOCK_SIZE });
    const writers = await Promise.all([openJournal(path), openJournal(path)]);
    for (let block = 0; block < blocks; block++) writers[block % 2]!.record(block, blockState.copied, digest(block));
    await Promise.all(writers.map((writer) => writer.persist()));
    await Promise.all(writers.map((writer) => writer.close()));
    const manifest = await journalToManifest(path, `${path}.manifest`);
    for (const block of [0, 1, 14, 15, 3839, 3840, blocks - 1])
      expect(manifest.digests.subarray(block * 32, block * 32 + 32)).toEqual(digest(block));
    expect(await readManifest(`${path}.manifest`)).toEqual(manifest);
  });

  it('does not grow in memory with scattered blocks and finds them again', async () => {
    const size = 1_000_000 * BLOCK_SIZE;
    await beginRun(path, { runId: 'one', size });
    const journal = await openJournal(path);
    for (let block = 0; block < 1_000_000; block += 3001) {
      journal.record(block, blockState.copied, digest(block));
      if (block % 64 === 0) await journal.persist();
    }
    for (let block = 0; block < 1_000_000; block += 3001) expect(journal.state(block)).toBe(2);
    await journal.persist();
    await journal.close();
    expect((await stat(path)).size).toBe(512 + Math.ceil(1_000_000 / 15) * 512);
    const again = await openJournal(path);
    expect(again.digest(3001 * 100)).toEqual(digest(3001 * 100));
    await again.close();
  });

  it('gives a manifest only when every block is settled, and can be made from one', async () => {
    const size = 2 * BLOCK_SIZE + 1;
    await beginRun(path, { runId: 'one', size });
    await settle([0, 1]);
    await expect(journalToManifest(path, `${path}.manifest`)).rejects.toMatchObject({ code: 'manifest.invalid' });
    await settle([2], blockState.zero);
    const manifest = await journalToManifest(path, `${path}.manifest`);
    const seeded = `${path}.seeded`;
    await seedJournal(seeded, manifest);
    expect((await journalToManifest(seeded, `${path}.again`)).root).toBe(manifest.root);
    await beginRun(seeded, { runId: 'two', size });
    await expect(journalToManifest(seeded, `${path}.again`)).rejects.toMatchObject({ code: 'manifest.invalid' });
  });

  it('refuses what is no journal, or a cut one', async () => {
    await expect(openJournal(path)).rejects.toMatchObject({ code: 'manifest.invalid' });
    await writeFile(path, 'x'.repeat(600));
    await expect(beginRun(path, { runId: 'one', size: 1 })).rejects.toMatchObject({ code: 'manifest.invalid' });
    await rm(path);
    await beginRun(path, { runId: 'one', size: 100 * BLOCK_SIZE });
    await truncate(path, 1024);
    await expect(openJournal(path)).rejects.toMatchObject({ code: 'manifest.invalid' });
  });
});
