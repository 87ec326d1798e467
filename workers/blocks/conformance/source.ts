import assert from 'node:assert/strict';
import type { BlockSource, SourceExtent } from '../block-source.ts';
import { codeOf, cut, fails } from './checking.ts';

/** A disk under test: every call of open() answers a new source of the same, unchanging content. */
export interface SourceSubject {
  /** At least 3 MiB; not a multiple of 1 MiB where the implementation allows. */
  content: Buffer;
  open(): Promise<BlockSource>;
}

export interface SourceCheck {
  name: string;
  run(subject: SourceSubject): Promise<void>;
}

const MIB = 1024 * 1024;

/** What every BlockSource promises. A test runs each check: `for (const check of sourceChecks) it(check.name, () => check.run(subject))`. */
export const sourceChecks: readonly SourceCheck[] = [
  check('knows its size and its parallelism', async (source, content) => {
    assert.equal(source.size, content.length);
    assert.ok(Number.isInteger(source.parallelism) && source.parallelism >= 1);
    assert.equal(source.reconnects, 0);
  }),
  check('reads the whole disk, many reads in flight and out of order', async (source, content) => {
    const seen = Buffer.alloc(content.length, 0xa5);
    const parts = cut(content.length, 192 * 1024 + 512).sort((a, b) => ((a.offset * 7919) % 10007) - ((b.offset * 7919) % 10007));
    await Promise.all(parts.map(({ offset, length }) => source.read(offset, seen.subarray(offset, offset + length))));
    assert.ok(seen.equals(content));
  }),
  check('reads any offset and length', async (source, content) => {
    for (const [offset, length] of [
      [0, 1],
      [1, 511],
      [511, 2],
      [MIB - 3, 7],
      [content.length - 1, 1],
      [content.length - 5000, 5000],
      [12345, 2 * MIB + 1],
    ] as const) {
      const buffer = Buffer.alloc(length, 0xa5);
      await source.read(offset, buffer);
      assert.ok(buffer.equals(content.subarray(offset, offset + length)), `at ${offset}, ${length} bytes`);
    }
  }),
  check('writes to nothing but the given buffer', async (source, content) => {
    const around = Buffer.alloc(8192, 0xa5);
    await source.read(4096, around.subarray(1000, 5096));
    assert.ok(around.subarray(1000, 5096).equals(content.subarray(4096, 8192)));
    assert.ok(around.subarray(0, 1000).every((byte) => byte === 0xa5) && around.subarray(5096).every((byte) => byte === 0xa5));
  }),
  check('reads nothing into an empty buffer, also at the end', async (source) => {
    await source.read(0, Buffer.alloc(0));
    await source.read(source.size, Buffer.alloc(0));
  }),
  check('reads the same range twice at the same time', async (source, content) => {
    const buffers = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
    await Promise.all(buffers.map((buffer) => source.read(512, buffer)));
    for (const buffer of buffers) assert.ok(buffer.equals(content.subarray(512, 512 + MIB)));
  }),
  check('refuses what is beyond the end', async (source) => {
    await fails('argument.invalid', source.read(source.size, Buffer.alloc(1)));
    await fails('argument.invalid', source.read(source.size - 1, Buffer.alloc(2)));
    await fails('argument.invalid', source.read(-1, Buffer.alloc(1)));
    await fails('argument.invalid', source.read(0.5, Buffer.alloc(1)));
    await fails('argument.invalid', source.extents({ offset: source.size, length: 1 }));
  }),
  check('its extents cover the disk, in order, coalesced and true', async (source, content) => {
    const extents = await source.extents({ offset: 0, length: source.size });
    covers(extents, 0, source.size);
    honest(extents, content);
  }),
  check('its extents cover any part of the disk', async (source, content) => {
    for (const [offset, length] of [
      [0, 1],
      [511, 2],
      [MIB - 1, MIB + 2],
      [content.length - 1, 1],
      [3, content.length - 3],
    ] as const) {
      const extents = await source.extents({ offset, length });
      covers(extents, offset, length);
      honest(extents, content);
    }
  }),
  check('extents and reads may be mixed', async (source, content) => {
    const buffer = Buffer.alloc(MIB);
    await Promise.all([
      source.extents({ offset: 0, length: source.size }),
      source.read(0, buffer),
      source.extents({ offset: MIB, length: MIB }),
    ]);
    assert.ok(buffer.equals(content.subarray(0, MIB)));
  }),
  check('an aborted signal refuses the call', async (source) => {
    await fails('operation.cancelled', source.read(0, Buffer.alloc(512), AbortSignal.abort()));
    await fails('operation.cancelled', source.extents({ offset: 0, length: 512 }, AbortSignal.abort()));
  }),
  check('a cancelled read leaves its buffer alone and the source usable', async (source, content) => {
    const cancel = new AbortController();
    const buffers = Array.from({ length: 24 }, () => Buffer.alloc(MIB));
    const reads = buffers.map((buffer, i) => source.read((i * 4096) % (content.length - MIB), buffer, cancel.signal));
    setImmediate(() => cancel.abort());
    const before = Date.now();
    const settled = await Promise.allSettled(
      reads.map(async (read, i) => {
        await read.finally(() => buffers[i]?.fill(0x5a));
      }),
    );
    assert.ok(Date.now() - before < 1000, 'a cancel takes less than a second');
    for (const result of settled) if (result.status === 'rejected') assert.equal(codeOf(result.reason), 'operation.cancelled');
    const again = Buffer.alloc(MIB);
    await source.read(0, again);
    assert.ok(again.equals(content.subarray(0, MIB)));
    assert.ok(
      buffers.every((buffer) => buffer.every((byte) => byte === 0x5a)),
      'nothing is read into a buffer that was given back',
    );
  }),
  check('closing twice is fine; afterwards calls are refused', async (source) => {
    await source.close();
    await source.close();
    await fails('operation.cancelled', source.read(0, Buffer.alloc(512)));
    await fails('operation.cancelled', source.extents({ offset: 0, length: 512 }));
  }),
  check('closing ends the reads under way', async (source, content) => {
    const reads = Array.from({ length: 24 }, (_, i) => source.read((i * 8192) % (content.length - MIB), Buffer.alloc(MIB)));
    const settled = Promise.allSettled(reads);
    await source.close();
    for (const result of await settled) if (result.status === 'rejected') assert.equal(codeOf(result.reason), 'operation.cancelled');
  }),
  {
    name: 'two sources of one disk do not disturb each other',
    async run(subject) {
      await using one = await subject.open();
      const two = await subject.open();
      const buffer = Buffer.alloc(MIB);
      await two.read(0, Buffer.alloc(MIB));
      await two.close();
      await one.read(MIB, buffer);
      assert.ok(buffer.equals(subject.content.subarray(MIB, 2 * MIB)));
    },
  },
];

function check(name: string, run: (source: BlockSource, content: Buffer) => Promise<void>): SourceCheck {
  return {
    name,
    async run(subject) {
      await using source = await subject.open();
      await run(source, subject.content);
    },
  };
}

function covers(extents: SourceExtent[], offset: number, length: number): void {
  let at = offset;
  let last: SourceExtent | undefined;
  for (const extent of extents) {
    assert.equal(extent.offset, at, 'no gap and no overlap');
    assert.ok(extent.length > 0);
    assert.notEqual(extent.kind, last?.kind, 'neighbours of a kind are one extent');
    at += extent.length;
    last = extent;
  }
  assert.equal(at, offset + length);
}

function honest(extents: SourceExtent[], content: Buffer): void {
  for (const { offset, length, kind } of extents) {
    if (kind === 'data') continue;
    assert.ok(
      content.subarray(offset, offset + length).every((byte) => byte === 0),
      `the ${kind} at ${offset} reads as zeros`,
    );
  }
}
