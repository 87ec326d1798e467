import type { SourceExtent } from '../blocks/block-source.ts';
import { Command, type CommandCode } from './nbd-constants.ts';

/** One command on its way; the same object is sent again after a lost connection. */
export interface NbdRequest {
  readonly command: CommandCode;
  readonly offset: number;
  readonly length: number;
  /** read: where the bytes go; write: what is sent. */
  readonly data: Buffer | undefined;
  resolve(): void;
  reject(error: unknown): void;
  /** The caller wants to leave: an answer is read and dropped, nothing is sent again. */
  abandoned: boolean;
  /** Called once nothing touches the buffer of an abandoned request any more. */
  release: (() => void) | undefined;
  /** The caller must not get its buffer back before the kernel holds the payload. */
  payloadSent: boolean;
  /** Times it was put on a connection. */
  tries: number;
  /** Bytes of a read that arrived, and the ranges of its chunks (flat pairs) where there are several. */
  received: number;
  ranges: number[];
  /** A failure that the server reported in a chunk; the last chunk settles. */
  failure: unknown;
  /** The answer is complete. */
  answered: boolean;
  extents: SourceExtent[] | undefined;
}

export function createRequest(
  command: CommandCode,
  offset: number,
  length: number,
  data: Buffer | undefined,
  settle: { resolve(): void; reject(error: unknown): void },
): NbdRequest {
  return {
    command,
    offset,
    length,
    data,
    resolve: settle.resolve,
    reject: settle.reject,
    abandoned: false,
    release: undefined,
    payloadSent: command !== Command.write,
    tries: 0,
    received: 0,
    ranges: [],
    failure: undefined,
    answered: false,
    extents: undefined,
  };
}

/** Forgets what a lost connection had answered so far. */
export function resetRequest(request: NbdRequest): void {
  request.payloadSent = request.command !== Command.write;
  request.received = 0;
  request.ranges = [];
  request.failure = undefined;
  request.answered = false;
  request.extents = undefined;
}

export function commandName(command: CommandCode): string {
  const names: Record<CommandCode, string> = {
    [Command.read]: 'reading',
    [Command.write]: 'writing',
    [Command.disconnect]: 'disconnecting',
    [Command.flush]: 'flushing',
    [Command.trim]: 'trimming',
    [Command.writeZeroes]: 'zeroing',
    [Command.blockStatus]: 'asking for allocated blocks',
  };
  return names[command];
}
