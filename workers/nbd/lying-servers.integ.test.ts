import type net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockSource } from '../blocks/block-source.ts';
import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import { openNbdSource } from '../sources/nbd-source.ts';
import { createCertificate, temporaryFolder, writeCertificates } from './testing/nbd-servers.ts';
import {
  chunk,
  dataChunk,
  exportInfo,
  holeChunk,
  optionReply,
  type Script,
  type ScriptedRequest,
  type ScriptedServer,
  simpleReply,
  startScriptedServer,
  statusChunk,
  u32,
} from './testing/scripted-nbd-server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const quick = { connectMs: 60_000, idleMs: 60_000, tries: 3, backoffMs: 5 };
/** Where nothing comes. */
const impatient = { ...quick, connectMs: 1000, idleMs: 1000 };
const MULTI_CONNECTION = 1 << 8;

function address(server: { socketPath: string }, more: Partial<NbdAddress> = {}): NbdAddress {
  return { endpoint: { socketPath: server.socketPath }, exportName: '', connections: 1, ...more };
}

async function failure(work: Promise<unknown>): Promise<OctopusError> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(OctopusError);
  return error as OctopusError;
}

async function withSource(
  script: Script,
  use: (source: BlockSource, server: ScriptedServer) => Promise<void>,
  more: Partial<NbdAddress> = {},
  patience = quick,
) {
  await using server = await startScriptedServer(folder.path, script);
  await using source = await openNbdSource(address(server, more), undefined, patience);
  await use(source, server);
}

describe('a server that lies while negotiating', () => {
  const go = (...replies: Buffer[]): Script => ({
    option(socket, option) {
      if (option !== 7) return false;
      socket.write(Buffer.concat(replies));
      return true;
    },
  });
  const blockSize = (minimum: number, maximum: number) => Buffer.concat([Buffer.from([0, 3]), u32(minimum), u32(4096), u32(maximum)]);
  const cases: [string, Script, string, RegExp][] = [
    ['is none', { greeting: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, 'source.protocol', /not an NBD server/],
    [
      'speaks the old negotiation',
      { greeting: Buffer.concat([Buffer.from('NBDMAGIC'), Buffer.from('00420281861253', 'hex'), Buffer.alloc(8)]) },
      'source.unsupported',
      /old NBD/,
    ],
    ['says nothing', { greeting: Buffer.alloc(0) }, 'source.unreachable', /too long/],
    ['stops in the greeting', { greeting: Buffer.from('NBDMAG') }, 'source.unreachable', /too long/],
    ['sends a wrong option magic', go(Buffer.alloc(20, 7)), 'source.protocol', /wrong magic/],
    ['answers another option', go(optionReply(6, 1)), 'source.protocol', /option 6/],
    ['claims a huge reply', go(Buffer.concat([optionReply(7, 3).subarray(0, 16), u32(0x7fffffff)])), 'source.protocol', /2147483647/],
    ['says no size', go(optionReply(7, 1)), 'source.protocol', /how large/],
    ['cuts the size', go(optionReply(7, 3, exportInfo(1024, 0).subarray(0, 8)), optionReply(7, 1)), 'source.protocol', /malformed/],
    ['claims 2^63 bytes', go(optionReply(7, 3, exportInfo(1n << 63n, 0)), optionReply(7, 1)), 'source.protocol', /claims an export/],
    [
      'wants blocks of 3 bytes',
      go(optionReply(7, 3, exportInfo(1024, 0)), optionReply(7, 3, blockSize(3, 1 << 20)), optionReply(7, 1)),
      'source.protocol',
      /minimum/,
    ],
    [
      'allows less than it demands',
      go(optionReply(7, 3, exportInfo(8192, 0)), optionReply(7, 3, blockSize(4096, 512)), optionReply(7, 1)),
      'source.protocol',
      /below/,
    ],
    [
      'has a size that is no multiple of its block',
      go(optionReply(7, 3, exportInfo(5000, 0)), optionReply(7, 3, blockSize(4096, 1 << 20)), optionReply(7, 1)),
      'source.protocol',
      /multiple/,
    ],
    ['has no such export', go(optionReply(7, 0x80000006, Buffer.from('no such disk\n'))), 'source.missing', /no such disk/],
    ['refuses by policy', go(optionReply(7, 0x80000002)), 'source.denied', /refuses/],
    ['does not know NBD_OPT_GO', go(optionReply(7, 0x80000001)), 'source.unsupported', /NBD_OPT_GO/],
    [
      'answers without end',
      go(...Array.from({ length: 300 }, () => optionReply(7, 3, Buffer.from([0, 2])))),
      'source.protocol',
      /without end/,
    ],
    [
      'babbles without end',
      {
        option(socket, option) {
          if (option === 7) for (let i = 0; i < 40; i++) socket.write(Buffer.alloc(64 * 1024, 1));
          return option === 7;
        },
      },
      'source.protocol',
      /magic|without end/,
    ],
    [
      'selects a context that was not asked for',
      {
        option(socket, option) {
          if (option === 10) socket.write(optionReply(10, 4, Buffer.concat([u32(1), Buffer.from('qemu:dirty-bitmap:x')])));
          return option === 10;
        },
      },
      'source.protocol',
      /context/,
    ],
    ['closes the door', { option: (socket) => !!socket.destroy() }, 'source.unreachable', /closed|broke/],
  ];
  it.each(cases)('%s', async (_, script, code, message) => {
    await using server = await startScriptedServer(folder.path, script);
    const patience = message.source === 'too long' ? impatient : quick;
    const error = await failure(openNbdSource(address(server), undefined, patience));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it('has no TLS though it was asked for: not a byte of the export is spoken of in the clear', async () => {
    const asked: number[] = [];
    const script: Script = { option: (_, option) => !asked.push(option) };
    await using server = await startScriptedServer(folder.path, script);
    const error = await failure(openNbdSource(address(server, { tls: { thumbprint: 'AA' } }), undefined, quick));
    expect(error.code).toBe('source.unsupported');
    expect(asked).toEqual([5]);
  });

  it('slips plain bytes in before TLS', async () => {
    const script: Script = {
      option(socket, option) {
        socket.write(Buffer.concat([optionReply(option, 1), optionReply(8, 1)]));
        return true;
      },
    };
    await using server = await startScriptedServer(folder.path, script);
    const error = await failure(openNbdSource(address(server, { tls: { thumbprint: 'AA' } }), undefined, quick));
    expect([error.code, error.message]).toEqual(['source.protocol', expect.stringMatching(/plain bytes/)]);
  });

  it('nobody listens, the CA file is missing, the opening is cancelled', async () => {
    const nobody = await failure(openNbdSource(address({ socketPath: `${folder.path}/none.sock` }), undefined, quick));
    expect([nobody.code, nobody.retryable]).toEqual(['source.unreachable', true]);
    const ca = await writeCertificates(folder.path, createCertificate());
    const script: Script = { option: (socket, option) => option === 5 && socket.write(optionReply(5, 1)) };
    await using server = await startScriptedServer(folder.path, script);
    expect((await failure(openNbdSource(address(server, { tls: { caFile: `${ca}.none` } }), undefined, quick))).code).toBe(
      'argument.invalid',
    );
    await using silent = await startScriptedServer(folder.path, { greeting: Buffer.alloc(0) });
    expect((await failure(openNbdSource(address(silent), AbortSignal.timeout(50)))).code).toBe('operation.cancelled');
  });
});

describe('a server that lies while serving', () => {
  const read = (answer: (request: ScriptedRequest, socket: net.Socket) => Buffer): Script => ({
    request(socket, request) {
      if (request.command !== 0) return false;
      socket.write(answer(request, socket));
      return true;
    },
  });
  const body = (length: number) => Buffer.alloc(length, 1);
  const cases: [string, Script, RegExp][] = [
    ['sends garbage', read(() => body(64)), /wrong magic/],
    ['answers an unknown handle', read((r) => dataChunk({ ...r, handle: Buffer.alloc(8, 9) }, r.offset, body(r.length))), /unknown handle/],
    ['sends more than was asked for', read((r) => dataChunk(r, r.offset, body(r.length + 1))), /outside/],
    [
      'claims a chunk of 4 GiB',
      read((r) => Buffer.concat([chunk(r, 1, Buffer.alloc(0)).subarray(0, 16), u32(0xffffffff), body(64)])),
      /outside/,
    ],
    ['sends another place', read((r) => dataChunk(r, r.offset + 512, body(r.length))), /outside/],
    ['sends a place before', read((r) => dataChunk(r, Math.max(0, r.offset - 512), body(r.length))), /outside/],
    ['sends a hole past the end', read((r) => holeChunk(r, r.offset, r.length + 1)), /outside/],
    ['sends an empty chunk of data', read((r) => dataChunk(r, r.offset, body(0))), /malformed/],
    ['calls a half answer complete', read((r) => dataChunk(r, r.offset, body(r.length / 2))), /called that complete/],
    ['calls nothing complete', read((r) => chunk(r, 0, Buffer.alloc(0))), /called that complete/],
    [
      'sends a part twice',
      read((r) => Buffer.concat([dataChunk(r, r.offset, body(r.length / 2), false), holeChunk(r, r.offset + 512, r.length / 2)])),
      /overlap/,
    ],
    ['answers a read with a simple reply', read((r) => Buffer.concat([simpleReply(r), body(r.length)])), /simple reply/],
    ['answers a read with a block status', read((r) => statusChunk(r, [[r.length, 0]])), /not asked for/],
    ['sends an unknown chunk type', read((r) => chunk(r, 77, body(8))), /unknown type 77/],
    ['sends an error without a number', read((r) => chunk(r, 0x8001, Buffer.concat([u32(0), Buffer.from([0, 0])]))), /error chunk/],
    ['sends an error of a megabyte', read((r) => chunk(r, 0x8001, body(1 << 20))), /error chunk/],
    ['sends an error cut short', read((r) => chunk(r, 0x8001, Buffer.concat([u32(5), Buffer.from([0xff, 0xff])]))), /error chunk/],
    [
      'ends a reply twice',
      read((r) => Buffer.concat([dataChunk(r, r.offset, body(r.length)), dataChunk(r, r.offset, body(r.length))])),
      /unknown handle/,
    ],
  ];
  it.each(cases)('%s: the read fails for good, in words', async (_, script, message) => {
    await withSource(script, async (source, server) => {
      // The bad reply comes in the middle of others.
      const reads = await Promise.allSettled([4096, 70_000, 1 << 20].map((offset) => source.read(offset, Buffer.alloc(8192))));
      const errors = reads.flatMap((result) => (result.status === 'rejected' ? [result.reason as OctopusError] : []));
      const error = errors[0] ?? (await failure(source.read(0, Buffer.alloc(512))));
      expect([error.code, error.retryable, error.message]).toEqual(['source.protocol', false, expect.stringMatching(message)]);
      expect((await failure(source.read(0, Buffer.alloc(512)))).code).toBe('source.protocol');
      expect(server.connections, 'a liar is not called again').toBe(1);
    });
  });

  const status: [string, (r: ScriptedRequest) => Buffer, RegExp][] = [
    ['an extent of no length', (r) => statusChunk(r, [[0, 0]]), /extent has 0/],
    ['no extents', (r) => chunk(r, 5, u32(7)), /malformed/],
    ['a torn extent', (r) => chunk(r, 5, Buffer.alloc(17)), /malformed/],
    ['another context', (r) => statusChunk(r, [[r.length, 0]], 8), /unknown context/],
    ['extents past the end', (r) => statusChunk(r, [[r.length, 0], [512, 3]]), /past what/], // biome-ignore format: pairs
    ['64 MiB of extents', (r) => Buffer.concat([chunk(r, 5, Buffer.alloc(0)).subarray(0, 16), u32(64 << 20)]), /malformed/],
    ['success without extents', (r) => chunk(r, 0, Buffer.alloc(0)), /no extents/],
    ['a simple reply', (r) => simpleReply(r), /simple reply/],
  ];
  it.each(status)('answers a block status with %s', async (_, answer, message) => {
    const script: Script = { request: (socket, request) => request.command === 7 && socket.write(answer(request)) };
    await withSource(script, async (source) => {
      const error = await failure(source.extents({ offset: 0, length: source.size }));
      expect([error.code, error.message]).toEqual(['source.protocol', expect.stringMatching(message)]);
    });
  });

  it('sends a structured reply that was not negotiated', async () => {
    const script: Script = { option: (socket, option) => option === 8 && socket.write(optionReply(8, 0x80000001)) };
    await withSource(script, async (source) => {
      expect((await failure(source.read(0, Buffer.alloc(512)))).code).toBe('source.protocol');
    });
  });
});

describe('a server that is honest and unusual', () => {
  it('knows no structured replies', async () => {
    const script: Script = {
      option: (socket, option) => option === 8 && socket.write(optionReply(8, 0x80000001)),
      request(socket, request) {
        if (request.command !== 0) return false;
        socket.write(Buffer.concat([simpleReply(request), Buffer.alloc(request.length, request.offset / 4096)]));
        return true;
      },
    };
    await withSource(script, async (source) => {
      const buffers = [1, 2, 3].map((n) => [n, Buffer.alloc(100_000)] as const);
      await Promise.all(buffers.map(([n, buffer]) => source.read(n * 4096, buffer)));
      for (const [n, buffer] of buffers) expect(buffer.equals(Buffer.alloc(100_000, n))).toBe(true);
      expect(await source.extents({ offset: 0, length: source.size })).toEqual([{ offset: 0, length: source.size, kind: 'data' }]);
    });
  });

  it('answers in many chunks, out of order, byte by byte on the wire', async () => {
    const script: Script = {
      request(socket, request) {
        if (request.command !== 0) return false;
        const half = request.length / 2;
        const reply = Buffer.concat([
          holeChunk(request, request.offset + half, half, false),
          dataChunk(request, request.offset + 100, Buffer.alloc(half - 100, 2), false),
          dataChunk(request, request.offset, Buffer.alloc(100, 1), false),
          chunk(request, 0, Buffer.alloc(0)),
        ]);
        for (let at = 0; at < reply.length; at += 37) socket.write(reply.subarray(at, at + 37));
        return true;
      },
    };
    await withSource(script, async (source) => {
      const buffer = Buffer.alloc(40_000, 9);
      await source.read(512, buffer);
      expect(buffer.equals(Buffer.concat([Buffer.alloc(100, 1), Buffer.alloc(19_900, 2), Buffer.alloc(20_000)]))).toBe(true);
    });
  });

  it('answers block status in small steps and reaches past the end of the question', async () => {
    const steps: Script = {
      request(socket, request) {
        if (request.command !== 7) return false;
        const flags = (request.offset >> 20) % 2 === 0 ? 0 : 3;
        socket.write(statusChunk(request, [[1 << 20, flags]]));
        return true;
      },
    };
    await withSource(steps, async (source) => {
      // Each answer is a megabyte from the question's offset on, of the kind of the megabyte it begins in.
      expect(await source.extents({ offset: 512, length: (3 << 20) - 1024 })).toEqual([
        { offset: 512, length: 1 << 20, kind: 'data' },
        { offset: 512 + (1 << 20), length: 1 << 20, kind: 'hole' },
        { offset: 512 + (2 << 20), length: (1 << 20) - 1024, kind: 'data' },
      ]);
    });
  });

  it('refuses block status after all: everything is data', async () => {
    const script: Script = {
      request(socket, request) {
        if (request.command !== 7) return false;
        socket.write(chunk(request, 0x8001, Buffer.concat([u32(95), Buffer.from([0, 2]), Buffer.from('no')])));
        return true;
      },
    };
    await withSource(script, async (source) => {
      expect(await source.extents({ offset: 0, length: 4096 })).toEqual([{ offset: 0, length: 4096, kind: 'data' }]);
    });
  });

  it('takes whole blocks only and little at once', async () => {
    const lengths: number[] = [];
    const script: Script = {
      option(socket, option) {
        if (option !== 7) return false;
        socket.write(optionReply(7, 3, exportInfo(4 << 20, 0)));
        socket.write(optionReply(7, 3, Buffer.concat([Buffer.from([0, 3]), u32(4096), u32(4096), u32(65536)])));
        // The scripted server goes on by itself after its own acknowledgement only.
        return false;
      },
      request(_, request) {
        lengths.push(request.length);
        expect([request.offset % 4096, request.length % 4096]).toEqual([0, 0]);
        return false;
      },
    };
    await withSource(script, async (source, server) => {
      const buffer = Buffer.alloc(300_001);
      await source.read(1_000_001, buffer);
      expect(buffer.equals(server.disk.subarray(1_000_001, 1_300_002))).toBe(true);
      await source.extents({ offset: 3, length: 5 });
      expect(Math.max(...lengths)).toBeLessThanOrEqual(65536);
    });
  });

  it('reports an error in a chunk: that read fails, the others do not', async () => {
    const script: Script = {
      request(socket, request) {
        if (request.command !== 0 || request.offset !== 8192) return false;
        const text = Buffer.from('bad sector');
        socket.write(dataChunk(request, request.offset, Buffer.alloc(512), false));
        socket.write(chunk(request, 0x8002, Buffer.concat([u32(5), Buffer.from([0, text.length]), text, Buffer.alloc(8)]), false));
        socket.write(chunk(request, 0, Buffer.alloc(0)));
        return true;
      },
    };
    await withSource(script, async (source, server) => {
      const buffer = Buffer.alloc(4096);
      const [bad] = await Promise.all([failure(source.read(8192, Buffer.alloc(4096))), source.read(16384, buffer)]);
      expect([bad.code, bad.retryable, bad.message]).toEqual(['source.read', true, expect.stringMatching(/EIO.*bad sector/)]);
      expect(buffer.equals(server.disk.subarray(16384, 20480))).toBe(true);
      expect(source.reconnects).toBe(0);
    });
  });
});

describe('a connection that breaks', () => {
  const dropAt = (when: (connection: number, count: number) => boolean, partial: boolean): Script => ({
    flags: MULTI_CONNECTION,
    request(socket, request, connection, count) {
      if (!when(connection, count)) return false;
      if (partial) socket.end(dataChunk(request, request.offset, Buffer.alloc(request.length, 0xbb)).subarray(0, request.length / 2));
      else socket.destroy();
      return true;
    },
  });

  it.each([1, 4])('is opened again and the reads under way are asked again (%d connections)', async (connections) => {
    // Every other connection ends in the middle of its fourth answer.
    const answers = new Map<number, number>();
    const script = dropAt((connection) => {
      const count = (answers.get(connection) ?? 0) + 1;
      answers.set(connection, count);
      return connection % 2 === 1 && count >= 4;
    }, true);
    await withSource(
      script,
      async (source, server) => {
        const seen = Buffer.alloc(source.size);
        await Promise.all(Array.from({ length: 16 }, (_, i) => source.read(i * 262_144, seen.subarray(i * 262_144, (i + 1) * 262_144))));
        expect(seen.equals(server.disk)).toBe(true);
        // With others left it is not waited for.
        await expect.poll(() => source.reconnects).toBeGreaterThan(0);
      },
      { connections },
    );
  });

  it('opens several connections only where the server allows it', async () => {
    await withSource({ flags: MULTI_CONNECTION }, async (_, server) => expect(server.connections).toBe(4), { connections: 4 });
    await withSource({}, async (_, server) => expect(server.connections).toBe(1), { connections: 4 });
  });

  it('breaks every time: bounded, then an error that may be tried again', async () => {
    await withSource(
      dropAt(() => true, true),
      async (source, server) => {
        const error = await failure(source.read(0, Buffer.alloc(65536)));
        expect(error.retryable).toBe(true);
        expect(['source.read', 'source.unreachable']).toContain(error.code);
        expect(server.connections).toBeLessThan(10);
      },
    );
  });

  it('and the server is gone: bounded, an error, and a new chance with the next call', async () => {
    const server = await startScriptedServer(folder.path);
    await using source = await openNbdSource(address(server), undefined, quick);
    await server[Symbol.asyncDispose]();
    const error = await failure(source.read(0, Buffer.alloc(512)));
    expect([error.code, error.retryable]).toEqual(['source.unreachable', true]);
    expect((await failure(source.read(0, Buffer.alloc(512)))).code).toBe('source.unreachable');
  });

  it('an answer that never comes counts as a lost connection', async () => {
    const script: Script = { request: (_, __, connection) => connection === 1 };
    await withSource(
      script,
      async (source, server) => {
        const buffer = Buffer.alloc(4096);
        await source.read(4096, buffer);
        expect(buffer.equals(server.disk.subarray(4096, 8192))).toBe(true);
        expect(source.reconnects).toBe(1);
      },
      {},
      impatient,
    );
  });

  it('and the export has another size afterwards: refused', async () => {
    const script: Script = {
      option(socket, option, _, connection) {
        if (option !== 7 || connection === 1) return false;
        socket.write(Buffer.concat([optionReply(7, 3, exportInfo(2 << 20, 0)), optionReply(7, 1)]));
        return true;
      },
      request: (socket) => !!socket.destroy(),
    };
    await using fixed = await startScriptedServer(folder.path, script);
    await using source = await openNbdSource(address(fixed), undefined, quick);
    const error = await failure(source.read(0, Buffer.alloc(512)));
    expect([error.code, error.message]).toEqual(['source.protocol', expect.stringMatching(/changed/)]);
  });
});
