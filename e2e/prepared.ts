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

/** Until nothing goes on or waits any more, and its last run has succeeded. */
export async function runSucceeds(world: World, id: string): Promise<void> {
  const now = async () => {
    const { working, lastRun: run } = await world.call('migrations.get', { params: { id } });
    return working ?? run?.state;
  };
  await expect.poll(now, { timeout: 300_000 }).toMatch(/succeeded|failed|cancelled/);
  expect(await lastRun(world, id)).toMatchObject({ state: 'succeeded' });
}

export interface SlowRun extends AsyncDisposable {
  migrationId: string;
  runId: string;
  /** From now on as quick as it goes. */
  hurry(): Promise<void>;
}

/** A first run that takes a while, in the middle of its transfer: some of its blocks are settled, some are not. */
export async function beginSlowRun(world: World): Promise<SlowRun> {
  const MiB = 2 ** 20;
  const lab = await startLabProcess(world.folder, 64 * MiB);
  const source = await world.call('sources.create', { body: { kind: 'vsphere', ...lab.login } });
  await world.call('sources.sync', { params: { id: source.id } });
  const targetId = await addTarget(world);
  const { items } = await world.call('vms.list', { query: { sourceId: source.id } });
  // Lasts for minutes, however slow the machine: what frees it is hurry().
  const settings = { bandwidthLimit: MiB / 4 };
  const { id } = await world.call('migrations.create', { body: { machineId: items[0]!.id, targetId, settings } });
  await world.call('migrations.sync', { params: { id }, body: {} });
  const copied = async () => {
    const { states, disks } = await world.call('migrations.diskMap', { params: { id }, query: {} });
    return disks.reduce((sum, { counts }) => sum + (counts[states.indexOf('copied')] ?? 0), 0);
  };
  await expect.poll(copied, { timeout: 180_000 }).toBeGreaterThan(0);
  const run = await lastRun(world, id);
  return {
    migrationId: id,
    runId: run!.id,
    hurry: () => world.call('migrations.update', { params: { id }, body: { settings: { bandwidthLimit: 0 } } }).then(() => undefined),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}
