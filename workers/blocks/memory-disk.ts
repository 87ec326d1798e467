import { OctopusError } from '../octopus-error.ts';
import type { BlockSink } from './block-sink.ts';
import type { BlockSource, ExtentKind, SourceExtent } from './block-source.ts';
import { isZero } from './digest.ts';
import { coalesce } from './extents.ts';

/** A disk in memory, for tests. `kinds` says what it tells of itself; stretches without an entry are data. */
export function memorySource(
  content: Buffer,
  kinds: SourceExtent[] = [],
  options: { parallelism?: number; onRead?: (offset: number, length: number) => void } = {},
): BlockSource {
  return {
    size: content.length,
    parallelism: options.parallelism ?? 4,
    reconnects: 0,
    async extents(range) {
      const end = range.offset + range.length;
      const answer: SourceExtent[] = [];
      const add = (offset: number, to: number, kind: ExtentKind): void => {
        const last = answer.at(-1);
        if (to <= offset) return;
        if (last !== undefined && last.kind === kind) last.length += to - offset;
        else answer.push({ offset, length: to - offset, kind });
      };
      let at = range.offset;
      for (const { offset, length, kind } of kinds) {
        const from = Math.max(offset, at);
        const to = Math.min(offset + length, end);
        if (to <= from) continue;
        add(at, from, 'data');
        add(from, to, kind);
        at = to;
      }
      add(at, end, 'data');
      return answer;
    },
    async read(offset, buffer, signal) {
      if (offset + buffer.length > content.length) throw new OctopusError('argument.invalid', 'Beyond the end.');
      options.onRead?.(offset, buffer.length);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      content.copy(buffer, 0, offset, offset + buffer.length);
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

/** A disk in memory with a volatile cache in front: what was not flushed is lost, wholly or in part, by crash(). For tests. */
export class MemorySink implements BlockSink {
  readonly size: number;
  readonly granularity: number;
  readonly capabilities = { parallel: 4, zero: true };
  readonly reconnects = 0;
  /** Bytes given to write(). */
  written = 0;
  zeroed = 0;
  flushes = 0;
  /** Called before each write, zero and flush; may throw or wait. */
  before: (operation: 'write' | 'zero' | 'flush', offset: number, length: number) => void | Promise<void> = () => {};
  readonly #durable: Buffer;
  #cache: { offset: number; bytes: Buffer }[] = [];

  constructor(content: Buffer, granularity = 512) {
    this.#durable = content;
    this.size = content.length;
    this.granularity = granularity;
  }

  async write(offset: number, buffer: Buffer): Promise<void> {
    this.#check(offset, buffer.length);
    await this.before('write', offset, buffer.length);
    this.written += buffer.length;
    this.#cache.push({ offset, bytes: Buffer.from(buffer) });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
    await this.before('zero', offset, length);
    this.zeroed += length;
    this.#cache.push({ offset, bytes: Buffer.alloc(length) });
  }

  async flush(): Promise<void> {
    await this.before('flush', 0, 0);
    const settled = this.#cache.length;
    await new Promise((resolve) => setImmediate(resolve));
    for (const { offset, bytes } of this.#cache.splice(0, settled)) bytes.copy(this.#durable, offset);
    this.flushes++;
  }

  /** What is found after a power failure: `keep` says how many bytes of each unflushed write arrived. */
  crash(keep: (length: number) => number): Buffer {
    const content = Buffer.from(this.#durable);
    for (const { offset, bytes } of this.#cache) bytes.copy(content, offset, 0, keep(bytes.length));
    return content;
  }

  /** All that was written, flushed or not. */
  content(): Buffer {
    return this.crash((length) => length);
  }

  async finish(): Promise<void> {
    await this.flush();
  }

  async abort(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #check(offset: number, length: number): void {
    const end = offset + length;
    if (offset % this.granularity !== 0 || (end % this.granularity !== 0 && end !== this.size) || end > this.size || length <= 0) {
      throw new OctopusError('internal.unexpected', `Unaligned: ${offset}+${length} with a granularity of ${this.granularity}.`);
    }
  }
}

/** The stretches of at least `unit` zeros, at multiples of it, as holes: what a sparse file would say. */
export function holesOf(content: Buffer, unit: number): SourceExtent[] {
  const holes = [];
  for (let offset = 0; offset < content.length; offset += unit) {
    const part = content.subarray(offset, offset + unit);
    if (isZero(part)) holes.push({ offset, length: part.length });
  }
  return coalesce(holes).map((extent) => ({ ...extent, kind: 'hole' as const }));
}
