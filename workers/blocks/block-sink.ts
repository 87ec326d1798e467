/**
 * A disk that is written by extent. Safe for concurrent calls on disjoint ranges. Whoever opens it calls finish() or abort().
 * Errors are OctopusError `target.*`. Every write may be repeated with the same bytes (idempotent).
 */
export interface BlockSink extends AsyncDisposable {
  /** Bytes of the disk it holds, without footers. */
  readonly size: number;
  /** Offsets and lengths of write and zero are multiples of this (the last extent may end at `size`). Bytes, a power of two. */
  readonly granularity: number;
  /** `parallel`: writes in flight that pay off. `zero`: zero() is cheaper than writing zeros. */
  readonly capabilities: { readonly parallel: number; readonly zero: boolean };
  readonly reconnects: number;
  /** Not durable before flush(). The buffer may be reused once the promise settles. */
  write(offset: number, buffer: Buffer, signal?: AbortSignal): Promise<void>;
  /** The range reads as zeros afterwards. */
  zero(offset: number, length: number, signal?: AbortSignal): Promise<void>;
  /** Everything whose promise settled before the call is durable when it returns (fsync, NBD_CMD_FLUSH). */
  flush(signal?: AbortSignal): Promise<void>;
  /** Writes what the format needs (a footer), flushes and closes. */
  finish(): Promise<void>;
  /** Closes and leaves what was written; idempotent, also after finish(). */
  abort(): Promise<void>;
}
