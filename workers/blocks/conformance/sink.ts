import assert from 'node:assert/strict';
import type { BlockSink } from '../block-sink.ts';
import { codeOf, cut, fails } from './checking.ts';

/** A target under test. Each check gets a new one, which reads as zeros at first. */
export interface SinkSubject {
  /** Bytes: at least 4 MiB and a multiple of 512. */
  size: number;
  /** Opens the target; again after finish() or abort() the same one. */
  open(): Promise<BlockSink>;
  /** What it holds by the word of a program that is not ours, without footers. Called after the sink was closed or flushed. */
  content(): Promise<Buffer>;
  /** Removes it. */
  remove(): Promise<void>;
}

export interface SinkCheck {
  name: string;
  run(subject: SinkSubject): Promise<void>;
}

const MIB = 1024 * 1024;

/** What every BlockSink promises. A test runs each check: `for (const check of sinkChecks) it(check.name, async () => check.run(await create()))`. */
export const sinkChecks: readonly SinkCheck[] = [
  check('knows its size, granularity and capabilities', async (sink, subject) => {
    assert.equal(sink.size, subject.size);
    assert.ok(sink.granularity >= 1 && (sink.granularity & (sink.granularity - 1)) === 0);
    assert.ok(sink.capabilities.parallel >= 1);
    assert.equal(sink.reconnects, 0);
    await sink.finish();
    assert.ok((await subject.content()).equals(Buffer.alloc(subject.size)), 'nothing written reads as zeros');
  }),
  check('holds what was written, many writes in flight and out of order', async (sink, subject) => {
    const image = pattern(subject.size, 1);
    const parts = cut(subject.size, Math.max(sink.granularity, 256 * 1024)).sort(
      (a, b) => ((a.offset * 31) % 1009) - ((b.offset * 31) % 1009),
    );
    await Promise.all(parts.map(({ offset, length }) => sink.write(offset, image.subarray(offset, offset + length))));
    await sink.flush();
    assert.ok((await subject.content()).equals(image), 'after flush()');
    await sink.finish();
    assert.ok((await subject.content()).equals(image), 'after finish()');
  }),
  check('lets go of a buffer once the write settled', async (sink, subject) => {
    const step = Math.max(sink.granularity, 128 * 1024);
    const expected = Buffer.alloc(subject.size);
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      const buffer = Buffer.alloc(step);
      for (let offset = lane * step; offset + step <= subject.size; offset += 8 * step) {
        buffer.fill((offset / step) % 251);
        expected.fill((offset / step) % 251, offset, offset + step);
        await sink.write(offset, buffer);
      }
      buffer.fill(0xff);
    });
    await Promise.all(lanes);
    await sink.finish();
    assert.ok((await subject.content()).equals(expected));
  }),
  check('a write may be repeated and replaced', async (sink, subject) => {
    const first = pattern(MIB, 2);
    const second = pattern(MIB, 3);
    await sink.write(MIB, first);
    await sink.write(MIB, first);
    await sink.flush();
    await sink.write(MIB, second);
    await sink.write(2 * MIB, first);
    await sink.finish();
    const expected = Buffer.alloc(subject.size);
    second.copy(expected, MIB);
    first.copy(expected, 2 * MIB);
    assert.ok((await subject.content()).equals(expected));
  }),
  check('zeroes data, holes and both in one', async (sink, subject) => {
    const image = pattern(subject.size, 4);
    await sink.write(0, image.subarray(0, MIB));
    await sink.write(2 * MIB, image.subarray(2 * MIB, 3 * MIB));
    await sink.flush();
    const grain = sink.granularity;
    await sink.zero(grain, MIB - 2 * grain);
    await sink.zero(MIB + grain, MIB);
    await sink.zero(2 * MIB + 8 * grain, subject.size - 2 * MIB - 8 * grain);
    await sink.finish();
    const expected = Buffer.alloc(subject.size);
    image.copy(expected, 0, 0, grain);
    image.copy(expected, MIB - grain, MIB - grain, MIB);
    image.copy(expected, 2 * MIB + grain, 2 * MIB + grain, 2 * MIB + 8 * grain);
    assert.ok((await subject.content()).equals(expected));
  }),
  check('the last extent may end at the size', async (sink, subject) => {
    const from = Math.floor((subject.size - 1) / sink.granularity) * sink.granularity;
    const tail = pattern(subject.size - from, 5);
    await sink.write(from, tail);
    await sink.finish();
    assert.ok((await subject.content()).subarray(from).equals(tail));
  }),
  check('refuses what is outside or not cut at the granularity', async (sink) => {
    const grain = sink.granularity;
    await fails('argument.invalid', sink.write(sink.size, Buffer.alloc(grain)));
    await fails('argument.invalid', sink.write(-grain, Buffer.alloc(grain)));
    await fails('argument.invalid', sink.zero(0, sink.size + grain));
    if (grain > 1) {
      await fails('argument.invalid', sink.write(1, Buffer.alloc(grain)));
      await fails('argument.invalid', sink.write(0, Buffer.alloc(grain - 1)));
      await fails('argument.invalid', sink.zero(grain, 1));
    }
    await sink.abort();
  }),
  check('flushes with nothing to flush, twice and at the same time', async (sink) => {
    await sink.flush();
    await Promise.all([sink.flush(), sink.flush()]);
    await sink.write(0, pattern(MIB, 6));
    await Promise.all([sink.flush(), sink.flush()]);
    await sink.finish();
  }),
  check('an aborted signal refuses the call', async (sink, subject) => {
    await fails('operation.cancelled', sink.write(0, pattern(MIB, 7), AbortSignal.abort()));
    await fails('operation.cancelled', sink.zero(0, MIB, AbortSignal.abort()));
    await fails('operation.cancelled', sink.flush(AbortSignal.abort()));
    await sink.finish();
    assert.ok((await subject.content()).equals(Buffer.alloc(subject.size)));
  }),
  check('a cancelled write lets go of its buffer and leaves the sink usable', async (sink, subject) => {
    const cancel = new AbortController();
    const image = pattern(subject.size, 8);
    const writes = cut(subject.size, MIB).map(async ({ offset, length }) => {
      const buffer = Buffer.from(image.subarray(offset, offset + length));
      await sink.write(offset, buffer, cancel.signal).finally(() => buffer.fill(0xee));
    });
    setImmediate(() => cancel.abort());
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === 'rejected') assert.equal(codeOf(result.reason), 'operation.cancelled');
    }
    await sink.flush();
    const torn = await subject.content();
    for (let at = 0; at < torn.length; at++) {
      if (torn[at] !== 0 && torn[at] !== image[at]) assert.fail(`at ${at} stands what was put into the buffer after it was given back`);
    }
    await Promise.all(cut(subject.size, MIB).map(({ offset, length }) => sink.write(offset, image.subarray(offset, offset + length))));
    await sink.finish();
    assert.ok((await subject.content()).equals(image));
  }),
  check('aborting keeps what was flushed, twice over, and refuses further calls', async (sink, subject) => {
    const data = pattern(MIB, 9);
    await sink.write(MIB, data);
    await sink.flush();
    await sink.abort();
    await sink.abort();
    await fails('operation.cancelled', sink.write(0, data));
    await fails('operation.cancelled', sink.zero(0, MIB));
    await fails('operation.cancelled', sink.flush());
    assert.ok((await subject.content()).subarray(MIB, 2 * MIB).equals(data));
  }),
  check('abort after finish is harmless', async (sink, subject) => {
    const data = pattern(MIB, 10);
    await sink.write(0, data);
    await sink.finish();
    await sink.abort();
    assert.ok((await subject.content()).subarray(0, MIB).equals(data));
  }),
  check('opened again it holds what it held and takes more', async (sink, subject) => {
    const data = pattern(MIB, 11);
    await sink.write(0, data);
    await sink.finish();
    await using again = await subject.open();
    await again.write(3 * MIB, data);
    await again.finish();
    const content = await subject.content();
    assert.ok(content.subarray(0, MIB).equals(data) && content.subarray(3 * MIB, 4 * MIB).equals(data));
    assert.ok(content.subarray(MIB, 3 * MIB).every((byte) => byte === 0));
  }),
];

function check(name: string, run: (sink: BlockSink, subject: SinkSubject) => Promise<void>): SinkCheck {
  return {
    name,
    async run(subject) {
      try {
        await using sink = await subject.open();
        await run(sink, subject);
      } finally {
        await subject.remove();
      }
    },
  };
}

/** Bytes that differ from place to place and seed to seed, none of them zero. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed * 0x9e3779b1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = (state >>> 24) | 1;
  }
  return bytes;
}
