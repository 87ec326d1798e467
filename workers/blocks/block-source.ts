import type { Extent } from '../protocol.ts';

/** `data` may hold anything; `zero` reads as zeros; `hole` reads as zeros and occupies nothing. */
export type ExtentKind = 'data' | 'zero' | 'hole';
export interface SourceExtent extends Extent {
  kind: ExtentKind;
}

/**
 * A disk that is read by extent. Safe for many concurrent calls. Whoever opens it closes it.
 * Errors are OctopusError `source.*`; `retryable` ones may be repeated with the same arguments.
 */
export interface BlockSource extends AsyncDisposable {
  /** Bytes; does not change while open. */
  readonly size: number;
  /** How many reads in flight pay off, at least 1. */
  readonly parallelism: number;
  /** Times a lost connection was opened again. */
  readonly reconnects: number;
  /** Covers `range` completely, in order, without gaps; coalesced. A source that cannot tell answers one `data` extent. */
  extents(range: Extent, signal?: AbortSignal): Promise<SourceExtent[]>;
  /** Fills the whole `buffer` from `offset`; a short read is an error, never a short answer. Beyond `size`: `argument.invalid`. */
  read(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void>;
  /** Idempotent; pending reads fail with `operation.cancelled`. */
  close(): Promise<void>;
}
