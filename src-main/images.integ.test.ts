import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecoveryPoint } from './domain/recovery-point.ts';
import { type Octopus, openOctopus } from './octopus.ts';
import { createLocalTarget } from './providers/local/local-target.ts';
import type { ImagesEnvironment } from './store/repositories/source-environments.ts';

const MiB = 2 ** 20;
let folder: string;
let octopus: Octopus;
let source: ImagesEnvironment;
let target: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-images-'));
  await mkdir(join(folder, 'images'));
  octopus = await openOctopus({ stateFolder: join(folder, 'state'), threads: 2, tuning: { taskBytes: 2 * MiB } });
  source = await octopus.addImages({ grouping: 'by-name', folder: join(folder, 'images') }, 'images');
  target = (await octopus.addLocalTarget(join(folder, 'target'))).id;
});
afterEach(async () => {
  await octopus.close();
  await rm(folder, { recursive: true, force: true });
});

const image = (name: string) => join(folder, 'images', name);
/** Data, a hole, data; and no two blocks alike. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 512 <= size; at += 512) if (at < size / 3 || at > size / 2) bytes.write(`octopus ${at}`, at);
  return bytes;
}
const inPoint = (machineUuid: string, point: RecoveryPoint, index = 0) =>
  readFile(join(folder, 'target', machineUuid, 'points', point.id, point.disks[index]!.image));

test('raw and qcow2 images become recovery points, byte for byte; later runs send only what changed', async () => {
  const raw = content(4 * MiB + 700);
  const other = content(3 * MiB);
  await writeFile(image('web.raw'), raw);
  await writeFile(join(folder, 'plain'), other);
  const convert = () => execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'plain'), image('web_1.qcow2')]);
  convert();
  // In another format it is a machine of its own.
  const truth = [raw, other];
  const machines = await (await octopus.source(source.id)).inventory();
  expect(machines.map(({ disks }) => disks.length)).toEqual([1, 1]);
  for (const [index, machine] of machines.entries()) {
    const bytes = truth[index]!;
    const job = await octopus.addJob(source.id, machine.ref, target);
    const first = await octopus.replicator.run(job.id);
    expect(first.run).toMatchObject({ kind: 'full', state: 'succeeded' });
    expect((await inPoint(machine.instanceUuid, first.point)).equals(bytes)).toBe(true);

    // Two blocks of 1 MiB change.
    for (const at of [10, 2 * MiB + 700]) bytes.write('changed', at);
    if (index === 0) {
      const file = await open(image('web.raw'), 'r+');
      await file.write(bytes, 0, bytes.length, 0);
      await file.close();
    } else {
      await writeFile(join(folder, 'plain'), bytes);
      convert();
    }
    const second = await octopus.replicator.run(job.id);
    expect(second.run).toMatchObject({ kind: 'reconcile', counts: { sent: 2 * MiB } });
    expect(second.disks[0]?.doubt).toBe('Disk images have no change tracking.');
    expect((await inPoint(machine.instanceUuid, second.point)).equals(bytes)).toBe(true);
    const third = await octopus.replicator.run(job.id);
    expect(third.run.counts.sent).toBe(0);
  }
});

test('a run whose image is changed under it fails, says why, and leaves the last recovery point', async () => {
  await writeFile(image('web.raw'), content(6 * MiB));
  const job = await octopus.addJob(source.id, 'web', target);
  const first = await octopus.replicator.run(job.id);
  await octopus.close();

  // Written to as soon as the first block is on its way.
  let armed = true;
  octopus = await openOctopus({
    stateFolder: join(folder, 'state'),
    threads: 1,
    crashpoint: async (name) => {
      if (name !== 'transfer:entered' || !armed) return;
      armed = false;
      const file = await open(image('web.raw'), 'r+');
      await file.write(Buffer.from('meanwhile'), 0, 9, MiB);
      await file.close();
    },
  });
  const failed = octopus.replicator.run(job.id);
  await expect(failed).rejects.toMatchObject({ code: 'source.busy', message: expect.stringContaining('was changed while it was read') });
  expect((await octopus.store.recoveryPoints.ofJob(job.id)).map(({ id }) => id)).toEqual([first.point.id]);
  const { point } = await octopus.replicator.run(job.id);
  const { inventory } = await octopus.machine((await octopus.store.jobs.find(job.id))!.machineId);
  expect((await inPoint(inventory.instanceUuid, point)).equals(await readFile(image('web.raw')))).toBe(true);
});

/** Runs until this crashpoint, then opens Octopus again, as if the process had ended there. */
async function interruptedAt(point: string): Promise<string> {
  await writeFile(image('web.raw'), content(6 * MiB));
  const job = await octopus.addJob(source.id, 'web', target);
  await octopus.close();
  let reached = () => {};
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  octopus = await openOctopus({
    stateFolder: join(folder, 'state'),
    threads: 1,
    crashpoint: (name) => {
      if (name !== point) return;
      reached();
      return new Promise(() => {});
    },
  });
  void octopus.replicator.run(job.id).catch(() => {});
  await there;
  await octopus.close();
  octopus = await openOctopus({ stateFolder: join(folder, 'state'), threads: 1 });
  return job.id;
}

const marks = () => readdir(join(folder, 'state', 'image-snapshots', source.instanceUuid));

test('an interrupted run goes on at the next start where its images did not change, and sends nothing twice', async () => {
  const job = await interruptedAt('verify:entered');
  expect(await marks()).toHaveLength(1);
  expect(await octopus.replicator.recover()).toMatchObject([{ what: 'run', outcome: 'resumed' }]);
  const [run] = await octopus.store.runs.ofJob(job);
  expect(run).toMatchObject({ kind: 'full', state: 'succeeded', resumes: 1, counts: { resumed: 6 * MiB } });
  const { inventory } = await octopus.machine((await octopus.store.jobs.find(job))!.machineId);
  const [point] = await octopus.store.recoveryPoints.ofJob(job);
  expect((await inPoint(inventory.instanceUuid, point!)).equals(content(6 * MiB))).toBe(true);
  expect(await marks()).toEqual([]);
});

test('an interrupted run whose image was changed in between is unwound and says so; the next one compares', async () => {
  const job = await interruptedAt('verify:entered');
  const file = await open(image('web.raw'), 'r+');
  await file.write(Buffer.from('meanwhile'), 0, 9, 4 * MiB + 10);
  await file.close();
  const why = `The disk image ${image('web.raw')} of web was changed since the run began to read it.`;
  expect(await octopus.replicator.recover()).toMatchObject([
    { what: 'run', outcome: 'unwound', message: expect.stringContaining(why) },
    { what: 'snapshot', outcome: 'removed' },
  ]);
  expect((await octopus.store.runs.ofJob(job))[0]?.error?.message).toContain(why);
  expect(await marks()).toEqual([]);
  const { run } = await octopus.replicator.run(job);
  expect(run).toMatchObject({ state: 'succeeded', counts: { sent: MiB } });
});

test('a cutover of disk images says that there was nothing to power off', async () => {
  await writeFile(image('web.raw'), content(MiB));
  await octopus.close();
  octopus = await openOctopus({
    stateFolder: join(folder, 'state'),
    threads: 1,
    // All but the start of a machine, which needs no test here.
    openTarget: ({ location }) => ({
      ...createLocalTarget({ folder: location }),
      start: async () => ({ handle: 'h', where: 'nowhere' }),
      stop: async () => {},
    }),
  });
  const job = await octopus.addJob(source.id, 'web', target);
  expect(await octopus.replicator.cutover(job.id)).toMatchObject({ state: 'done', sourceWasOn: false, poweredOff: 'no-power' });
  const { inventory } = await octopus.machine(job.machineId);
  expect(inventory.powerState).toBe('off');
  const said = (await octopus.store.activity.of(job.id, 10)).map(({ message }) => message).join();
  expect(said).toContain('There was nothing to power off at the source: it is disk images.');
  expect(await octopus.replicator.rollback(job.id)).toMatchObject({ state: 'rolled-back' });
});

test('a source that is chosen anew keeps its machines', async () => {
  await writeFile(image('web.raw'), content(MiB));
  const before = await (await octopus.source(source.id)).machine('web');
  const place = { grouping: 'each-alone', files: [image('web.raw')] } as const;
  const after = await octopus.addImages({ ...place, files: [...place.files] }, 'chosen', source);
  expect([after.id, after.name]).toEqual([source.id, 'chosen']);
  expect(await octopus.store.sources.list()).toEqual([{ ...source, name: 'chosen', place }]);
  expect((await (await octopus.source(source.id)).machine('web')).instanceUuid).toBe(before.instanceUuid);
});
