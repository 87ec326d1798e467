import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { Output } from '../src-preload/contract/routes.ts';
import { startLabProcess } from './lab-process.ts';
import type { World } from './world.ts';

/** Into which journeys replicate. */
export async function addTarget(world: World): Promise<string> {
  const { id } = await world.call('targets.create', { body: { kind: 'local', folder: join(world.folder, 'replicas'), name: 'Replicas' } });
  return id;
}

/** What journeys look for behind the screens. */
export const lastRun = async (world: World, id: string): Promise<Output<'migrations.get'>['lastRun']> =>
  (await world.call('migrations.get', { params: { id } })).lastRun;

/** Until its last run has succeeded. */
export async function runSucceeds(world: World, id: string): Promise<void> {
  await expect.poll(async () => (await lastRun(world, id))?.state, { timeout: 120_000 }).toMatch(/succeeded|failed|cancelled/);
  expect(await lastRun(world, id)).toMatchObject({ state: 'succeeded' });
}

export interface SlowRun extends AsyncDisposable {
  migrationId: string;
  runId: string;
  /** From now on as quick as it goes. */
  hurry(): Promise<void>;
}

/** A first run that takes half a minute, in the middle of its transfer: some of its blocks are settled, some are not. */
export async function beginSlowRun(world: World): Promise<SlowRun> {
  const MiB = 2 ** 20;
  const lab = await startLabProcess(world.folder, 48 * MiB);
  const limit = (value: number) =>
    world.call('settings.set', { params: { name: 'replication.bandwidthLimit' }, body: { value } }).then(() => undefined);
  await limit(1.5 * MiB);
  const source = await world.call('sources.create', { body: { kind: 'vsphere', ...lab.login } });
  await world.call('sources.sync', { params: { id: source.id } });
  const targetId = await addTarget(world);
  const { items } = await world.call('vms.list', { query: { sourceId: source.id } });
  const { id } = await world.call('migrations.create', { body: { machineId: items[0]!.id, targetId } });
  await world.call('migrations.sync', { params: { id }, body: {} });
  await expect.poll(async () => (await lastRun(world, id))?.phase, { timeout: 60_000 }).toBe('transfer');
  const run = await lastRun(world, id);
  return {
    migrationId: id,
    runId: run!.id,
    hurry: () => limit(0),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}
