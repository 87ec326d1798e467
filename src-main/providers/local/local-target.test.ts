import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readManifest } from '../../../workers/blocks/manifest.ts';
import { targetError } from './file-system.ts';
import { createLocalTarget, type LocalTarget } from './local-target.ts';
import { fillReplica, MACHINE_ID, testMachine, testPoint } from './testing/fixtures.ts';

const MIB = 1024 * 1024;
/** Not a whole number of blocks. */
const SIZE = 5 * MIB + 512 * 3;
let folder: string;
let target: LocalTarget;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-local-'));
  target = createLocalTarget({ folder });
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const disk = (capacity = SIZE) => ({ key: 2000, objectId: '1-2000', capacity });
const machine = testMachine('bios', [SIZE]);
const at = (...parts: string[]) => join(folder, MACHINE_ID, ...parts);
const when = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;

async function commitPoint(id: string, minute: number, seed = minute): Promise<Buffer> {
  const replicas = await target.prepareReplica(MACHINE_ID, [disk()]);
  const whole = Buffer.alloc(SIZE);
  whole.fill(seed + 1, MIB, 2 * MIB + 77);
  randomBytes(1000).copy(whole, SIZE - 1000);
  await fillReplica(replicas[0]!, `run-${id}`, (block, length) => whole.subarray(block * MIB, block * MIB + length));
  await target.commit(MACHINE_ID, machine, await testPoint(id, replicas, when(minute)));
  return whole;
}

test('a replica is made once, keeps its content and follows the size of its disk', async () => {
  const [first] = await target.prepareReplica(MACHINE_ID, [disk()]);
  expect(first).toMatchObject({ key: 2000, blank: true, sink: { kind: 'raw', size: SIZE } });
  await writeFile(at('replica', '2000.raw'), Buffer.alloc(SIZE, 7));
  const [again] = await target.prepareReplica(MACHINE_ID, [disk(SIZE + MIB)]);
  expect(again).toMatchObject({ blank: false });
  const grown = await readFile(at('replica', '2000.raw'));
  expect(grown.length).toBe(SIZE + MIB);
  expect(grown[SIZE - 1]).toBe(7);
  expect(grown[SIZE]).toBe(0);
  await target.prepareReplica(MACHINE_ID, [disk(MIB)]);
  expect((await stat(at('replica', '2000.raw'))).size).toBe(MIB);
});

test('a journal whose image is gone is not believed', async () => {
  const replicas = await target.prepareReplica(MACHINE_ID, [disk()]);
  await fillReplica(replicas[0]!, 'run', (_, length) => Buffer.alloc(length, 1));
  await rm(at('replica', '2000.raw'));
  const [again] = await target.prepareReplica(MACHINE_ID, [disk()]);
  expect(again?.blank).toBe(true);
  expect(existsSync(again!.journal)).toBe(false);
});

test('a committed point holds the bytes, the manifest and the machine, and does not change with the replica', async () => {
  const whole = await commitPoint('one', 1);
  const path = at('replica', '2000.raw');
  const replica = await open(path, 'r+');
  await replica.write(Buffer.alloc(MIB, 0xee), 0, MIB, 0);
  await replica.close();
  expect((await readFile(at('points', 'one', '2000.raw'))).equals(whole)).toBe(true);
  const [point] = await target.recoveryPoints(MACHINE_ID);
  expect((await readManifest(at('points', 'one', '2000.manifest'))).root).toBe(point?.disks[0]?.manifestRoot);
  expect(JSON.parse(await readFile(at('points', 'one', 'machine.json'), 'utf8')).name).toBe(machine.name);
  const xml = await readFile(at('points', 'one', 'domain.xml'), 'utf8');
  expect(xml).toContain('<name>web &amp; &lt;&quot;db&quot;&gt;, one</name>');
  expect(xml).toContain(at('points', 'one', '2000.raw'));
  expect(xml).toContain('00:50:56:aa:bb:cc');
  expect(xml).not.toMatch(/<!--(?:(?!-->)[\s\S])*--(?!>)/);
});

test('committing again changes nothing; another run under the same id is refused', async () => {
  await commitPoint('one', 1);
  const before = await stat(at('points', 'one', '2000.raw'));
  const [point] = await target.recoveryPoints(MACHINE_ID);
  await target.commit(MACHINE_ID, machine, point!);
  expect((await stat(at('points', 'one', '2000.raw'))).ino).toBe(before.ino);
  await expect(target.commit(MACHINE_ID, machine, { ...point!, runId: 'other' })).rejects.toMatchObject({ code: 'target.write' });
});

test('a replica that does not hold what its journal says is not committed, and nothing is left of the try', async () => {
  await commitPoint('good', 1);
  const replicas = await target.prepareReplica(MACHINE_ID, [disk()]);
  await fillReplica(replicas[0]!, 'run-2', (block, length) => Buffer.alloc(length, block + 1));
  const point = await testPoint('bad', replicas, when(2));
  await expect(target.commit(MACHINE_ID, machine, { ...point, disks: [{ ...point.disks[0]!, manifestRoot: '00' }] })).rejects.toMatchObject(
    { code: 'manifest.invalid' },
  );
  const image = await open(at('replica', '2000.raw'), 'r+');
  await image.write(Buffer.from([0xff]), 0, 1, 3 * MIB + 9);
  await image.close();
  // A reflink shares the blocks without reading them; there the read-back of the run is the proof.
  const outcome = await target.commit(MACHINE_ID, machine, point).then(
    () => 'shared',
    (error) => error.code,
  );
  expect(['verify.mismatch', 'shared']).toContain(outcome);
  expect((await readdir(at('points'))).filter((name) => name.startsWith('.'))).toEqual([]);
  expect((await target.recoveryPoints(MACHINE_ID)).some(({ id }) => id === 'good')).toBe(true);
});

test('leftovers of processes that are gone are swept', async () => {
  await commitPoint('one', 1);
  await mkdir(at('points', '.tmp-999999999-1-two'));
  await mkdir(at('points', `.tmp-${process.pid}-999-three`));
  await target.prepareReplica(MACHINE_ID, [disk()]);
  expect(await readdir(at('points'))).toEqual(['one']);
});

test('points come newest first; damaged ones are told apart and do not hide the others', async () => {
  for (const [index, id] of ['one', 'two', 'three', 'four', 'five'].entries()) await commitPoint(id, index);
  await writeFile(at('points', 'two', 'point.json'), '{"id":');
  await truncate(at('points', 'three', '2000.raw'), 10);
  await truncate(at('points', 'four', '2000.manifest'), 150);
  expect((await target.recoveryPoints(MACHINE_ID)).map(({ id }) => id)).toEqual(['five', 'one']);
  const damaged = await target.damagedPoints(MACHINE_ID);
  expect(damaged.map(({ id, error }) => [id, error.code]).sort()).toEqual([
    ['four', 'manifest.invalid'],
    ['three', 'target.missing'],
    ['two', 'target.missing'],
  ]);
});

test('pruning keeps the newest, never fewer than one and never one that is started', async () => {
  for (const [index, id] of ['one', 'two', 'three', 'four'].entries()) await commitPoint(id, index);
  await mkdir(at('running', 'one'), { recursive: true });
  expect(await target.prune(MACHINE_ID, 2)).toEqual(['two']);
  expect(await target.prune(MACHINE_ID, 0)).toEqual(['three']);
  expect((await target.recoveryPoints(MACHINE_ID)).map(({ id }) => id)).toEqual(['four', 'one']);
  expect(await target.prune(MACHINE_ID, 2)).toEqual([]);
});

test('another process that writes the same replica is told', async () => {
  await mkdir(at(), { recursive: true });
  const parent = (await readFile(`/proc/${process.ppid}/stat`, 'utf8')).split(') ').pop()!.split(' ')[19];
  await writeFile(at('lock'), `${process.ppid} ${parent}`);
  await expect(target.prepareReplica(MACHINE_ID, [disk()])).rejects.toMatchObject({ code: 'target.busy', retryable: true });
  await writeFile(at('lock'), `${process.ppid} 1`);
  await target.prepareReplica(MACHINE_ID, [disk()]);
  await target[Symbol.asyncDispose]();
  expect(existsSync(at('lock'))).toBe(false);
});

test('errors of the file system say what to do', async () => {
  const gone = createLocalTarget({ folder: join(folder, 'not-mounted') });
  await expect(gone.prepareReplica(MACHINE_ID, [disk()])).rejects.toMatchObject({ code: 'target.missing' });
  await expect(gone.recoveryPoints(MACHINE_ID)).rejects.toMatchObject({ code: 'target.missing' });
  await expect(target.prepareReplica('../outside', [disk()])).rejects.toMatchObject({ code: 'argument.invalid' });
  await expect(target.observeBoot(MACHINE_ID, 'none', { timeoutMs: 1 })).rejects.toMatchObject({ code: 'target.missing' });
  for (const [code, expected] of [
    ['ENOSPC', 'target.full'],
    ['EROFS', 'target.denied'],
    ['EACCES', 'target.denied'],
    ['EIO', 'target.write'],
  ]) {
    expect(targetError(Object.assign(new Error('no'), { code }), 'Writing')).toMatchObject({ code: expected });
  }
  const full = createLocalTarget({ folder: join(folder, 'made'), createFolder: true });
  await full.prepareReplica(MACHINE_ID, [disk()]);
  await full[Symbol.asyncDispose]();
});

test('a commit without proof fails, and the last point stays', async () => {
  await commitPoint('one', 1);
  const replicas = await target.prepareReplica(MACHINE_ID, [disk()]);
  const point = await testPoint('two', replicas, when(2));
  await rm(replicas[0]!.journal);
  await expect(target.commit(MACHINE_ID, machine, point)).rejects.toMatchObject({ code: 'manifest.invalid' });
  expect((await target.recoveryPoints(MACHINE_ID)).map(({ id }) => id)).toEqual(['one']);
});

test('a point can be read again; all of a machine goes at once, and it can begin anew', async () => {
  const whole = await commitPoint('one', 1);
  const [read] = await target.pointDisks(MACHINE_ID, 'one');
  expect(read).toMatchObject({ key: 2000, readBack: { kind: 'file', direct: true } });
  expect((await readFile((read!.readBack as { path: string }).path)).equals(whole)).toBe(true);
  expect((await readManifest(read!.manifest)).size).toBe(SIZE);
  await expect(target.pointDisks(MACHINE_ID, 'two')).rejects.toMatchObject({ code: 'target.missing' });

  await mkdir(at('running', 'h'), { recursive: true });
  await writeFile(at('running', 'h', 'started.json'), JSON.stringify({ pointId: 'one' }));
  await expect(target.remove(MACHINE_ID)).rejects.toMatchObject({ code: 'job.state' });
  expect(await target.recoveryPoints(MACHINE_ID)).toHaveLength(1);
  await rm(at('running'), { recursive: true });
  await target.remove(MACHINE_ID);
  await target.remove(MACHINE_ID);
  expect(await readdir(folder)).toEqual([]);
  await commitPoint('three', 3);
  expect((await target.recoveryPoints(MACHINE_ID)).map(({ id }) => id)).toEqual(['three']);
});

test('what the file system said ends with one mark', () => {
  const said = (code: string) => targetError(Object.assign(new Error(code), { code }), 'It cannot be made').message;
  expect(said('ENOENT')).toBe('It cannot be made: it does not exist (any more); is the disk mounted?');
  expect(said('EROFS')).toBe('It cannot be made: the file system is read-only.');
});
