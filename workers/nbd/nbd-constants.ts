/** Numbers of the NBD protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md */
export const GREETING_MAGIC = 0x4e42444d41474943n; // 'NBDMAGIC'
export const OPTION_MAGIC = 0x49484156454f5054n; // 'IHAVEOPT'
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const HandshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const Option = { abort: 2, startTls: 5, info: 6, go: 7, structuredReply: 8, setMetaContext: 10 } as const;

export const OptionReply = {
  ack: 1,
  info: 3,
  metaContext: 4,
  unsupported: 0x80000001,
  policy: 0x80000002,
  invalid: 0x80000003,
  platform: 0x80000004,
  tlsRequired: 0x80000005,
  unknownExport: 0x80000006,
  shutdown: 0x80000007,
  blockSizeRequired: 0x80000008,
} as const;

export const Info = { export: 0, blockSize: 3 } as const;

export const ExportFlag = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  flush: 1 << 2,
  trim: 1 << 5,
  writeZeroes: 1 << 6,
  multiConnection: 1 << 8,
} as const;

export const Command = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6, blockStatus: 7 } as const;
export type CommandCode = (typeof Command)[keyof typeof Command];

export const Chunk = { none: 0, offsetData: 1, offsetHole: 2, blockStatus: 5, error: 0x8001, errorOffset: 0x8002 } as const;
export const CHUNK_DONE = 1;

/** Flags of a base:allocation extent. */
export const Allocation = { hole: 1, zero: 2 } as const;

/** Error numbers on the wire. */
export const Errno = { perm: 1, io: 5, nomem: 12, inval: 22, nospc: 28, overflow: 75, notsup: 95, shutdown: 108 } as const;

/** What a server that advertises no maximum must accept at least, and the most that is sent in one request. */
export const MAX_PAYLOAD = 32 * 1024 * 1024;
