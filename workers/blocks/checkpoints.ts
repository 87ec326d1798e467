import type { TransferCounts } from '../protocol.ts';
import type { BlockSink } from './block-sink.ts';
import type { BlockState, Journal } from './journal.ts';

/** At least this often while anything is unsettled. Milliseconds. */
const INTERVAL = 5000;
/** Settled blocks kept in memory, for disks with vast holes. */
const MOST_BLOCKS = 16_384;

interface SettledBlock {
  block: number;
  state: BlockState;
  digest: Buffer;
}

/** Spans that a checkpoint tells of at most. */
const MOST_SPANS = 256;

/** Pairs of a first block and a number of blocks, ascending, that hold all of these; with gaps where they are too scattered. */
export function spansOf(blocks: number[]): number[] {
  const sorted = Float64Array.from(blocks).sort();
  for (let gap = 1; ; gap *= 8) {
    const spans: number[] = [];
    for (const block of sorted) {
      const last = spans.length - 2;
      if (last >= 0 && block <= spans[last]! + spans[last + 1]! - 1 + gap)
        spans[last + 1] = Math.max(spans[last + 1]!, block - spans[last]! + 1);
      else spans.push(block, 1);
    }
    if (spans.length <= 2 * MOST_SPANS) return spans;
  }
}

/**
 * Makes what was settled durable, always in this order: sink.flush(), then the journal, then the event. The work goes on meanwhile, but
 * never more than `bytes` beyond the last checkpoint, so that a kill loses no more than that.
 */
export class Checkpoints implements Disposable {
  #settled: SettledBlock[] = [];
  /** Bytes handed to the sink that no checkpoint covers yet; of these, `#settledSent` belong to settled blocks. */
  #sent = 0;
  #settledSent = 0;
  #read = 0;
  #running: Promise<void> | undefined;
  #changed = Promise.withResolvers<void>();
  readonly #sink: BlockSink;
  readonly #journal: Journal;
  readonly #bytes: number;
  readonly #counts: TransferCounts;
  readonly #options: {
    signal: AbortSignal;
    onCheckpoint: (counts: TransferCounts, spans: number[]) => void;
    onFailure: (error: unknown) => void;
  };
  readonly #timer: NodeJS.Timeout;

  constructor(
    sink: BlockSink,
    journal: Journal,
    bytes: number,
    counts: TransferCounts,
    options: { signal: AbortSignal; onCheckpoint: (counts: TransferCounts, spans: number[]) => void; onFailure: (error: unknown) => void },
  ) {
    this.#sink = sink;
    this.#journal = journal;
    this.#bytes = bytes;
    this.#counts = counts;
    this.#options = options;
    this.#timer = setInterval(() => this.#begin(), INTERVAL);
  }

  /** Waits until `length` more bytes may be sent. Call right before the write. */
  async room(length: number, signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#notify();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (this.#sent > 0 && this.#sent + length > this.#bytes) {
        signal.throwIfAborted();
        this.#begin();
        await this.#changed.promise;
      }
      this.#sent += length;
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** The block's write has ended (or needed none). `sent` are the bytes given to room(), `read` those that came from the source. */
  settle(block: number, state: BlockState, digest: Buffer, sent: number, read: number): void {
    this.#settled.push({ block, state, digest });
    this.#settledSent += sent;
    this.#read += read;
    if (this.#settledSent >= this.#bytes / 2 || this.#read >= this.#bytes || this.#settled.length >= MOST_BLOCKS) this.#begin();
    this.#notify();
  }

  /** A checkpoint of everything settled so far. */
  async last(): Promise<void> {
    await this.#running;
    if (this.#settled.length > 0) await this.#checkpoint();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#notify();
  }

  #begin(): void {
    if (this.#running !== undefined || this.#settled.length === 0) return;
    this.#running = this.#checkpoint()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#running = undefined;
        this.#notify();
      });
  }

  async #checkpoint(): Promise<void> {
    const batch = this.#settled;
    const sent = this.#settledSent;
    const counts = { ...this.#counts };
    this.#settled = [];
    this.#settledSent = 0;
    this.#read = 0;
    // Also without bytes sent: zero() is made durable by flush() as well.
    await this.#sink.flush(this.#options.signal);
    for (const { block, state, digest } of batch) this.#journal.record(block, state, digest);
    await this.#journal.persist();
    this.#sent -= sent;
    this.#options.onCheckpoint(counts, spansOf(batch.map(({ block }) => block)));
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
