import type { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import type { NbdChannel } from './nbd-channel.ts';
import {
  ExportFlag,
  GREETING_MAGIC,
  HandshakeFlag,
  Info,
  MAX_PAYLOAD,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
  Option,
  OptionReply,
} from './nbd-constants.ts';
import type { NbdFaults } from './nbd-faults.ts';

/** What the server said about its export. Bytes. */
export interface NbdExport {
  size: number;
  flags: number;
  /** Requests are multiples of this. */
  minimumBlock: number;
  /** A payload is never longer than this. */
  maximumPayload: number;
  structuredReplies: boolean;
  /** Id of the base:allocation context; undefined where block status is not offered. */
  allocationContext: number | undefined;
}

/** More answers than any server gives to one option. */
const MAX_OPTION_REPLIES = 256;
const MAX_OPTION_LENGTH = 64 * 1024;
const CONTEXT = 'base:allocation';

/** Fixed newstyle negotiation up to NBD_OPT_GO; TLS first where the address asks for it. */
export async function negotiate(
  channel: NbdChannel,
  address: NbdAddress,
  faults: NbdFaults,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<NbdExport> {
  await begin(channel, address, faults, options);
  const structured = await ask(channel, faults, Option.structuredReply, Buffer.alloc(0), () => undefined);
  if (structured.type === OptionReply.tlsRequired) throw faults.denied('it demands TLS; write nbds:// with a thumbprint or a CA file');
  const structuredReplies = structured.type === OptionReply.ack;
  const allocationContext = structuredReplies ? await askContext(channel, address.exportName, faults) : undefined;
  return { ...(await exportInfo(channel, Option.go, address.exportName, faults)), structuredReplies, allocationContext };
}

/**
 * Asks about the export and takes leave without ever using it: a server that ends with its first client does not count that as one.
 * Undefined where the server does not know NBD_OPT_INFO.
 */
export async function inquire(
  channel: NbdChannel,
  address: NbdAddress,
  faults: NbdFaults,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<{ size: number; flags: number } | undefined> {
  await begin(channel, address, faults, options);
  const answer = await exportInfo(channel, Option.info, address.exportName, faults).catch((error: unknown) => {
    if ((error as OctopusError).code === faults.unsupported('').code) return undefined;
    throw error;
  });
  channel.write(optionRequest(Option.abort, Buffer.alloc(0)));
  channel.end();
  return answer;
}

/** The greeting, and TLS. */
async function begin(
  channel: NbdChannel,
  address: NbdAddress,
  faults: NbdFaults,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const greeting = await channel.read(18);
  if (greeting.readBigUInt64BE(0) !== GREETING_MAGIC) throw faults.protocol('what answers there is not an NBD server (wrong magic)');
  if (greeting.readBigUInt64BE(8) !== OPTION_MAGIC) throw faults.unsupported('it speaks the old NBD negotiation, which has no options');
  const offered = greeting.readUInt16BE(16);
  if ((offered & HandshakeFlag.fixedNewstyle) === 0) throw faults.unsupported('it does not offer the fixed newstyle negotiation');
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(HandshakeFlag.fixedNewstyle | (offered & HandshakeFlag.noZeroes));
  channel.write(flags);

  if (address.tls !== undefined) {
    const reply = await ask(channel, faults, Option.startTls, Buffer.alloc(0), () => undefined);
    if (reply.type !== OptionReply.ack) throw faults.unsupported('it does not offer TLS; encrypted access was asked for');
    await channel.upgrade(address, options);
  }
}

interface Reply {
  type: number;
  body: Buffer;
}

/** Sends an option; `onPart` takes every reply before the final one (an ACK or an error). */
async function ask(channel: NbdChannel, faults: NbdFaults, option: number, data: Buffer, onPart: (reply: Reply) => void): Promise<Reply> {
  channel.write(optionRequest(option, data));
  for (let count = 0; count < MAX_OPTION_REPLIES; count++) {
    const answer = await channel.read(20);
    if (answer.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC) throw faults.protocol('an option reply has the wrong magic');
    if (answer.readUInt32BE(8) !== option) throw faults.protocol(`it answered option ${answer.readUInt32BE(8)}, not ${option} as asked`);
    const type = answer.readUInt32BE(12);
    const length = answer.readUInt32BE(16);
    if (length > MAX_OPTION_LENGTH) throw faults.protocol(`an option reply claims ${length} bytes`);
    const body = length === 0 ? Buffer.alloc(0) : await channel.read(length);
    if (type === OptionReply.shutdown) throw faults.unreachable('it is shutting down');
    if (type === OptionReply.ack || type >= 0x80000000) return { type, body };
    onPart({ type, body });
  }
  throw faults.protocol(`it answers option ${option} without end`);
}

function optionRequest(option: number, data: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(OPTION_MAGIC, 0);
  head.writeUInt32BE(option, 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

async function askContext(channel: NbdChannel, exportName: string, faults: NbdFaults): Promise<number | undefined> {
  let id: number | undefined;
  const data = Buffer.concat([lengthPrefixed(exportName), uint32(1), lengthPrefixed(CONTEXT)]);
  const reply = await ask(channel, faults, Option.setMetaContext, data, ({ type, body }) => {
    if (type !== OptionReply.metaContext || body.length < 5) throw faults.protocol('a meta context reply is malformed');
    if (id !== undefined || body.toString('utf8', 4) !== CONTEXT)
      throw faults.protocol('it selected a meta context that was not asked for');
    id = body.readUInt32BE(0);
  });
  return reply.type === OptionReply.ack ? id : undefined;
}

async function exportInfo(channel: NbdChannel, option: number, exportName: string, faults: NbdFaults) {
  let seen: { size: number; flags: number } | undefined;
  let minimumBlock = 1;
  let maximumPayload = MAX_PAYLOAD;
  const request = Buffer.alloc(4);
  request.writeUInt16BE(1, 0);
  request.writeUInt16BE(Info.blockSize, 2);
  const reply = await ask(channel, faults, option, Buffer.concat([lengthPrefixed(exportName), request]), ({ type, body }) => {
    if (type !== OptionReply.info || body.length < 2) throw faults.protocol('a reply to NBD_OPT_GO is malformed');
    const info = body.readUInt16BE(0);
    if (info === Info.export) {
      if (body.length !== 12) throw faults.protocol('the export information is malformed');
      const size = body.readBigUInt64BE(2);
      if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw faults.protocol(`it claims an export of ${size} bytes`);
      seen = { size: Number(size), flags: body.readUInt16BE(10) };
    } else if (info === Info.blockSize) {
      if (body.length !== 14) throw faults.protocol('the block size information is malformed');
      minimumBlock = body.readUInt32BE(2);
      const maximum = body.readUInt32BE(10);
      if (!isPowerOfTwo(minimumBlock) || minimumBlock > 65536) throw faults.protocol(`its minimum block is ${minimumBlock} bytes`);
      if (maximum < minimumBlock) throw faults.protocol(`its maximum block of ${maximum} bytes is below its minimum of ${minimumBlock}`);
      maximumPayload = Math.min(MAX_PAYLOAD, Math.floor(maximum / minimumBlock) * minimumBlock);
    }
  });
  if (reply.type !== OptionReply.ack) throw goError(reply, exportName, faults);
  if (seen === undefined) throw faults.protocol('it accepted NBD_OPT_GO without saying how large the export is');
  if ((seen.flags & ExportFlag.hasFlags) === 0) throw faults.protocol('the transmission flags lack NBD_FLAG_HAS_FLAGS');
  if (seen.size % minimumBlock !== 0)
    throw faults.protocol(`the export's ${seen.size} bytes are no multiple of its minimum block ${minimumBlock}`);
  return { ...seen, minimumBlock, maximumPayload };
}

function goError(reply: Reply, exportName: string, faults: NbdFaults) {
  const text = reply.body
    .toString('utf8')
    .replace(/[^\x20-\x7e]/g, ' ')
    .slice(0, 200);
  const said = text === '' ? '' : ` (it says: ${text})`;
  switch (reply.type) {
    case OptionReply.unknownExport:
      return faults.missing(`it has no export named '${exportName}'${said}`);
    case OptionReply.policy:
      return faults.denied(`it refuses access${said}`);
    case OptionReply.tlsRequired:
      return faults.denied('it demands TLS; write nbds:// with a thumbprint or a CA file');
    case OptionReply.unsupported:
    case OptionReply.platform:
      return faults.unsupported(`it does not support NBD_OPT_GO${said}`);
    default:
      return faults.protocol(`it refused NBD_OPT_GO with error ${(reply.type >>> 0).toString(16)}${said}`);
  }
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint32(bytes.length), bytes]);
}
