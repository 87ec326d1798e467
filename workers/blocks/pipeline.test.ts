import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OctopusError } from '../octopus-error.ts';
import type { TransferCounts } from '../protocol.ts';
import { openDigests } from './digests.ts';
import { beginRun, journalToManifest, openJournal } from './journal.ts';
import { BLOCK_SIZE } from './manifest.ts';
import { holesOf, MemorySink, memorySource } from './memory-disk.ts';
import { runTransfer, type Transfer } from './pipeline.ts';
import { Throttle, throttledSource } from './throttle.ts';
import { runVerification } from './verification.ts';

const MiB = BLOCK_SIZE;
let folder: string;
let path: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-pipeline-'));
});
beforeEach(() => {
  path = join(folder, `${count++}.journal`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Given = Partial<Transfer> & Pick<Transfer, 'source' | 'sink'>;
const transfer = (given: Given): Promise<TransferCounts> =>
  runTransfer({
    journal: undefined,
    size: given.source.size,
    extents: undefined,
    targetIsBlank: true,
    signal: new AbortController().signal,
    ...given,
  });

async function journaled(runId: string, given: Given): Promise<TransferCounts> {
  await beginRun(path, { runId, size: given.source.size, extents: given.extents });
  const journal = await openJournal(path);
  try {
    return await transfer({ ...given, journal });
  } finally {
    await journal.close();
  }
}

/** data, hole, zero data, mixed, a short data tail */
function disk(): Buffer {
  const content = Buffer.alloc(12 * MiB + 512);
  randomBytes(2 * MiB).copy(content, 0);
  randomBytes(4096).copy(content, 5 * MiB + 8192);
  randomBytes(8192).copy(content, 8 * MiB - 4096);
  randomBytes(512).copy(content, 12 * MiB);
  return content;
}

describe('transfer pipeline', () => {
  it('copies without a journal: holes are not read, zeros are not sent, nothing is hashed away', async () => {
    const content = disk();
    const sink = new MemorySink(Buffer.alloc(content.length));
    let read = 0;
    const source = memorySource(content, holesOf(content, 4096), { onRead: (_, length) => (read += length) });
    const counts = await transfer({ source, sink });
    expect(sink.content().equals(content)).toBe(true);
    expect(sink.flushes).toBeGreaterThan(0);
    const data = 2 * MiB + 4096 + 8192 + 512;
    expect(read).toBe(data);
    expect(sink.written).toBe(data);
    expect(counts).toEqual({ read: content.length, sent: data, zero: content.length - data, unchanged: 0, resumed: 0 });
  });

  it('finds zeros itself where the source cannot tell, and zeroes a target that is not blank', async () => {
    const content = disk();
    const sink = new MemorySink(randomBytes(content.length));
    const counts = await transfer({ source: memorySource(content), sink, targetIsBlank: false });
    expect(sink.content().equals(content)).toBe(true);
    // Zero blocks are never sent as data: 2 full, 1 + 2 mixed and the tail are.
    expect(counts.sent).toBe(5 * MiB + 512);
    expect(counts.zero).toBe(content.length - counts.sent);
    expect(sink.zeroed).toBe(counts.zero);
  });

  it('sends only what an incremental run changed, widened to the granularity', async () => {
    const content = disk();
    const target = Buffer.from(content);
    randomBytes(10).copy(content, 5 * MiB + 10_000);
    const sink = new MemorySink(target, 4096);
    const counts = await transfer({
      source: memorySource(content),
      sink,
      targetIsBlank: false,
      extents: Float64Array.of(5 * MiB + 10_000, 10, 12 * MiB + 100, 1),
    });
    expect(sink.content().equals(content)).toBe(true);
    expect(counts.sent).toBe(4096 + 512);
  });

  it('does not send a block whose digest the target holds, reads partly covered blocks whole, and gives a manifest', async () => {
    const content = disk();
    const sink = new MemorySink(Buffer.alloc(content.length));
    const checkpoints: TransferCounts[] = [];
    await journaled('one', { source: memorySource(content), sink, checkpointBytes: 2 * MiB, onCheckpoint: (c) => checkpoints.push(c) });
    expect(checkpoints.length).toBeGreaterThanOrEqual(2);
    expect(checkpoints.at(-1)?.read).toBe(content.length);
    randomBytes(1).copy(content, MiB + 77);
    content.fill(0, 0, MiB);
    sink.written = 0;
    // Block 5 is reported although it did not change, block 3 although it is still zero.
    const extents = Float64Array.of(10, 10, MiB + 70, 10, 3 * MiB, 5, 5 * MiB, MiB);
    const counts = await journaled('two', { source: memorySource(content), sink, targetIsBlank: false, extents });
    expect(counts).toEqual({ read: 4 * MiB, sent: MiB, zero: 2 * MiB, unchanged: MiB, resumed: 0 });
    expect(sink.written).toBe(MiB);
    expect(sink.zeroed).toBe(MiB);
    expect(sink.content().equals(content)).toBe(true);
    await journalToManifest(path, `${path}.manifest`);
    const digests = await openDigests(`${path}.manifest`);
    const signal = new AbortController().signal;
    const good = await runVerification({ source: memorySource(content), digests, size: content.length, extents: undefined, signal });
    expect(good).toEqual({ verified: content.length, mismatches: [], mismatchCount: 0 });
    content[5 * MiB]! ^= 1;
    content[12 * MiB]! ^= 1;
    const bad = await runVerification({ source: memorySource(content), digests, size: content.length, extents: undefined, signal });
    expect(bad.mismatches).toEqual([
      { offset: 5 * MiB, length: MiB },
      { offset: 12 * MiB, length: 512 },
    ]);
    expect(bad.verified).toBe(content.length - MiB - 512);
    await digests.close();
  });

  it('never runs further ahead of its checkpoints than allowed, and flushes before it says so', async () => {
    const content = randomBytes(16 * MiB);
    const sink = new MemorySink(Buffer.alloc(content.length));
    let since = 0;
    let most = 0;
    sink.before = async (operation, _, length) => {
      if (operation === 'write') since += length;
      most = Math.max(most, since);
      if (operation === 'flush') await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await journaled('one', {
      source: memorySource(content, [], { parallelism: 8 }),
      sink,
      checkpointBytes: 4 * MiB,
      onCheckpoint: (counts) => {
        since = Math.max(0, sink.written - counts.sent);
      },
    });
    expect(most).toBeLessThanOrEqual(4 * MiB);
    expect(sink.content().equals(content)).toBe(true);
  });

  it('is cancelled also where a write hangs', async () => {
    const sink = new MemorySink(Buffer.alloc(8 * MiB));
    sink.before = () => new Promise(() => {});
    const abort = new AbortController();
    const result = journaled('one', { source: memorySource(randomBytes(8 * MiB)), sink, signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(result).rejects.toMatchObject({ code: 'operation.cancelled' });
  });

  it('ends with the failure of the sink, the source or a checkpoint', async () => {
    const content = randomBytes(4 * MiB);
    for (const failing of ['write', 'flush'] as const) {
      const sink = new MemorySink(Buffer.alloc(content.length));
      sink.before = (operation) => {
        if (operation === failing) throw new OctopusError('target.full', 'No space is left.');
      };
      const given = { source: memorySource(content), sink, checkpointBytes: MiB };
      await expect(journaled(failing, given)).rejects.toMatchObject({ code: 'target.full' });
    }
    const sink = new MemorySink(Buffer.alloc(content.length));
    const onRead = (offset: number): void => {
      if (offset === 2 * MiB) throw new OctopusError('source.read', 'The block cannot be read.');
    };
    await expect(journaled('read', { source: memorySource(content, [], { onRead }), sink })).rejects.toMatchObject({ code: 'source.read' });
    await expect(transfer({ source: memorySource(content), sink, size: MiB })).rejects.toMatchObject({ code: 'source.read' });
  });

  it('flushes along without a journal, and does not forget that it failed', async () => {
    const content = randomBytes(80 * MiB);
    const sink = new MemorySink(Buffer.alloc(content.length));
    let flushes = 0;
    sink.before = (operation) => {
      // As fsync: told once.
      if (operation === 'flush' && flushes++ === 0) throw new OctopusError('target.full', 'No space is left.');
    };
    await expect(transfer({ source: memorySource(content), sink })).rejects.toMatchObject({ code: 'target.full' });
    expect(flushes).toBe(1);
  });

  it('obeys the limit', async () => {
    const content = randomBytes(4 * MiB);
    const throttle = new Throttle(4 * MiB);
    const sink = new MemorySink(Buffer.alloc(content.length));
    const began = performance.now();
    setTimeout(() => throttle.setRate(16 * MiB), 300);
    await transfer({ source: throttledSource(memorySource(content), throttle), sink });
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(250);
    expect(sink.content().equals(content)).toBe(true);
  });
});
