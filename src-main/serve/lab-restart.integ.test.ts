import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Served, serve } from './testing/served.ts';

const MiB = 2 ** 20;
const patience = { timeout: 60_000, interval: 100 };

test('the lab forgets nothing: runs go on after a quit and after a kill, and the next one is incremental', {
  timeout: 240_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-lab-'));
  let served: Served | undefined;
  const call: Served['call'] = (...what) => served!.call(...what);
  const limit = (value: number) => call('PUT', '/admin/env/replication.bandwidthLimit', { value });
  const sync = (id: string, kind = 'incremental') => call('POST', `/migrations/${id}/sync`, { kind });
  const lastRun = async (id: string) => (await call('GET', `/migrations/${id}`)).lastRun;
  const idle = async (id: string) => {
    await expect.poll(async () => (await call('GET', `/migrations/${id}`)).working, patience).toBeUndefined();
    return lastRun(id);
  };
  try {
    served = await serve(folder);
    const { sourceId } = await call('POST', '/lab', {});
    const { items } = await call('GET', `/vms?sourceId=${sourceId}`);
    expect(items).toHaveLength(12);
    expect(Math.max(...items.map(({ capacity }: { capacity: number }) => capacity))).toBeLessThan(4 * 2 ** 30);
    const targetId = (await call('POST', '/targets', { folder: join(folder, 'target') })).id;
    const migrate = async (name: string) => {
      const machineId = items.find((machine: { name: string }) => machine.name === name).id;
      return (await call('POST', '/migrations', { machineId, targetId })).id as string;
    };
    // The guest of one writes all the time, that of the other never.
    const [busy, quiet] = [await migrate('web-01'), await migrate('web-02')];

    for (const [migration, signal] of [
      [busy, 'SIGTERM'],
      [quiet, 'SIGKILL'],
    ] as const) {
      await limit(32 * MiB);
      await sync(migration);
      const running = async () => (await lastRun(migration))?.id ?? '';
      // Past its first checkpoint.
      await expect.poll(async () => served?.passed(await running()), patience).toBeGreaterThan(80 * MiB);
      const begun = await lastRun(migration);
      expect(begun).toMatchObject({ state: 'running', kind: 'full' });
      await served.end(signal);
      served = await serve(folder);
      await limit(0);
      const runs = async () => (await call('GET', `/migrations/${migration}/runs`)).items;
      const same = async () => (await runs()).find(({ id }: { id: string }) => id === begun.id);
      await expect.poll(async () => (await same()).state, patience).toBe('succeeded');
      const found = await same();
      expect(found).toMatchObject({ kind: 'full', notes: [] });
      expect(found.counts.resumed).toBeGreaterThan(0);
      await idle(migration);
      expect((await runs()).filter(({ kind }: { kind: string }) => kind === 'reconcile')).toEqual([]);
      expect(served.output()).not.toMatch(/lab's state/);
    }
    await sync(busy);
    const next = await idle(busy);
    expect(next).toMatchObject({ state: 'succeeded', kind: 'incremental' });
    // All is read and what differs is sent: what went on after the kill is the machine as it was.
    await sync(quiet, 'reconcile');
    expect(await idle(quiet)).toMatchObject({ state: 'succeeded', kind: 'reconcile', counts: { sent: 0 } });

    // What cannot be read is said.
    await served.end('SIGTERM');
    const [state] = await readdir(join(folder, 'data', 'lab'));
    await writeFile(join(folder, 'data', 'lab', state!), 'scribbled over');
    served = await serve(folder);
    await expect.poll(async () => call('GET', '/lab'), patience).toMatchObject({ running: true, trouble: 'lost' });
    expect(served.output()).toMatch(/lab's state could not be read: it begins afresh/);
  } finally {
    await served?.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
