import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExtentTable } from '../protocol.ts';
import { digestOf } from './digest.ts';
import { coalesceTable } from './extents.ts';
import { beginRun, journalToManifest, openJournal } from './journal.ts';
import { BLOCK_SIZE, blockCount, computeRoot } from './manifest.ts';
import { holesOf, MemorySink, memorySource } from './memory-disk.ts';
import { runTransfer } from './pipeline.ts';

/*
 * Any disk, any target, any runs, killed anywhere: in the end the target equals the source and the manifest agrees.
 * OCTOPUS_SEED repeats a failure, OCTOPUS_RUNS makes it a soak.
 */
const runs = Number(process.env.OCTOPUS_RUNS ?? 200);
const seed = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
const CHECKPOINT = 2 * BLOCK_SIZE;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-pipeline-property-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const write = fc.record({
  /** In 4 KiB. */
  at: fc.nat(8 * 256 - 1),
  length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 200, max: 700 })),
  /** 0 writes zeros. */
  value: fc.nat(3),
});
const run = fc.record({
  kind: fc.constantFrom('incremental', 'reconcile'),
  writes: fc.array(write, { maxLength: 6 }),
  /** Extents that report what did not change. */
  surplus: fc.array(fc.record({ at: fc.nat(8 * 256 - 1), length: fc.integer({ min: 1, max: 300 }) }), { maxLength: 3 }),
  /** Sink operations after which the process dies; each kill is followed by another try. */
  kills: fc.array(fc.nat(10), { maxLength: 3 }),
  /** After the kills another run takes over instead of the same being resumed. */
  abandoned: fc.boolean(),
});
const scenario = fc.record({
  size: fc.record({ blocks: fc.nat(7), tail: fc.constantFrom(0, 512, 4096, 700 * 1024) }),
  first: fc.record({ writes: fc.array(write, { maxLength: 8 }), kills: fc.array(fc.nat(10), { maxLength: 3 }) }),
  blank: fc.boolean(),
  garbage: fc.nat(255),
  tellsHoles: fc.boolean(),
  granularity: fc.constantFrom(512, 4096, 512 * 1024),
  runs: fc.array(run, { maxLength: 3 }),
  /** Parts of the unflushed writes that survive a kill. */
  keep: fc.array(fc.constantFrom(0, 0.3, 1), { minLength: 1, maxLength: 5 }),
});

it(`makes the target equal the source whatever happens (seed ${seed})`, async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const journalPath = join(folder, `${number++}.journal`);
      const size = given.size.blocks * BLOCK_SIZE + given.size.tail;
      const truth = Buffer.alloc(size);
      let target: Buffer = Buffer.alloc(size, given.blank ? 0 : given.garbage);
      let keepIndex = 0;
      let sequence = 0;
      const keep = (length: number): number => Math.floor(length * (given.keep[keepIndex++ % given.keep.length] as number));

      const attempt = async (
        runId: string,
        extents: ExtentTable | undefined,
        blank: boolean,
        kill: number | undefined,
      ): Promise<number> => {
        await beginRun(journalPath, { runId, size, extents });
        const sink = new MemorySink(target, given.granularity);
        const abort = new AbortController();
        let operations = 0;
        let dead = false;
        const step = (): void => {
          if (dead || operations++ === kill) {
            dead = true;
            throw new Error('killed');
          }
        };
        sink.before = step;
        const journal = await openJournal(journalPath);
        const persist = journal.persist.bind(journal);
        journal.persist = async () => {
          step();
          await persist();
        };
        try {
          const counts = await runTransfer({
            source: memorySource(truth, given.tellsHoles ? holesOf(truth, 4096) : []),
            sink,
            journal,
            size,
            extents,
            targetIsBlank: blank,
            checkpointBytes: CHECKPOINT,
            signal: abort.signal,
          });
          expect(counts.read).toBe(counts.sent + counts.zero + counts.unchanged);
          if (extents === undefined) expect(counts.read + counts.resumed).toBe(size);
          expect(sink.content().equals(sink.crash(() => 0))).toBe(true);
        } catch (error) {
          if (!dead) throw error;
        } finally {
          dead = true;
          await journal.close();
        }
        target = sink.crash(keep);
        return sink.written;
      };

      const perform = async (extents: ExtentTable | undefined, blank: boolean, kills: number[], change?: () => void): Promise<void> => {
        let sent = 0;
        let kept = blank;
        let runId = `run ${sequence++}`;
        for (const kill of kills) sent += await attempt(runId, extents, kept, kill);
        if (change !== undefined && kills.length > 0) {
          change();
          runId = `run ${sequence++}`;
          kept = false;
          sent = 0;
        }
        sent += await attempt(runId, extents, kept, undefined);
        // Each kill costs no more than one checkpoint's bytes.
        expect(sent).toBeLessThanOrEqual(size + kills.length * CHECKPOINT);
        expect(target.equals(truth)).toBe(true);
        const manifest = await journalToManifest(journalPath, `${journalPath}.manifest`);
        const digests = Buffer.concat(
          Array.from({ length: blockCount(size) }, (_, block) => digestOf(truth.subarray(block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE))),
        );
        expect(manifest.digests.equals(digests)).toBe(true);
        expect(manifest.root).toBe(computeRoot({ algorithm: 'blake3', blockSize: BLOCK_SIZE, size, digests }));
      };

      const change = (writes: { at: number; length: number; value: number }[]): number[] => {
        const pairs: number[] = [];
        for (const { at, length, value } of writes) {
          const from = Math.min(at * 4096, size);
          const to = Math.min(from + length * 4096, size);
          truth.fill(value === 0 ? 0 : 1 + ((value + sequence) % 255), from, to);
          if (to > from) pairs.push(from, to - from);
        }
        return pairs;
      };

      change(given.first.writes);
      await perform(undefined, given.blank, given.first.kills);
      for (const { kind, writes, surplus, kills, abandoned } of given.runs) {
        const pairs = change(writes);
        for (const { at, length } of surplus) if (at * 4096 < size) pairs.push(at * 4096, Math.min(length * 4096, size - at * 4096));
        const extents = kind === 'reconcile' ? undefined : coalesceTable(Float64Array.from(pairs));
        // The run that takes over sees other content in the same places.
        await perform(extents, false, kills, abandoned ? () => change(writes) : undefined);
      }
      await rm(journalPath, { force: true });
    }),
    { seed, numRuns: runs, endOnFailure: process.env.OCTOPUS_SEED === undefined && runs > 1000 },
  );
});
