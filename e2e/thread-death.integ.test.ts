import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLabProcess } from './lab-process.ts';
import { launchDesktop } from './launch.ts';

const MiB = 2 ** 20;
const SIZE = 16 * MiB;
const patient = { timeout: 60_000 };

interface Threads {
  threads: Set<{ terminate(): Promise<number> }>;
}
interface Run {
  state: string;
  error?: unknown;
  counts: { read: number; sent: number; zero: number; unchanged: number; verified: number };
}

// Memory that runs out, or a library that gives up, ends a thread and not the application: here somebody ends it from outside.
it('the thread that copies is ended in the midst of a run: another one goes on from the checkpoint, and the run is proven', async () => {
  await using world = await launchDesktop();
  await world.app.evaluate(() => {
    const threads: Threads['threads'] = new Set();
    Object.assign(globalThis, { threads });
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (...given) {
      threads.add(this);
      post.apply(this, given);
    };
  });
  const threads = () => world.app.evaluate(() => (globalThis as unknown as Threads).threads.size);
  await world.call('auth.setup', { body: { name: 'ann', password: 'a long sentence for the test' } });
  await using lab = await startLabProcess(join(world.dataFolder, '..'), SIZE);
  const source = (await world.call('sources.create', { body: { kind: 'vsphere', ...lab.login } })) as { id: string };
  await world.call('sources.sync', { params: { id: source.id }, body: {} });
  const folder = join(world.dataFolder, '..', 'replicas');
  const target = (await world.call('targets.create', { body: { kind: 'local', folder } })) as { id: string };
  const { items } = (await world.call('vms.list', { query: {} })) as { items: { id: string }[] };
  const body = { machineId: items[0]?.id, targetId: target.id };
  const { id } = (await world.call('migrations.create', { body })) as { id: string };
  const lastRun = async () => ((await world.call('migrations.get', { params: { id } })) as { lastRun?: Run }).lastRun;
  const copied = async () => {
    const map = (await world.call('migrations.diskMap', { params: { id }, query: {} })) as {
      states: string[];
      disks: { counts: number[] }[];
    };
    return map.disks[0]?.counts[map.states.indexOf('copied')] ?? 0;
  };

  await world.call('settings.set', { params: { name: 'replication.bandwidthLimit' }, body: { value: MiB } });
  await world.call('migrations.sync', { params: { id }, body: {} });
  // A checkpoint is on record.
  await expect.poll(copied, patient).toBeGreaterThan(0);
  expect(await lastRun()).toMatchObject({ state: 'running' });
  const before = await threads();
  expect(before).toBeGreaterThan(0);
  await world.app.evaluate(() => Promise.all([...(globalThis as unknown as Threads).threads].map((thread) => thread.terminate())));
  await expect.poll(async () => (await lastRun())?.state, patient).toBe('succeeded');
  const { counts, error } = (await lastRun()) as Run;
  expect(error).toBeUndefined();
  expect([counts.read, counts.sent + counts.zero + counts.unchanged, counts.verified]).toEqual([SIZE, SIZE, SIZE]);
  expect(await threads()).toBeGreaterThan(before);
});
