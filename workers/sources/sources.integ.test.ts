import { execFile } from 'node:child_process';
import { chmod, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SourceSubject, sourceChecks } from '../blocks/conformance/source.ts';
import {
  createCertificate,
  sampleDisk,
  startNbdkit,
  startNbdkitTcp,
  startQemuNbd,
  temporaryFolder,
  writeCertificates,
  writeSparse,
} from '../nbd/testing/nbd-servers.ts';
import { startScriptedServer } from '../nbd/testing/scripted-nbd-server.ts';
import type { SourceDescriptor } from '../protocol.ts';
import { freePort } from '../testing/free-port.ts';
import { openSource } from './open-source.ts';
import { startRangeServer } from './testing/range-server.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
/** Odd: the last sector is not full. */
const odd = sampleDisk(5 * MIB + 1536 + 77);
const even = odd.subarray(0, 5 * MIB + 1536);
const certificate = createCertificate();
const stack = new AsyncDisposableStack();
let folder: string;
let sparse: string;
const subjects = new Map<string, SourceSubject>();

const subject = (name: string, content: Buffer, descriptor: SourceDescriptor) =>
  subjects.set(name, { content, open: () => openSource(descriptor) });

beforeAll(async () => {
  const temporary = stack.use(await temporaryFolder());
  folder = temporary.path;
  const at = (name: string) => path.join(folder, name);
  sparse = at('sparse.raw');
  await writeSparse(sparse, odd);
  await writeSparse(at('even.raw'), even);
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', at('even.raw'), at('disk.qcow2')]);
  const ca = await writeCertificates(folder, certificate);
  const nbd = (name: string, content: Buffer, address: Parameters<typeof openSource>[0]) => subject(name, content, address);

  subject('raw file', odd, { kind: 'file', path: sparse });
  const plain = stack.use(await startNbdkit(at('plain.sock'), ['file', sparse]));
  nbd('nbdkit file, unix, 4 connections', odd, { kind: 'nbd', ...plain.address });
  nbd('nbdkit file, 1 connection', odd, { kind: 'nbd', ...plain.address, connections: 1 });
  const strict = stack.use(
    await startNbdkit(at('strict.sock'), [
      '--filter=blocksize-policy',
      'file',
      at('even.raw'),
      'blocksize-minimum=512',
      'blocksize-maximum=64K',
      'blocksize-error-policy=error',
    ]),
  );
  nbd('nbdkit, blocks of 512 to 64 KiB only', even, { kind: 'nbd', ...strict.address });
  const bare = stack.use(await startNbdkit(at('bare.sock'), ['--no-sr', '--filter=noextents', '--filter=noparallel', 'file', sparse]));
  nbd('nbdkit without structured replies', odd, { kind: 'nbd', ...bare.address });
  const tls = stack.use(await startNbdkit(at('tls.sock'), ['--tls=require', `--tls-certificates=${folder}`, 'file', sparse]));
  nbd('nbdkit, TLS by thumbprint', odd, { kind: 'nbd', ...tls.address, tls: { thumbprint: certificate.thumbprint } });
  const port = await freePort();
  const tcp = stack.use(await startNbdkitTcp(port, ['--tls=on', `--tls-certificates=${folder}`, 'file', sparse]));
  nbd('nbdkit, TCP', odd, { kind: 'nbd', ...tcp.address });
  nbd('nbdkit, TCP, TLS by CA', odd, { kind: 'nbd', ...tcp.address, tls: { caFile: ca } });
  const qemu = stack.use(await startQemuNbd(at('qemu.sock'), ['-r', '-f', 'qcow2', '-x', 'disk one', at('disk.qcow2')]));
  nbd('qemu-nbd, qcow2', even, { kind: 'nbd', ...qemu.address, exportName: 'disk one' });
  const scripted = stack.use(await startScriptedServer(folder, { flags: 1 << 8 }));
  nbd('scripted server', scripted.disk, { kind: 'nbd', endpoint: { socketPath: scripted.socketPath }, exportName: '', connections: 2 });
  const datastore = stack.use(await startRangeServer(odd, certificate, 'vmware_soap_session="abc"'));
  subject('datastore', odd, {
    kind: 'datastore',
    url: datastore.url,
    cookie: 'vmware_soap_session="abc"',
    thumbprint: certificate.thumbprint,
    size: odd.length,
    connections: 4,
  });
});
afterAll(() => stack.disposeAsync());

const names = [
  'raw file',
  'nbdkit file, unix, 4 connections',
  'nbdkit file, 1 connection',
  'nbdkit, blocks of 512 to 64 KiB only',
  'nbdkit without structured replies',
  'nbdkit, TLS by thumbprint',
  'nbdkit, TCP',
  'nbdkit, TCP, TLS by CA',
  'qemu-nbd, qcow2',
  'scripted server',
  'datastore',
];

describe.each(names)('%s', (name) => {
  it.each(sourceChecks)('$name', (check) => check.run(subjects.get(name)!));
});

describe('holes', () => {
  const holes = [
    [1.25 * MIB, 0.75 * MIB],
    [2.25 * MIB, 0.75 * MIB],
  ];
  it.each(['raw file', 'nbdkit file, unix, 4 connections', 'qemu-nbd, qcow2'])('are found: %s', async (name) => {
    const { open: openIt } = subjects.get(name)!;
    await using source = await openIt();
    const extents = await source.extents({ offset: 0, length: source.size });
    const empty = extents.filter(({ kind }) => kind !== 'data');
    for (const [offset = 0, length = 0] of holes) {
      expect(empty.some((extent) => extent.offset <= offset && extent.offset + extent.length >= offset + length)).toBe(true);
    }
  });

  it('agree with nbdinfo', async () => {
    const { stdout } = await run('nbdinfo', ['--map', '--json', `nbd+unix:///?socket=${path.join(folder, 'plain.sock')}`]);
    const judged = (JSON.parse(stdout) as { offset: number; length: number; type: number }[]).map(({ offset, length, type }) => ({
      offset,
      length,
      kind: type === 3 ? 'hole' : type === 2 ? 'zero' : 'data',
    }));
    await using source = await subjects.get('nbdkit file, unix, 4 connections')!.open();
    expect(await source.extents({ offset: 0, length: source.size })).toEqual(judged);
  });

  it('of an empty file and of a file that changes', async () => {
    const file = path.join(folder, 'changing.raw');
    const handle = await open(file, 'w');
    await handle.truncate(8 * MIB);
    await using source = await openSource({ kind: 'file', path: file });
    expect(await source.extents({ offset: 5, length: MIB })).toEqual([{ offset: 5, length: MIB, kind: 'hole' }]);
    await handle.write(Buffer.alloc(MIB, 1), 0, MIB, 4 * MIB);
    const kinds = (await source.extents({ offset: 0, length: 8 * MIB })).map(({ kind }) => kind);
    expect(kinds).toEqual(['hole', 'data', 'hole']);
    await handle.write(Buffer.alloc(MIB, 1), 0, MIB, 0);
    await handle.close();
    expect((await source.extents({ offset: 0, length: MIB }))[0]?.kind).toBe('data');
  });

  it('of a disk of no bytes', async () => {
    const file = path.join(folder, 'nothing.raw');
    await writeFile(file, '');
    await using source = await openSource({ kind: 'file', path: file });
    expect([source.size, await source.extents({ offset: 0, length: 0 })]).toEqual([0, []]);
  });
});

describe('what cannot be opened or read', () => {
  const code = (work: Promise<unknown>) => work.then(() => 'opened', (error) => error.code); // biome-ignore format: one line
  it('raw files', async () => {
    expect(await code(openSource({ kind: 'file', path: path.join(folder, 'none') }))).toBe('source.missing');
    expect(await code(openSource({ kind: 'file', path: folder }))).toBe('argument.invalid');
    const shrinking = path.join(folder, 'shrinking.raw');
    await writeFile(shrinking, Buffer.alloc(8192, 1));
    await using source = await openSource({ kind: 'file', path: shrinking });
    await writeFile(shrinking, Buffer.alloc(4096, 1));
    expect(await code(source.read(0, Buffer.alloc(8192)))).toBe('source.read');
    // Root may read everything; the check is for everyone else.
    if (process.getuid?.() !== 0) {
      await chmod(shrinking, 0);
      expect(await code(openSource({ kind: 'file', path: shrinking }))).toBe('source.denied');
    }
  });

  it('NBD: unknown export, TLS demanded, another thumbprint, another CA', async () => {
    const unix = (name: string) => ({
      kind: 'nbd' as const,
      endpoint: { socketPath: path.join(folder, name) },
      exportName: '',
      connections: 1,
    });
    expect(await code(openSource({ ...unix('qemu.sock'), exportName: 'disk two' }))).toBe('source.missing');
    expect(await code(openSource(unix('tls.sock')))).toBe('source.denied');
    expect(await code(openSource({ ...unix('plain.sock'), tls: { thumbprint: certificate.thumbprint } }))).toBe('source.unsupported');
    expect(await code(openSource({ ...unix('tls.sock'), tls: { thumbprint: createCertificate().thumbprint } }))).toBe('source.certificate');
    const foreign = path.join(folder, 'foreign-ca.pem');
    await writeFile(foreign, createCertificate().ca);
    expect(await code(openSource({ ...unix('tls.sock'), tls: { caFile: foreign } }))).toBe('source.certificate');
  });

  it('NBD: a bad sector is an error of its read alone and may be read again', async () => {
    const trigger = path.join(folder, 'errors-on');
    const args = ['--filter=error', 'file', sparse, 'error-pread=EIO', 'error-pread-rate=100%', `error-pread-file=${trigger}`];
    await using server = await startNbdkit(path.join(folder, 'error.sock'), args);
    await using source = await openSource({ kind: 'nbd', ...server.address });
    await source.read(0, Buffer.alloc(4096));
    await writeFile(trigger, '');
    const error = await source.read(0, Buffer.alloc(4096)).catch((thrown) => thrown);
    expect([error.code, error.retryable]).toEqual(['source.read', true]);
    await run('rm', [trigger]);
    await source.read(0, Buffer.alloc(4096));
    expect(source.reconnects).toBe(0);
  });

  it('NBD: a server killed and started again in the middle of a copy', async () => {
    const socket = path.join(folder, 'killed.sock');
    let server = await startNbdkit(socket, ['--filter=delay', 'file', sparse, 'rdelay=5ms']);
    await using source = await openSource({ kind: 'nbd', ...server.address });
    const seen = Buffer.alloc(odd.length);
    let at = 0;
    const lane = async () => {
      while (at < odd.length) {
        const offset = at;
        at += 65536;
        await source.read(offset, seen.subarray(offset, Math.min(odd.length, offset + 65536)));
      }
    };
    const copy = Promise.all([lane(), lane(), lane(), lane()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.kill();
    await run('rm', ['-f', socket]);
    server = await startNbdkit(socket, ['file', sparse]);
    await copy;
    await server[Symbol.asyncDispose]();
    expect(seen.equals(odd)).toBe(true);
    expect(source.reconnects).toBeGreaterThan(0);
  });
});
