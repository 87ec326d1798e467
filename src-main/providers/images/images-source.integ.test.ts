import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, open, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openNbdSource } from '../../../workers/sources/nbd-source.ts';
import type { MachineSnapshot, SourceChange, SourceProvider } from '../source.ts';
import { findImagePrograms } from './image-programs.ts';
import { createImagesSource } from './images-source.ts';
import { probeImages } from './probe-images.ts';

const MiB = 2 ** 20;
const programs = findImagePrograms();
let folder: string;
const open_: SourceProvider[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-images-'));
});
afterEach(async () => {
  for (const source of open_.splice(0)) await source[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const qemuImg = (...argv: string[]) => execFileSync('qemu-img', argv, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
const content = (size: number, seed: number) => Buffer.alloc(size, `octopus ${seed} `);

function images(options: Partial<Parameters<typeof createImagesSource>[0]> = {}): SourceProvider {
  const source = createImagesSource({ place: { grouping: 'by-name', folder }, id: 'here', ...options });
  open_.push(source);
  return source;
}

async function read(source: SourceProvider, ref: string, snapshot: MachineSnapshot, index = 0): Promise<Buffer> {
  const disk = snapshot.disks[index]!;
  const opened = await source.openDescriptor(ref, snapshot, disk, { refresh: false });
  try {
    if (opened.source.kind === 'file') return await readFile(opened.source.path);
    if (opened.source.kind !== 'nbd') throw new Error(opened.source.kind);
    await using blocks = await openNbdSource(opened.source);
    const all = Buffer.alloc(blocks.size);
    await blocks.read(0, all);
    return all;
  } finally {
    await opened.close();
  }
}

test('a folder is read as machines: by name, with their disks in order, and parts of others left out', async () => {
  const names = ['web.raw', 'web_1.raw', 'web_10.raw', 'web_2.raw', 'db-disk1.img', 'db-disk2.img', 'same.raw', 'note.txt', '.hidden.raw'];
  for (const name of names) await writeFile(at(name), 'x'.repeat(512));
  await writeFile(at('flat-flat.vmdk'), 'x');
  await mkdir(at('mail/deep'), { recursive: true });
  await writeFile(at('mail/mail.raw'), 'x'.repeat(1024));
  await writeFile(at('mail/deep/deep.raw'), 'x');
  await symlink(at('web.raw'), at('link.raw'));
  qemuImg('create', '-q', '-f', 'qcow2', 'same.qcow2', '1M');
  const source = images();
  const machines = await source.inventory();
  const told = machines.map(({ name, disks }) => [name, disks.map(({ key, label }) => `${key} ${label}`)]);
  expect(Object.fromEntries(told)).toEqual({
    web: ['1000 web.raw', '2001 web_1.raw', '2002 web_2.raw', '2010 web_10.raw'],
    db: ['3001 db-disk1.img', '3002 db-disk2.img'],
    'same.raw': ['1000 same.raw'],
    'same.qcow2': ['1000 same.qcow2'],
    mail: ['1000 mail.raw'],
    link: ['1000 link.raw'],
  });
  expect(machines.find(({ name }) => name === 'mail')).toMatchObject({ folder: at('mail'), powerState: 'off', changeTracking: false });
  // The same machine again, also for another process, also when a disk comes.
  await writeFile(at('db-disk3.img'), 'x');
  const again = await images().machine('db');
  const before = machines.find(({ name }) => name === 'db');
  expect([again.ref, again.instanceUuid, again.disks.length]).toEqual([before?.ref, before?.instanceUuid, 3]);
  const alone = await images({ place: { grouping: 'each-alone', files: [at('web.raw'), at('web_1.raw'), at('note.txt')] } }).inventory();
  expect(alone.map(({ name }) => name)).toEqual(['web', 'web_1']);
  await expect(source.machine('nobody')).rejects.toMatchObject({ code: 'source.missing' });
  await expect(images({ place: { grouping: 'by-name', folder: at('none') } }).inventory()).rejects.toMatchObject({
    code: 'source.missing',
  });
});

test.each(['raw', 'qcow2', 'vmdk', 'vpc', 'vhdx'] as const)('%s holds what was put into it', async (format) => {
  const bytes = Buffer.concat([content(MiB, 1), Buffer.alloc(2 * MiB), content(MiB, 2)]);
  // An MBR with an EFI system partition: how its machine starts is read off the disk, whatever the image's format.
  bytes.fill(0, 0, 512).writeUInt16LE(0xaa55, 510);
  bytes[446 + 4] = 0xef;
  await writeFile(at('plain'), bytes);
  const ending = format === 'vpc' ? 'vhd' : format;
  qemuImg('convert', '-f', 'raw', '-O', format, ...(format === 'vpc' ? ['-o', 'force_size=on'] : []), 'plain', `web.${ending}`);
  const source = images();
  const machine = await source.machine('web');
  expect(machine.firmware).toBe('efi');
  expect(machine.disks[0]).toMatchObject({ capacity: bytes.length, excluded: undefined });
  expect(await source.prepareTracking(machine.ref, 'octopus-x')).toEqual({ tracked: false, doubt: 'Disk images have no change tracking.' });
  const snapshot = await source.createSnapshot(machine.ref, 'octopus-1', { quiesce: false });
  expect(await source.createSnapshot(machine.ref, 'octopus-1', { quiesce: false })).toBe(snapshot);
  expect((await source.findSnapshot(machine.ref, 'octopus-1'))?.disks).toEqual(snapshot.disks);
  expect((await read(source, machine.ref, snapshot)).equals(bytes)).toBe(true);
  expect(await source.listSnapshots(machine.ref, 'octopus-')).toEqual([{ ref: 'octopus-1', name: 'octopus-1' }]);
  await source.removeSnapshot(machine.ref, snapshot.ref);
  await source.removeSnapshot(machine.ref, snapshot.ref);
  expect(await source.findSnapshot(machine.ref, 'octopus-1')).toBeUndefined();
  await expect(read(source, machine.ref, snapshot)).rejects.toMatchObject({ code: 'source.missing' });
  // There is no power to switch.
  expect([await source.powerState(machine.ref), await source.powerOff(machine.ref, { deadlineMs: 1 })]).toEqual(['off', 'no-power']);
  await expect(source.powerOn(machine.ref)).rejects.toMatchObject({ code: 'source.unsupported' });
});

test('an image that is written while it is read is an error, not a recovery point', async () => {
  await writeFile(at('web.raw'), content(MiB, 1));
  await writeFile(at('plain'), content(MiB, 3));
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'plain', 'db.qcow2');
  const source = images();
  for (const name of ['web', 'db']) {
    const { ref } = await source.machine(name);
    const snapshot = await source.createSnapshot(ref, `octopus-${name}`, { quiesce: false });
    const opened = await source.openDescriptor(ref, snapshot, snapshot.disks[0]!, { refresh: false });
    const file = await open(at(name === 'web' ? 'web.raw' : 'db.qcow2'), 'r+');
    await file.write(Buffer.from('changed'), 0, 7, 300 * 1024);
    await file.close();
    const message = expect.stringContaining('was changed while it was read');
    await expect(opened.close()).rejects.toMatchObject({ code: 'source.busy', retryable: false, message });
    await expect(read(source, ref, snapshot)).rejects.toMatchObject({ code: 'source.busy' });
  }
});

test('an image that a machine of QEMU writes to is refused, and one that is read is kept from such a machine', async () => {
  await writeFile(at('web.raw'), content(MiB, 1));
  qemuImg('create', '-q', '-f', 'qcow2', 'db.qcow2', '1M');
  for (const [name, file, format] of [
    ['web', 'web.raw', 'raw'],
    ['db', 'db.qcow2', 'qcow2'],
  ] as const) {
    const source = images();
    const { ref } = await source.machine(name);
    const writer = spawn(programs.nbd as string, ['--persistent', '-f', format, '-k', at('w.sock'), at(file)], { stdio: 'ignore' });
    try {
      // One that succeeded, before the writer was there, would be answered again.
      const tryIt = async () => {
        const { ref: made } = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
        await source.removeSnapshot(ref, made);
      };
      await expect.poll(() => tryIt().catch((error) => error.code)).toBe('source.busy');
      await expect(tryIt()).rejects.toMatchObject({ message: expect.stringContaining(`${file} is in use`) });
      // Known from the system alone too, where no tool is installed.
      if (format === 'raw') {
        const bare = images({ programs: { image: undefined, nbd: undefined } });
        await expect(bare.createSnapshot(ref, 'octopus-1', { quiesce: false })).rejects.toMatchObject({ code: 'source.busy' });
      }
    } finally {
      writer.kill();
      await once(writer, 'exit');
    }
    const snapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
    if (format === 'raw') continue;
    const opened = await source.openDescriptor(ref, snapshot, snapshot.disks[0]!, { refresh: false });
    expect(() => execFileSync('qemu-io', ['-f', format, '-c', 'write 0 512', at(file)], { stdio: 'pipe' })).toThrow(/lock/);
    await opened.close();
  }
});

test('images that cannot or must not be read say why, and the others can be read', async () => {
  await mkdir(at('elsewhere'));
  await mkdir(at('images'));
  const here = (name: string) => join(folder, 'images', name);
  await writeFile(at('elsewhere/secret.raw'), content(MiB, 9));
  await writeFile(here('good.raw'), content(512, 1));
  await writeFile(here('empty.raw'), '');
  await writeFile(here('garbage.qcow2'), 'not at all');
  await writeFile(here('dir-raw'), '');
  qemuImg('create', '-q', '-f', 'qcow2', 'images/base.qcow2', '1M');
  qemuImg('create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', 'images/over.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', '-b', at('elsewhere/secret.raw'), '-F', 'raw', 'images/thief.qcow2');
  // A guest that writes a header into its raw disk must not make this computer read a file for it.
  await writeFile(here('forged.raw'), await readFile(here('thief.qcow2')));
  qemuImg('create', '-q', '-f', 'vmdk', 'images/old.vmdk', '1M');
  await writeFile(here('old-000001.vmdk'), 'delta');
  const thief = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n\n';
  await writeFile(here('steal.vmdk'), `${thief}RW 2048 FLAT "${at('elsewhere/secret.raw')}" 0\n`);
  const place = { grouping: 'by-name', folder: at('images') } as const;
  const source = images({ place });
  const why = Object.fromEntries((await source.inventory()).map(({ name, disks }) => [name, disks[0]?.excluded]));
  expect(why).toEqual({
    good: undefined,
    base: undefined,
    over: undefined,
    empty: 'The file is empty.',
    garbage: expect.stringContaining('qcow2'),
    thief: expect.stringContaining('not in its folder'),
    forged: expect.stringContaining('begins like a qcow2 image'),
    old: expect.stringContaining('has a snapshot (old-000001.vmdk)'),
    steal: expect.stringContaining('not in its folder'),
  });
  const { ref } = await source.machine('thief');
  expect((await source.createSnapshot(ref, 'octopus-1', { quiesce: false })).disks).toEqual([]);
  const over = await source.machine('over');
  const snapshot = await source.createSnapshot(over.ref, 'octopus-2', { quiesce: false });
  await utimes(here('base.qcow2'), new Date(0), new Date(0));
  await expect(read(source, over.ref, snapshot)).rejects.toMatchObject({ code: 'source.busy' });

  const probe = await probeImages(place);
  expect(probe).toMatchObject({ ok: true, images: { machines: 3, disks: 3, bytes: 2 * MiB + 512 } });
  expect(probe.images?.skipped).toHaveLength(6);
  const bare = { image: undefined, nbd: undefined };
  expect(await probeImages(place, undefined, bare)).toMatchObject({ ok: true, images: { machines: 1 } });
  const none = await probeImages({ grouping: 'by-name', files: [here('over.qcow2')] }, undefined, bare);
  expect(none).toMatchObject({ ok: false, steps: [{ outcome: 'passed' }, { id: 'tools', outcome: 'failed' }, { outcome: 'failed' }] });
  expect((await probeImages({ grouping: 'by-name', folder: at('nowhere') })).steps.map(({ outcome }) => outcome)).toEqual([
    'failed',
    'not-tried',
    'not-tried',
  ]);
});

test('a killed process leaves no qemu-nbd behind', async () => {
  qemuImg('create', '-q', '-f', 'qcow2', 'db.qcow2', '1M');
  const script = `
    const { createImagesSource } = await import(${JSON.stringify(new URL('./images-source.ts', import.meta.url).href)});
    const source = createImagesSource({ place: { grouping: 'by-name', folder: ${JSON.stringify(folder)} }, id: 'here' });
    const { ref } = await source.machine('db');
    const snapshot = await source.createSnapshot(ref, 's', { quiesce: false });
    await source.openDescriptor(ref, snapshot, snapshot.disks[0], { refresh: false });
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // It cannot remove what it made there.
    env: { ...process.env, TMPDIR: folder },
  });
  await once(child.stdout, 'data');
  const running = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(`${folder}/db.qcow2`);
  expect(running()).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect.poll(running).toBe(false);
});

test('the watch tells of images that come, change and go', async () => {
  await writeFile(at('web.raw'), content(512, 1));
  const end = new AbortController();
  const changes = images({ watchMs: 20 }).watch(end.signal)[Symbol.asyncIterator]();
  const next = async () => (await changes.next()).value?.map(({ kind, inventory }: SourceChange) => `${kind} ${inventory?.name ?? ''}`);
  expect(await next()).toEqual(['added web']);
  await appendFile(at('web.raw'), 'more');
  expect(await next()).toEqual(['changed web']);
  await rm(at('web.raw'));
  expect(await next()).toEqual(['removed ']);
  end.abort();
  expect((await changes.next()).done).toBe(true);
});
