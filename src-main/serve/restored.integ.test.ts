import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RouteId } from '../../src-preload/contract/routes.ts';
import { inventoryOf } from '../estimation/testing/facts.ts';
import { defaultCutoverSettings, type Recovered } from '../replication/replicator.ts';
import { createLog } from '../rest/request-log.ts';
import { restoreDatabase } from '../store/backup.ts';
import { openStore } from '../store/store.ts';
import { openVault } from '../vault/open-vault.ts';
import { openCore } from './open-core.ts';

let folder: string;
const at = new Date(Date.now() - 60_000).toISOString();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-restored-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A backup from before a cutover: one is planned a minute ago, another of that machine is still going on. */
async function backup(path: string) {
  await using store = await openStore(path);
  const place = { kind: 'folder', folder: join(folder, 'gone'), grouping: 'name' } as never;
  await store.sources.put({ id: 's', kind: 'images', name: 's', place, instanceUuid: 's', createdAt: at });
  await store.targets.put({ id: 't', kind: 'local', name: 't', location: join(folder, 'target'), settings: {}, createdAt: at });
  for (const id of ['web', 'mail']) {
    await store.machines.put({ id, sourceEnvironmentId: 's', inventory: inventoryOf(id), seenAt: at });
    await store.jobs.put({
      ...{ id, machineId: id, targetEnvironmentId: 't', state: 'active', createdAt: at },
      settings: { keep: 3, verify: 'written', quiesce: false },
    });
  }
  await store.schedules.put({
    ...{ id: 'planned', kind: 'cutover', jobId: 'web', sourceId: undefined, windows: [], jitterMs: 0, priority: 10, payload: {} },
    ...{ timing: { type: 'once', at, checkLeadMs: 0, graceMs: 3_600_000 }, enabled: true, nextAt: at, createdAt: at },
  });
  await store.cutovers.add({
    ...{ id: 'cutover', jobId: 'mail', state: 'running', phase: 'power-off', settings: defaultCutoverSettings, startAttempted: false },
    ...{ sourceWasOn: undefined, poweredOff: undefined, finalRunId: undefined, handle: undefined, where: undefined, undone: [] },
    ...{ error: undefined, startedAt: at, endedAt: undefined },
  });
}

test('after a restore nothing begins by itself before a person lets it', async () => {
  const data = join(folder, 'data');
  await mkdir(data);
  await backup(join(folder, 'backup.db'));
  await restoreDatabase(join(folder, 'backup.db'), join(data, 'octopus.db'), () => new Date());
  const recovered: Recovered[] = [];
  const log: string[] = [];
  const passphrase = async () => 'a passphrase of the test';
  await using core = await openCore({
    dataFolder: data,
    openVault: () => openVault({ mode: 'file', folder: data, passphrase }),
    ...{ log: createLog('info', { write: (line) => void log.push(line) }), version: '0.0.0-test', environment: {} },
    onRecovered: (all) => void recovered.push(...all),
  });
  const { accessToken } = await core.identity.setUp(await core.identity.issueSetUpToken(), 'admin', `a long sentence for ${folder}`);
  const caller = await core.identity.authenticate(accessToken);
  const context = { caller, address: '127.0.0.1', requestId: 'r', signal: new AbortController().signal };
  const call = (id: RouteId, input = {}) => core.api.call(id, input, context);
  core.begin();
  await expect.poll(() => log.join('')).toContain('since a backup was restored');
  expect(await call('scheduler.get')).toMatchObject({ body: { state: 'paused', pausedBy: 'restore' } });
  expect(JSON.stringify(await call('overview.get'))).toContain('since a backup was restored');
  await expect.poll(async () => JSON.stringify(await call('tasks.list', { query: {} }))).toContain('"waiting"');
  expect(recovered).toEqual([]);

  await call('scheduler.set', { body: { state: 'running' } });
  await expect.poll(() => recovered.some(({ id }) => id === 'cutover')).toBe(true);
  await expect.poll(async () => JSON.stringify(await call('tasks.list', { query: {} }))).toContain('no-go');
});
