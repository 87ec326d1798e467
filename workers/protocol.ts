/**
 * What crosses the border between the main process and a worker: plain, structured-cloneable data.
 * All offsets and lengths are bytes, safe integers, half-open; extents are sorted, disjoint, coalesced.
 */
import type { SerializedError } from './octopus-error.ts';

/** Half-open range of bytes: [offset, offset + length). length > 0. */
export interface Extent {
  offset: number;
  length: number;
}

/** Extents as flat pairs [offset0, length0, offset1, length1, …]: a million of them cross a thread cheaply. */
export type ExtentTable = Float64Array;

/** Trust in a TLS peer: exactly this certificate (SHA-256 thumbprint, upper-case hex pairs joined by ':'), or a CA file (PEM). */
export type TlsTrust = { thumbprint: string } | { caFile: string };

export interface NbdAddress {
  /** TCP host and port, or the path of a unix socket. */
  endpoint: { host: string; port: number } | { socketPath: string };
  /** '' is the default export. */
  exportName: string;
  /** TLS by NBD_OPT_STARTTLS; undefined is plain text. */
  tls?: TlsTrust;
  /** Connections to open when the server allows NBD_FLAG_CAN_MULTI_CONN; 1 to 16. */
  connections: number;
}

export type SourceDescriptor =
  | {
      kind: 'file';
      path: string;
      /** Read past the page cache where that is possible: what the device holds is what a copy is proven by. */
      direct?: boolean;
    }
  | ({ kind: 'nbd' } & NbdAddress)
  | {
      /** vSphere `/folder` access: a flat extent file read with HTTP Range. */
      kind: 'datastore';
      /** Whole URL with percent-encoded path, dcPath and dsName. */
      url: string;
      /** Value of the Cookie header. A secret: never logged. */
      cookie: string;
      thumbprint: string;
      /** Capacity of the disk in bytes; the server's Content-Length must agree. */
      size: number;
      /** Parallel HTTP connections, 1 to 16. */
      connections: number;
    };

export type SinkDescriptor =
  /** Created sparse when it is missing; resized to `size` when `resize` is set, otherwise another size is an error. */
  | { kind: 'raw'; path: string; size: number; resize?: boolean }
  /** Fixed VHD: data, then a 512-byte footer written by finish(). size is a multiple of 512. */
  | { kind: 'vhd'; path: string; size: number }
  | ({ kind: 'nbd'; size: number } & NbdAddress);

/**
 * One transfer: read `extents` of a disk, write those blocks whose digest differs from what the target is known to hold.
 * Tasks of one disk may run at the same time on distinct block ranges and share one `journal` file.
 */
export interface TransferTask {
  kind: 'transfer';
  id: string;
  source: SourceDescriptor;
  sink: SinkDescriptor;
  /** Size of the disk in bytes. */
  size: number;
  /** What to read. Undefined: the whole disk (holes found by the source's own extents are zero). */
  extents: ExtentTable | undefined;
  /** The block journal (workers/blocks/journal.ts): state and digest of each block. Undefined: no manifest, no resume, every non-zero block is sent. */
  journal: string | undefined;
  /** True where the target is known to read as zeros wherever the journal says `unknown` (a file created by this run). */
  targetIsBlank: boolean;
  /** Bytes per second over the whole task; undefined is unlimited. Changed while running by a `limit` control message. */
  limit?: number;
  /** Bytes in flight; the default keeps a worker under 100 MiB. */
  windowBytes?: number;
  /** Most bytes between two checkpoints; the default is 64 MiB. Tests make it small. */
  checkpointBytes?: number;
}

/** Read the target back and compare each block with the journal (or manifest). */
export interface VerifyTask {
  kind: 'verify';
  id: string;
  /** The target, opened for reading. */
  source: SourceDescriptor;
  size: number;
  /** Manifest or journal file to compare with. */
  digests: string;
  /** Only these blocks' extents; undefined is the whole disk. */
  extents: ExtentTable | undefined;
  limit?: number;
}

export type WorkerTask = TransferTask | VerifyTask;

/** Counts in bytes. read = sent + zero + unchanged once a task has ended. */
export interface TransferCounts {
  /** Bytes whose content is settled (read, or known to be a hole or zero). */
  read: number;
  /** Bytes written to the sink. */
  sent: number;
  /** Bytes that are zero: never sent as data (zeroed on the sink when it held something else). */
  zero: number;
  /** Bytes read that the target already held. */
  unchanged: number;
  /** Bytes that an earlier, interrupted try had already made durable. */
  resumed: number;
}

export type WorkerEvent =
  | { type: 'progress'; taskId: string; counts: TransferCounts; total: number }
  /**
   * Everything counted so far is durable on the sink and in the journal. At most 64 MiB or 5 s apart. `spans`: pairs of a first block and a number
   * of blocks, where the journal was written to; at most 256.
   */
  | { type: 'checkpoint'; taskId: string; counts: TransferCounts; spans: number[] };

/** Sent by the main process to a running task. */
export type WorkerControl = { type: 'cancel' } | { type: 'limit'; bytesPerSecond: number | undefined };

export interface VerifyMismatch {
  offset: number;
  length: number;
}

export type WorkerResult =
  | { ok: true; kind: 'transfer'; counts: TransferCounts /** Times a connection was lost and opened again. */; reconnects: number }
  | { ok: true; kind: 'verify'; verified: number /** First 100, in order. */; mismatches: VerifyMismatch[]; mismatchCount: number }
  | { ok: false; error: SerializedError };
