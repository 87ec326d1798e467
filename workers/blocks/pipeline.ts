import { OctopusError } from '../octopus-error.ts';
import type { Extent, ExtentTable, TransferCounts } from '../protocol.ts';
import type { BlockSink } from './block-sink.ts';
import type { BlockSource } from './block-source.ts';
import { Checkpoints } from './checkpoints.ts';
import { digestOf, isZero, zeroDigest } from './digest.ts';
import { totalLength, widen } from './extents.ts';
import { blockState, isSettled, type Journal } from './journal.ts';
import { inLanes } from './lanes.ts';
import { BLOCK_SIZE, blockLength } from './manifest.ts';
import { type Piece, planPieces } from './pieces.ts';

/** Bytes in flight, one block a lane. */
const WINDOW_BYTES = 24 * 1024 * 1024;
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
/** Without a journal, bytes sent between two flushes in the background. */
const FLUSH_BYTES = 64 * 1024 * 1024;
/** Milliseconds between two progress events. */
const PROGRESS_INTERVAL = 200;

export interface Transfer {
  source: BlockSource;
  /** Left open: the caller finishes it. */
  sink: BlockSink;
  /** With a journal the unit is the block: an extent that covers part of one has all of it read. */
  journal: Journal | undefined;
  /** Bytes of the disk. */
  size: number;
  extents: ExtentTable | undefined;
  targetIsBlank: boolean;
  windowBytes?: number | undefined;
  checkpointBytes?: number | undefined;
  signal: AbortSignal;
  onProgress?: (counts: TransferCounts, total: number) => void;
  onCheckpoint?: (counts: TransferCounts, spans: number[]) => void;
}

/** Moves the blocks that the target does not hold. When it returns, everything is durable on the sink and, with a journal, in the journal. */
export async function runTransfer(transfer: Transfer): Promise<TransferCounts> {
  const { source, sink, journal, size, extents } = transfer;
  for (const [what, actual] of [
    ['source', source.size],
    ['target', sink.size],
    ['journal', journal?.size ?? size],
  ] as const) {
    if (actual !== size) throw sizeError(what, actual, size);
  }
  const counts: TransferCounts = { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0 };
  const unit = journal === undefined ? sink.granularity : BLOCK_SIZE;
  if (unit > BLOCK_SIZE) throw new OctopusError('internal.unexpected', `A sink's granularity of ${unit} bytes is more than a block.`);
  const total = extents === undefined ? size : totalLength(widen(extents, unit, size));
  const stop = new AbortController();
  const signal = AbortSignal.any([transfer.signal, stop.signal]);
  using checkpoints =
    journal === undefined
      ? undefined
      : new Checkpoints(sink, journal, transfer.checkpointBytes ?? CHECKPOINT_BYTES, counts, {
          signal: transfer.signal,
          onCheckpoint: (covered, spans) => transfer.onCheckpoint?.(covered, spans),
          onFailure: (error) => stop.abort(error),
        });
  const progress = setInterval(() => transfer.onProgress?.({ ...counts }, total), PROGRESS_INTERVAL);
  const lanes = Math.min(source.parallelism + sink.capabilities.parallel, (transfer.windowBytes ?? WINDOW_BYTES) / BLOCK_SIZE);
  const steps = blockSteps({ ...transfer, signal }, counts, checkpoints);
  try {
    await inLanes(
      (laneSignal) => planPieces(source, { extents, size, unit, blockSize: BLOCK_SIZE }, laneSignal),
      { lanes: Math.floor(lanes), blockSize: BLOCK_SIZE, signal },
      (piece, buffer, laneSignal) =>
        piece.data === undefined ? steps.zero(piece, laneSignal) : steps.data(piece, piece.data, buffer, laneSignal),
    );
    await checkpoints?.last();
    if (checkpoints === undefined) {
      await steps.flushed();
      await sink.flush(transfer.signal);
    }
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    // What was settled need not be sent again; a failure to say so changes nothing about the first one.
    if (!transfer.signal.aborted) await checkpoints?.last().catch(() => {});
    throw error;
  } finally {
    clearInterval(progress);
  }
  transfer.onProgress?.({ ...counts }, total);
  return counts;
}

interface BlockSteps {
  /** A stretch that the source knows to be zero. */
  zero(piece: Extent, signal: AbortSignal): Promise<void>;
  data(piece: Piece, parts: Extent[], buffer: Buffer, signal: AbortSignal): Promise<void>;
  /** Waits for a flush in the background; fails as it did. */
  flushed(): Promise<void>;
}

function blockSteps(transfer: Transfer, counts: TransferCounts, checkpoints: Checkpoints | undefined): BlockSteps {
  const { source, sink, journal, size, targetIsBlank } = transfer;

  let unflushed = 0;
  let flushing: Promise<void> | undefined;
  /** Without checkpoints nothing needs to be durable before the end; but then the end would wait for all of it to reach the disk. */
  const flushAlong = (sent: number): void => {
    unflushed += sent;
    if (checkpoints !== undefined || unflushed < FLUSH_BYTES || flushing !== undefined) return;
    unflushed = 0;
    // A failure stays here until flushed(): the system tells it once, the next flush may pass.
    flushing = sink.flush(transfer.signal).then(() => {
      flushing = undefined;
    });
    flushing.catch(() => {});
  };

  /** Whether the target, by what is known of it, reads as zeros there. */
  const holdsZeros = (block: number, length: number): boolean => {
    const state = journal?.state(block) ?? blockState.unknown;
    return state === blockState.unknown ? targetIsBlank : (journal as Journal).digest(block).equals(zeroDigest(length));
  };

  const settleZero = async (piece: Extent, read: number, signal: AbortSignal): Promise<void> => {
    if (journal === undefined || checkpoints === undefined) {
      if (!targetIsBlank) await sink.zero(piece.offset, piece.length, signal);
    } else {
      for (const stretch of stretchesToZero(piece, (block, length) => isSettled(journal.state(block)) || holdsZeros(block, length), size)) {
        await sink.zero(stretch.offset, stretch.length, signal);
      }
      for (let offset = piece.offset; offset < piece.offset + piece.length; offset += BLOCK_SIZE) {
        const block = offset / BLOCK_SIZE;
        const length = blockLength(block, size);
        if (isSettled(journal.state(block))) {
          counts.resumed += length;
          continue;
        }
        counts.zero += length;
        counts.read += length;
        checkpoints.settle(block, blockState.zero, zeroDigest(length), 0, read);
      }
      return;
    }
    counts.zero += piece.length;
    counts.read += piece.length;
  };

  /** Writes the block, or on a blank target only its parts that hold data. Answers the bytes sent. */
  const send = async (piece: Piece, parts: Extent[], content: Buffer, blank: boolean, signal: AbortSignal): Promise<number> => {
    const wanted = blank ? grown(parts, sink.granularity, piece) : [{ offset: piece.offset, length: piece.length }];
    const length = wanted.reduce((sum, part) => sum + part.length, 0);
    await checkpoints?.room(length, signal);
    for (const part of wanted) {
      const from = part.offset - piece.offset;
      await sink.write(part.offset, content.subarray(from, from + part.length), signal);
    }
    return length;
  };

  /** On a blank target without a journal only what the source holds is looked at; the rest of the piece is not even cleared in memory. */
  const copyParts = async (piece: Piece, parts: Extent[], content: Buffer, signal: AbortSignal): Promise<void> => {
    const wanted = grown(parts, sink.granularity, piece);
    const of = ({ offset, length }: Extent) => content.subarray(offset - piece.offset, offset - piece.offset + length);
    if (wanted.some(({ offset, length }) => !parts.some((part) => part.offset === offset && part.length === length))) {
      for (const part of wanted) of(part).fill(0);
    }
    await readAll(source, parts, of, signal);
    let sent = 0;
    for (const part of wanted) {
      if (isZero(of(part))) continue;
      await sink.write(part.offset, of(part), signal);
      sent += part.length;
    }
    flushAlong(sent);
    counts.sent += sent;
    counts.zero += piece.length - sent;
    counts.read += piece.length;
  };

  return {
    zero: (piece, signal) => settleZero(piece, 0, signal),
    flushed: async () => flushing,
    async data(piece, parts, buffer, signal) {
      const block = Math.floor(piece.offset / BLOCK_SIZE);
      const state = journal?.state(block) ?? blockState.unknown;
      if (isSettled(state)) {
        counts.resumed += piece.length;
        return;
      }
      const content = buffer.subarray(0, piece.length);
      if (journal === undefined && targetIsBlank) return copyParts(piece, parts, content, signal);
      await readParts(source, piece, parts, content, signal);
      if (isZero(content)) return settleZero(piece, piece.length, signal);
      const digest = journal === undefined ? undefined : digestOf(content);
      if (digest !== undefined && state !== blockState.unknown && journal?.digest(block).equals(digest)) {
        counts.unchanged += piece.length;
        counts.read += piece.length;
        checkpoints?.settle(block, blockState.unchanged, digest, 0, piece.length);
        return;
      }
      const sent = await send(piece, parts, content, targetIsBlank && state === blockState.unknown, signal);
      flushAlong(sent);
      counts.sent += sent;
      counts.zero += piece.length - sent;
      counts.read += piece.length;
      if (digest !== undefined) checkpoints?.settle(block, blockState.copied, digest, sent, piece.length);
    },
  };
}

/** Fills `content` with the piece: parts read, the rest zeros. */
export async function readParts(source: BlockSource, piece: Extent, parts: Extent[], content: Buffer, signal: AbortSignal): Promise<void> {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined && first.length === piece.length) return source.read(piece.offset, content, signal);
  let filled = 0;
  for (const part of parts) {
    const from = part.offset - piece.offset;
    content.fill(0, filled, from);
    filled = from + part.length;
  }
  content.fill(0, filled);
  await readAll(source, parts, ({ offset, length }) => content.subarray(offset - piece.offset, offset - piece.offset + length), signal);
}

/** Reads the parts at the same time. All of the reads end before the memory may serve again, also when one fails. */
async function readAll(source: BlockSource, parts: Extent[], memoryOf: (part: Extent) => Buffer, signal: AbortSignal): Promise<void> {
  const reads = parts.map((part) => source.read(part.offset, memoryOf(part), signal));
  for (const result of await Promise.allSettled(reads)) if (result.status === 'rejected') throw result.reason;
}

/** The runs of blocks of a block-aligned piece that are not `done`. */
function stretchesToZero(piece: Extent, done: (block: number, length: number) => boolean, size: number): Extent[] {
  const stretches: Extent[] = [];
  for (let offset = piece.offset; offset < piece.offset + piece.length; offset += BLOCK_SIZE) {
    const length = blockLength(offset / BLOCK_SIZE, size);
    if (done(offset / BLOCK_SIZE, length)) continue;
    const last = stretches.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += length;
    else stretches.push({ offset, length });
  }
  return stretches;
}

/** Parts grown to the sink's granularity, within their piece (whose borders are multiples of it, or the disk's end). */
function grown(parts: Extent[], granularity: number, piece: Extent): Extent[] {
  const out: Extent[] = [];
  for (const part of parts) {
    const from = Math.max(Math.floor(part.offset / granularity) * granularity, piece.offset);
    const to = Math.min(Math.ceil((part.offset + part.length) / granularity) * granularity, piece.offset + piece.length);
    const last = out.at(-1);
    if (last !== undefined && last.offset + last.length >= from) last.length = to - last.offset;
    else out.push({ offset: from, length: to - from });
  }
  return out;
}

function sizeError(what: string, actual: number, size: number): OctopusError {
  const code = what === 'source' ? 'source.read' : what === 'target' ? 'target.write' : 'manifest.invalid';
  return new OctopusError(code, `The ${what} has ${actual} bytes where the disk has ${size}; was it resized?`, {
    details: { actual, size },
  });
}
