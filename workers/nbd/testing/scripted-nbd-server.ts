import net from 'node:net';
import path from 'node:path';

export interface ScriptedRequest {
  command: number;
  handle: Buffer;
  offset: number;
  length: number;
  payload: Buffer;
}

export interface Script {
  /** Sent at connect in place of the greeting. */
  greeting?: Buffer;
  /** Answers an option itself: true when it did. */
  option?(socket: net.Socket, option: number, data: Buffer, connection: number): boolean;
  /** Answers a request itself: true when it did. `count` counts all requests of all connections from 1. */
  request?(socket: net.Socket, request: ScriptedRequest, connection: number, count: number): boolean;
  size?: number;
  /** Transmission flags besides HAS_FLAGS and SEND_FLUSH. */
  flags?: number;
}

export interface ScriptedServer extends AsyncDisposable {
  socketPath: string;
  readonly connections: number;
  /** The disk as it is held. */
  disk: Buffer;
  /** Forgets what was written since the last flush, as a server that died would. */
  loseUnflushed(): void;
  dropAll(): void;
}

/**
 * A small NBD server written for the tests from the protocol's text, right in all that its script does not make wrong.
 * Shares no code with the client.
 */
export async function startScriptedServer(folder: string, script: Script = {}): Promise<ScriptedServer> {
  const socketPath = path.join(folder, `scripted-${Math.random().toString(36).slice(2)}.sock`);
  const disk = Buffer.alloc(script.size ?? 4 * 1024 * 1024);
  for (let i = 0; i < disk.length; i++) disk[i] = (i * 31 + (i >> 9)) & 0xff;
  let durable = Buffer.from(disk);
  let connections = 0;
  let count = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.write(script.greeting ?? Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), Buffer.from([0, 3])]));
    const phases = serve(socket, connection);
    let pending = Buffer.alloc(0);
    let needed = phases.next().value as number;
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= needed && !socket.destroyed) {
        const part = pending.subarray(0, needed);
        pending = pending.subarray(needed);
        const step = phases.next(part);
        if (step.done) {
          socket.end();
          return;
        }
        needed = step.value;
      }
    });
  });

  function* serve(socket: net.Socket, connection: number): Generator<number, void, Buffer> {
    yield 4;
    for (;;) {
      const head = yield 16;
      const option = head.readUInt32BE(8);
      const length = head.readUInt32BE(12);
      const data = length > 0 ? yield length : Buffer.alloc(0);
      if (script.option?.(socket, option, data, connection)) continue;
      if (option === 8) socket.write(optionReply(option, 1));
      else if (option === 10) {
        socket.write(optionReply(option, 4, Buffer.concat([u32(7), Buffer.from('base:allocation')])));
        socket.write(optionReply(option, 1));
      } else if (option === 7) {
        socket.write(optionReply(option, 3, exportInfo(disk.length, script.flags ?? 0)));
        socket.write(optionReply(option, 1));
        break;
      } else socket.write(optionReply(option, 0x80000001));
    }
    for (;;) {
      const head = yield 28;
      const command = head.readUInt16BE(6);
      const length = head.readUInt32BE(24);
      const payload = command === 1 ? Buffer.from(yield length) : Buffer.alloc(0);
      if (command === 2) return;
      const request = { command, handle: Buffer.from(head.subarray(8, 16)), offset: Number(head.readBigUInt64BE(16)), length, payload };
      if (script.request?.(socket, request, connection, ++count)) continue;
      if (command === 0) socket.write(dataChunk(request, request.offset, disk.subarray(request.offset, request.offset + length)));
      else if (command === 7) socket.write(statusChunk(request, [[length, 0]]));
      else {
        if (command === 1) payload.copy(disk, request.offset);
        if (command === 6) disk.fill(0, request.offset, request.offset + length);
        if (command === 3) durable = Buffer.from(disk);
        socket.write(simpleReply(request));
      }
    }
  }

  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    disk,
    get connections() {
      return connections;
    },
    loseUnflushed: () => void durable.copy(disk),
    dropAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function optionReply(option: number, type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from('0003e889045565a9', 'hex'), u32(option), u32(type), u32(body.length), body]);
}

export function exportInfo(size: number | bigint, flags: number): Buffer {
  const body = Buffer.alloc(12);
  body.writeBigUInt64BE(BigInt(size), 2);
  body.writeUInt16BE(1 | 4 | flags, 10);
  return body;
}

export function chunk(request: ScriptedRequest, type: number, body: Buffer, done = true): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(0x668e33ef, 0);
  head.writeUInt16BE(done ? 1 : 0, 4);
  head.writeUInt16BE(type, 6);
  request.handle.copy(head, 8);
  head.writeUInt32BE(body.length, 16);
  return Buffer.concat([head, body]);
}

export function dataChunk(request: ScriptedRequest, offset: number, data: Buffer, done = true): Buffer {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(offset));
  return chunk(request, 1, Buffer.concat([at, data]), done);
}

export function holeChunk(request: ScriptedRequest, offset: number, length: number, done = true): Buffer {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(offset));
  return chunk(request, 2, Buffer.concat([at, u32(length)]), done);
}

export function statusChunk(request: ScriptedRequest, extents: [length: number, flags: number][], context = 7): Buffer {
  return chunk(request, 5, Buffer.concat([u32(context), ...extents.flatMap((pair) => pair.map(u32))]));
}

export function simpleReply(request: ScriptedRequest, error = 0): Buffer {
  return Buffer.concat([u32(0x67446698), u32(error), request.handle]);
}
