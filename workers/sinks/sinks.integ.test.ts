import { execFile } from 'node:child_process';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SinkSubject, sinkChecks } from '../blocks/conformance/sink.ts';
import { createCertificate, qemuRead, startNbdkit, startQemuNbd, temporaryFolder, writeCertificates } from '../nbd/testing/nbd-servers.ts';
import { chunk, type Script, simpleReply, startScriptedServer, u32 } from '../nbd/testing/scripted-nbd-server.ts';
import { openNbdSink } from './nbd-sink.ts';
import { openSink } from './open-sink.ts';
import { chsGeometry } from './vhd-footer.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const SIZE = 5 * MIB + 1536;
let folder: string;
let remove: () => PromiseLike<void>;
let next = 0;
const certificate = createCertificate();
const fresh = (name: string) => path.join(folder, `${++next}-${name}`);

beforeAll(async () => {
  const temporary = await temporaryFolder();
  folder = temporary.path;
  remove = () => temporary[Symbol.asyncDispose]();
});
afterAll(() => remove());

type Server = Awaited<ReturnType<typeof startNbdkit>>;
const nbdSubject = async (server: Server, content: () => Promise<Buffer>, tls?: { thumbprint: string }): Promise<SinkSubject> => ({
  size: SIZE,
  open: () => openSink({ kind: 'nbd', ...server.address, size: SIZE, ...(tls === undefined ? {} : { tls }) }),
  content,
  remove: async () => await server[Symbol.asyncDispose](),
});

const subjects: Record<string, () => Promise<SinkSubject>> = {
  'raw file': async () => {
    const file = fresh('disk.raw');
    return {
      size: SIZE,
      open: () => openSink({ kind: 'raw', path: file, size: SIZE }),
      content: () => readFile(file),
      remove: () => rm(file),
    };
  },
  'fixed VHD': async () => {
    const file = fresh('disk.vhd');
    const content = async () => {
      // The footer is there only after finish(); before it, qemu-img could not read it as a VHD.
      const finished = (await stat(file)).size > SIZE;
      return finished ? qemuRead('vpc', file, folder) : readFile(file);
    };
    return { size: SIZE, open: () => openSink({ kind: 'vhd', path: file, size: SIZE }), content, remove: () => rm(file) };
  },
  'nbdkit memory': async () => {
    const socket = fresh('m.sock');
    const server = await startNbdkit(socket, ['memory', String(SIZE)]);
    return nbdSubject(server, () => qemuRead('raw', `nbd+unix:///?socket=${socket}`, folder));
  },
  'nbdkit memory, no zeroing, blocks of 4 KiB to 64 KiB': async () => {
    const socket = fresh('z.sock');
    const args = ['--filter=nozero', '--filter=blocksize-policy', 'memory', String(SIZE), 'blocksize-minimum=512', 'blocksize-maximum=64K'];
    const server = await startNbdkit(socket, [...args, 'blocksize-error-policy=error']);
    return nbdSubject(server, () => qemuRead('raw', `nbd+unix:///?socket=${socket}`, folder));
  },
  'nbdkit file over TLS': async () => {
    await writeCertificates(folder, certificate);
    const file = fresh('tls.raw');
    await writeFile(file, Buffer.alloc(SIZE));
    const server = await startNbdkit(fresh('t.sock'), ['--tls=require', `--tls-certificates=${folder}`, 'file', file]);
    return nbdSubject(server, () => readFile(file), { thumbprint: certificate.thumbprint });
  },
  'qemu-nbd qcow2': async () => {
    const file = fresh('disk.qcow2');
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(SIZE)]);
    const socket = fresh('q.sock');
    const server = await startQemuNbd(socket, ['-f', 'qcow2', '--discard=unmap', '--detect-zeroes=off', file]);
    return nbdSubject(server, () => qemuRead('raw', `nbd+unix:///?socket=${socket}`, folder));
  },
};

describe.each(Object.keys(subjects))('%s', (name) => {
  it.each(sinkChecks)('$name', async (check) => check.run(await subjects[name]!()));
});

const code = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => error.code,
  );
const block = Buffer.alloc(MIB, 0x61);

describe('files', () => {
  it('are created sparse, stay sparse, and zeroing writes where data stood only', async () => {
    const file = fresh('sparse.raw');
    await using sink = await openSink({ kind: 'raw', path: file, size: 64 * MIB });
    expect((await stat(file)).size).toBe(64 * MIB);
    await sink.zero(0, 64 * MIB);
    await sink.write(8 * MIB, block);
    await sink.zero(16 * MIB, 48 * MIB);
    await sink.flush();
    const { blocks } = await stat(file);
    expect(blocks * 512).toBeLessThan(2 * MIB);
    await sink.finish();
  });

  it('keep their size unless a resize is asked for', async () => {
    const file = fresh('size.raw');
    await writeFile(file, Buffer.alloc(2 * MIB, 7));
    expect(await code(openSink({ kind: 'raw', path: file, size: 3 * MIB }))).toBe('argument.invalid');
    expect((await readFile(file)).equals(Buffer.alloc(2 * MIB, 7))).toBe(true);
    const grown = await openSink({ kind: 'raw', path: file, size: 3 * MIB, resize: true });
    await grown.finish();
    expect((await readFile(file)).equals(Buffer.concat([Buffer.alloc(2 * MIB, 7), Buffer.alloc(MIB)]))).toBe(true);
    const shrunk = await openSink({ kind: 'raw', path: file, size: MIB, resize: true });
    await shrunk.finish();
    expect((await stat(file)).size).toBe(MIB);
  });

  it('are told full, missing, denied in so many words', async () => {
    expect(await code(openSink({ kind: 'raw', path: path.join(folder, 'no', 'such', 'folder.raw'), size: MIB }))).toBe('target.missing');
    expect(await code(openSink({ kind: 'raw', path: folder, size: MIB }))).toBe('argument.invalid');
    expect(await code(openSink({ kind: 'raw', path: '/proc/octopus.raw', size: MIB }))).toMatch(/^target\.(missing|denied)$/);
    expect(await code(openSink({ kind: 'raw', path: '/dev/full', size: 0 }))).toBe('argument.invalid');
  });

  it.each(['removed', 'moved away', 'replaced'])('that are %s under the sink fail at the flush', async (how) => {
    const file = fresh('gone.raw');
    await using sink = await openSink({ kind: 'raw', path: file, size: MIB });
    await sink.write(0, block);
    await sink.flush();
    if (how === 'removed') await rm(file);
    else await rename(file, `${file}.old`);
    if (how === 'replaced') await writeFile(file, 'another');
    expect(await code(sink.flush())).toBe('target.missing');
    expect(await code(sink.finish())).toBe('target.missing');
    if (how === 'replaced') expect(await readFile(file, 'utf8')).toBe('another');
  });

  it('whose folder is removed fail at the flush', async () => {
    const gone = fresh('folder');
    await mkdir(gone);
    await using sink = await openSink({ kind: 'raw', path: path.join(gone, 'disk.raw'), size: MIB });
    await rm(gone, { recursive: true });
    await sink.write(0, block);
    expect(await code(sink.finish())).toBe('target.missing');
  });

  it('say full on a full disk, and keep what was flushed', async () => {
    // A file size limit gives EFBIG in a process of its own; a full file system needs a mount, which a test may not have.
    const file = fresh('full.raw');
    const script = `
      const { openSink } = await import(${JSON.stringify(path.resolve('workers/sinks/open-sink.ts'))});
      process.on('SIGXFSZ', () => {});
      const sink = await openSink({ kind: 'raw', path: ${JSON.stringify(file)}, size: 4 * 1048576 }).catch((error) => error);
      console.log(sink.code);`;
    const { stdout } = await run('sh', ['-c', 'ulimit -f 2048; exec "$0" --input-type=module -e "$1"', process.execPath, script]);
    expect(stdout.trim()).toBe('target.full');
  });

  it('say denied in a read-only folder', async () => {
    if (process.getuid?.() === 0) {
      // Root passes permissions; a process without its capabilities does not.
      const locked = fresh('locked');
      await mkdir(locked);
      await chmod(folder, 0o755);
      await chmod(locked, 0o555);
      const script = `
        process.setgid(65534); process.setuid(65534);
        const { openSink } = await import(${JSON.stringify(path.resolve('workers/sinks/open-sink.ts'))});
        console.log((await openSink({ kind: 'raw', path: ${JSON.stringify(path.join(locked, 'a.raw'))}, size: 512 }).catch((error) => error)).code);`;
      const { stdout } = await run(process.execPath, [
        '--input-type=module',
        '-e',
        script.replace(/(process\.setgid.*)\n\s*(const.*)/, '$2\n$1'),
      ]);
      expect(stdout.trim()).toBe('target.denied');
    } else {
      const locked = fresh('locked');
      await mkdir(locked);
      await chmod(locked, 0o555);
      expect(await code(openSink({ kind: 'raw', path: path.join(locked, 'a.raw'), size: 512 }))).toBe('target.denied');
    }
  });
});

describe('fixed VHD', () => {
  it.each([5 * MIB + 512, 1000 * MIB, 127 * 1024 * MIB + 1024, 2040 * 1024 * MIB])('of %d bytes is one to qemu-img', async (size) => {
    const file = fresh('judged.vhd');
    await using sink = await openSink({ kind: 'vhd', path: file, size });
    await sink.write(MIB, block);
    await sink.finish();
    const { stdout } = await run('qemu-img', ['info', '--output=json', '-f', 'vpc', file]);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'vpc', 'virtual-size': size });
    expect((await stat(file)).size).toBe(size + 512);
    const handle = await open(file);
    const footer = Buffer.alloc(512);
    await handle.read(footer, 0, 512, size);
    await handle.close();
    const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
    expect(footer.readUInt32BE(64)).toBe(~sum >>> 0);
    expect([footer.readUInt16BE(56), footer[58], footer[59]]).toEqual(Object.values(chsGeometry(size)));
    await rm(file);
  });

  it('has the geometry that qemu-img writes', async () => {
    for (const mib of [1, 7, 40, 504, 505, 2048, 8000, 40_000, 200_000]) {
      const file = fresh('geometry.vhd');
      await run('qemu-img', ['create', '-q', '-f', 'vpc', '-o', 'subformat=fixed,force_size=on', file, `${mib}M`]);
      const handle = await open(file);
      const footer = Buffer.alloc(512);
      const { size } = await handle.stat();
      await handle.read(footer, 0, 512, size - 512);
      await handle.close();
      await rm(file);
      // With force_size qemu-img may write the largest geometry instead of the computed one; then there is nothing to compare.
      const judged = [footer.readUInt16BE(56), footer[58], footer[59]];
      if (judged[0] !== 65535) expect([mib, ...judged]).toEqual([mib, ...Object.values(chsGeometry(size - 512))]);
    }
  });

  it('keeps its identity when it is written again, and refuses what is none of its size', async () => {
    const file = fresh('again.vhd');
    const footerOf = async () => (await readFile(file)).subarray(MIB);
    const one = await openSink({ kind: 'vhd', path: file, size: MIB });
    await one.finish();
    const before = await footerOf();
    const two = await openSink({ kind: 'vhd', path: file, size: MIB });
    await two.write(0, block);
    await two.finish();
    expect((await footerOf()).equals(before)).toBe(true);
    expect(await code(openSink({ kind: 'vhd', path: file, size: 2 * MIB }))).toBe('argument.invalid');
    expect(await code(openSink({ kind: 'vhd', path: fresh('odd.vhd'), size: MIB + 1 }))).toBe('argument.invalid');
    expect(await code(openSink({ kind: 'vhd', path: fresh('large.vhd'), size: 2041 * 1024 * MIB }))).toBe('argument.invalid');
    const foreign = fresh('foreign.vhd');
    await writeFile(foreign, Buffer.alloc(MIB + 512, 1));
    expect(await code(openSink({ kind: 'vhd', path: foreign, size: MIB }))).toBe('argument.invalid');
  });
});

describe('NBD', () => {
  const quick = { connectMs: 60_000, idleMs: 60_000, tries: 4, backoffMs: 5 };
  const to = (server: { socketPath: string }, connections = 1) => ({
    kind: 'nbd' as const,
    endpoint: { socketPath: server.socketPath },
    exportName: '',
    connections,
    size: 4 * MIB,
  });
  const failing = (command: number, error: number): Script => ({
    flags: 1 << 6,
    request: (socket, request) => request.command === command && socket.write(simpleReply(request, error)),
  });

  it('refuses a read-only export and one of another size', async () => {
    const socket = fresh('ro.sock');
    await using _server = await startNbdkit(socket, ['-r', 'memory', '4M']);
    expect(await code(openSink(to({ socketPath: socket })))).toBe('target.denied');
    await using writable = await startScriptedServer(folder);
    expect(await code(openSink({ ...to(writable), size: 5 * MIB }))).toBe('argument.invalid');
    expect(await code(openSink(to({ socketPath: fresh('none.sock') })))).toBe('target.unreachable');
  });

  it.each([
    [1, 28, 'target.full'],
    [1, 1, 'target.denied'],
    [1, 5, 'target.write'],
    [3, 5, 'target.write'],
    [3, 28, 'target.full'],
  ])('tells command %d with error %d as %s', async (command, error, expected) => {
    await using server = await startScriptedServer(folder, failing(command, error));
    await using sink = await openNbdSink(to(server), undefined, quick);
    expect(await code(sink.write(0, block).then(() => sink.flush()))).toBe(expected);
  });

  it('a real server that is full', async () => {
    const socket = fresh('full.sock');
    await using _server = await startNbdkit(socket, ['--filter=error', 'memory', '4M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%']);
    await using sink = await openSink(to({ socketPath: socket }));
    expect(await code(sink.write(0, block))).toBe('target.full');
  });

  it('writes zeros where zeroing turns out not to be supported', async () => {
    for (const script of [failing(6, 95), failing(6, 22), {}]) {
      await using server = await startScriptedServer(folder, script);
      await using sink = await openNbdSink(to(server), undefined, quick);
      await sink.zero(512, 2 * MIB);
      await sink.finish();
      expect(server.disk.subarray(512, 512 + 2 * MIB).every((byte) => byte === 0)).toBe(true);
      expect(server.disk[511]).not.toBe(0);
    }
  });

  it('believes no garbage', async () => {
    const lies: Script[] = [
      { request: (socket, request) => request.command === 1 && socket.write(Buffer.alloc(64, 3)) },
      { request: (socket, request) => request.command === 1 && socket.write(chunk(request, 1, Buffer.concat([Buffer.alloc(8), u32(0)]))) },
      { request: (socket, request) => request.command === 1 && socket.write(Buffer.concat([simpleReply(request), simpleReply(request)])) },
    ];
    for (const lie of lies) {
      await using server = await startScriptedServer(folder, lie);
      await using sink = await openNbdSink(to(server), undefined, quick);
      expect(await code(sink.write(0, block).then(() => sink.write(MIB, block)))).toBe('target.write');
    }
  });

  it('writes again what a lost connection left open', async () => {
    const script: Script = {
      flags: 1 << 8,
      request(socket, request, _, count) {
        if (request.command !== 1 || count % 11 !== 2) return false;
        socket.destroy();
        return true;
      },
    };
    await using server = await startScriptedServer(folder, script);
    await using sink = await openNbdSink(to(server, 3), undefined, quick);
    const image = Buffer.alloc(4 * MIB);
    for (let at = 0; at < image.length; at += 4) image.writeUInt32LE(at, at);
    await Promise.all(Array.from({ length: 32 }, (_, i) => sink.write(i * 131_072, image.subarray(i * 131_072, (i + 1) * 131_072))));
    await sink.finish();
    expect(server.disk.equals(image)).toBe(true);
    expect(sink.reconnects).toBeGreaterThan(0);
  });

  it('a server that died with acknowledged writes: the flush does not call them durable', async () => {
    await using server = await startScriptedServer(folder, { flags: 1 << 6 });
    await using sink = await openNbdSink(to(server), undefined, quick);
    await sink.write(0, block);
    await sink.flush();
    await sink.write(MIB, block);
    await sink.zero(2 * MIB, 4096);
    server.dropAll();
    // The same server, the same memory: read back, all there, flushed.
    await sink.flush();
    await sink.write(3 * MIB, block);
    server.dropAll();
    server.loseUnflushed();
    const error = await sink.flush().catch((thrown) => thrown);
    expect([error.code, error.details]).toEqual(['target.write', { offset: 3 * MIB, length: MIB }]);
    expect(await code(sink.flush()), 'also when asked again').toBe('target.write');
    // Written again, it is there.
    await sink.write(3 * MIB, block);
    await sink.finish();
    expect(server.disk.subarray(3 * MIB).equals(block)).toBe(true);
  });

  it('a server that goes away for good', async () => {
    const server = await startScriptedServer(folder);
    await using sink = await openNbdSink(to(server), undefined, quick);
    await sink.write(0, block);
    await server[Symbol.asyncDispose]();
    expect(await code(sink.write(MIB, block))).toBe('target.unreachable');
    expect(await code(sink.finish())).toBe('target.unreachable');
  });
});
