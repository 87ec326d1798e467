import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventClient, openEventClient } from '../rest/testing/event-client.ts';
import { type MigrationsWorld, openMigrationsWorld } from './testing/lab-migrations.ts';

const MiB = 2 ** 20;
const SIZE = 8 * MiB;

let lab: MigrationsWorld;
let events: EventClient;
beforeAll(async () => {
  lab = await openMigrationsWorld(['web', 'db', 'mail', 'spare'], SIZE);
  events = await openEventClient(lab.world.application.rest.url, lab.world.tokens.admin, 0);
});
afterAll(async () => {
  events?.[Symbol.dispose]();
  await lab?.[Symbol.asyncDispose]();
});

const pathOf = (name: string) => `/migrations/${lab.migrations[name]}`;
const refused = async (method: string, path: string, body?: object) =>
  (await lab.world.call(method, path, body ? { body } : {})).json?.code;
/** How the operation ended: its error's code, or undefined. */
async function endOf(operationId: string): Promise<string | undefined> {
  const end = () => events.told.find(({ event, data }) => event === 'operation.ended' && data.data.operationId === operationId);
  await expect.poll(end).toBeDefined();
  return end()?.data.data.error?.code;
}

test('a sync that somebody asks for waits its turn, is cancelled in the queue, and a limit counts while a run goes on', async () => {
  const { ok, idle } = lab;
  await ok('PUT', '/admin/env/scheduler.concurrentRuns', { value: 1 });
  // Two minutes for half a disk: what frees it is the change below.
  await ok('PATCH', pathOf('web'), { settings: { bandwidthLimit: 32 * 1024 } });
  const first = await ok('POST', `${pathOf('web')}/sync`, {});
  await expect.poll(async () => (await ok('GET', pathOf('web'))).lastRun?.phase).toBe('transfer');
  const second = await ok('POST', `${pathOf('db')}/sync`, {});
  expect(await ok('GET', pathOf('db'))).toMatchObject({ working: 'sync' });
  expect((await ok('GET', pathOf('db'))).lastRun).toBeUndefined();
  expect((await ok('GET', `/tasks?migrationId=${lab.migrations.db}`)).items).toMatchObject([{ kind: 'run', state: 'waiting' }]);
  expect(await refused('POST', `${pathOf('db')}/sync`, {})).toBe('job.state');
  expect(await refused('DELETE', `${pathOf('db')}?replicas=keep`)).toBe('job.state');
  expect((await ok('POST', `${pathOf('db')}/cancel`)).working).toBeUndefined();
  expect(await endOf(second.operationId)).toBe('operation.cancelled');
  const third = await ok('POST', `${pathOf('db')}/sync`, {});

  const map = await ok('GET', `${pathOf('web')}/disk-map?cells=4`);
  expect(map).toMatchObject({ running: true, runId: (await ok('GET', pathOf('web'))).lastRun.id });
  const [disk] = map.disks;
  expect(disk).toMatchObject({ capacity: SIZE, blockSize: MiB, blocks: 8, blocksPerCell: 2 });
  expect(Buffer.from(disk.cells, 'base64')).toHaveLength(4);
  expect(disk.counts.reduce((a: number, b: number) => a + b)).toBe(8);
  expect(disk.counts[map.states.indexOf('waiting')]).toBeGreaterThan(0);

  await ok('PATCH', pathOf('web'), { settings: { bandwidthLimit: 0 } });
  expect(await endOf(first.operationId)).toBeUndefined();
  expect(await endOf(third.operationId)).toBeUndefined();
  expect((await idle(lab.migrations.db!)).lastRun.state).toBe('succeeded');
  const after = await ok('GET', `${pathOf('web')}/disk-map`);
  expect(after.running).toBe(false);
  expect(after.disks[0].counts[after.states.indexOf('verified')]).toBe(8);
});

test('a recovery point is read again, and one that was changed is found out', async () => {
  const { ok } = lab;
  const points = async () => (await ok('GET', `${pathOf('db')}/recovery-points`)).items;
  expect(await refused('POST', `${pathOf('mail')}/verify`, {})).toBe('job.state');
  expect(await points()).toMatchObject([{ verifiedBy: 'run', outcome: 'match' }]);
  expect(await endOf((await ok('POST', `${pathOf('db')}/verify`, {})).operationId)).toBeUndefined();
  const [point] = await points();
  expect(point).toMatchObject({
    verifiedBy: 'verify',
    outcome: 'match',
    disks: [{ manifestRoot: expect.stringMatching(/^[0-9a-f]{64}$/) }],
  });

  const uuid = (await ok('GET', `/vms/${lab.machineIds.db}`)).instanceUuid;
  const image = join(lab.targetFolder, uuid, 'points', point.id, `${point.disks[0].key}.raw`);
  await using file = await open(image, 'r+');
  await file.write(Buffer.from('no longer what was copied'), 0, 25, 3 * MiB);
  await file.sync();
  expect(await endOf((await ok('POST', `${pathOf('db')}/verify`, { recoveryPointId: point.id })).operationId)).toBe('verify.mismatch');
  expect(await points()).toMatchObject([{ outcome: 'mismatch', mismatch: expect.stringMatching(`^Hard disk 1: .*offset ${3 * MiB}`) }]);
  const told = events.told.filter(({ event }) => event === 'recovery-point.verified').map(({ data }) => data.data.outcome);
  expect(told).toEqual(['match', 'mismatch']);
  const { attention } = await ok('GET', '/overview');
  expect(attention[0]).toMatchObject({ kind: 'mismatch', migrationId: lab.migrations.db, machineName: 'db' });
});

test('a planned cutover is refused with its reason, or done; and can be undone', async () => {
  const { ok, idle } = lab;
  const plan = async (name: string) => {
    const timing = { type: 'once', at: new Date(Date.now() + 3_600_000).toISOString() };
    const { id } = await ok('POST', '/schedules', { kind: 'cutover', migrationId: lab.migrations[name], timing });
    return {
      /** Brings it near. On a slow machine a moment has passed when it is asked for: then a later one. */
      async hurry() {
        for (let ahead = 1000; ; ahead *= 2) {
          const body = { timing: { type: 'once', at: new Date(Date.now() + ahead).toISOString() } };
          const { status, text } = await lab.world.call('PATCH', `/schedules/${id}`, { body });
          if (status < 300) return;
          expect(ahead, text).toBeLessThan(60_000);
        }
      },
      task: async () => (await ok('GET', `/tasks?scheduleId=${id}`)).items.find(({ kind }: { kind: string }) => kind === 'cutover'),
    };
  };
  await ok('POST', `${pathOf('db')}/pause`);
  const [unready, paused, ready] = await Promise.all([plan('mail'), plan('db'), plan('web')]);
  expect((await ok('GET', '/overview')).nextCutovers.map(({ machineName }: { machineName: string }) => machineName).sort()).toEqual([
    'mail',
    'web',
  ]);
  for (const { hurry } of [unready, paused, ready]) await hurry();
  await expect
    .poll(unready.task)
    .toMatchObject({ state: 'failed', error: { code: 'job.state', message: expect.stringContaining('no recovery point') } });
  await expect.poll(paused.task).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('paused') } });
  await expect.poll(ready.task).toMatchObject({ state: 'done' });
  const web = await idle(lab.migrations.web!);
  expect(web).toMatchObject({ state: 'cut-over', lastCutover: { state: 'done' } });
  const { downAt, upAt, phases } = web.lastCutover;
  expect(Date.parse(upAt)).toBeGreaterThanOrEqual(Date.parse(downAt));
  expect(phases.map(({ phase }: { phase: string }) => phase)).toEqual(['pre-sync', 'power-off', 'final-run', 'start', 'finished']);
  expect((await ok('GET', `${pathOf('web')}/runs`)).items[0]).toMatchObject({ kind: 'final', outage: { downAt, upAt } });
  expect((await ok('GET', `/schedules?migrationId=${web.id}`)).items).toMatchObject([{ enabled: false, endedByCutover: true }]);
  expect(await refused('DELETE', `${pathOf('web')}?replicas=remove`)).toBe('job.state');
  const forecast = await ok('GET', `${pathOf('web')}/forecast`);
  expect(forecast.parts.map(({ id, measured }: { id: string; measured: boolean }) => [id, measured])).toEqual([
    ['shutdown', true],
    ['final-run', true],
    ['start', true],
  ]);
  expect(forecast.downtimeMs.high).toBeGreaterThanOrEqual(forecast.downtimeMs.low);

  expect(await endOf((await ok('POST', `${pathOf('web')}/rollback`)).operationId)).toBeUndefined();
  expect(await idle(lab.migrations.web!)).toMatchObject({ state: 'active', lastCutover: { state: 'rolled-back' } });
  const { parts } = await ok('GET', `${pathOf('web')}/forecast`);
  expect(parts[2]).toEqual(forecast.parts[2]);
  expect((await ok('POST', `${pathOf('db')}/resume`)).paused).toBe(false);
});

test('what can be known beforehand is told with what it rests on', async () => {
  const { ok } = lab;
  const checks = await ok('GET', `/migration-checks?machineId=${lab.machineIds.spare}&targetId=${lab.targetId}`);
  const outcomes = Object.fromEntries(checks.items.map(({ id, outcome }: { id: string; outcome: string }) => [id, outcome]));
  expect(outcomes).toMatchObject({
    source: 'pass',
    machine: 'pass',
    privileges: 'pass',
    disks: 'pass',
    target: 'pass',
    space: 'pass',
    conflict: 'fail',
  });
  expect(checks.outcome).toBe('fail');
  const estimates = await ok('GET', `/estimates?machineIds=${lab.machineIds.web},${lab.machineIds.spare}`);
  expect(estimates.items).toMatchObject([
    { basis: 'runs', moved: { likely: SIZE / 2 }, stored: { likely: SIZE } },
    { basis: 'capacity', moved: { low: 0, high: SIZE } },
  ]);
  expect(estimates).toMatchObject({ throughput: { basis: 'measured' }, total: { ms: { likely: expect.any(Number) } } });
  const { throughput, total } = await ok('GET', `/estimates?machineIds=${lab.machineIds.web}&throughput=${SIZE / 4}`);
  expect([throughput.basis, total.ms.likely]).toEqual(['given', 2000]);
  expect((await ok('GET', `${pathOf('mail')}/forecast`)).downtimeMs).toBeUndefined();

  const overview = await ok('GET', '/overview');
  expect(overview.counts).toMatchObject({ migrations: 4, cutOver: 0, running: 0, paused: 0 });
  expect(overview.moved.days).toHaveLength(30);
  expect(overview.moved.sent).toBeGreaterThanOrEqual(SIZE);
  const kinds = overview.attention.map(({ kind }: { kind: string }) => kind);
  expect(kinds.indexOf('mismatch')).toBeLessThan(kinds.indexOf('unscheduled'));
  const seen = (await lab.world.call('GET', '/overview', { as: 'viewer' })).json;
  expect(seen).toMatchObject({ counts: { migrations: 0 }, moved: { runs: 0, sent: 0 }, attention: [] });
});

test('a migration ends with its replicas, or leaves them', async () => {
  const { ok } = lab;
  const held = async () => (await readdir(lab.targetFolder)).filter((name) => !name.startsWith('.')).length;
  const before = await held();
  expect(await refused('DELETE', pathOf('db'))).toBe('argument.invalid');
  await ok('DELETE', `${pathOf('db')}?replicas=remove`);
  expect(await held()).toBe(before - 1);
  expect(await refused('GET', pathOf('db'))).toBe('not.found');
  await ok('DELETE', `${pathOf('web')}?replicas=keep`);
  expect(await held()).toBe(before - 1);
  // It can be made anew, and goes on from what is there.
  const again = await ok('POST', '/migrations', { machineId: lab.machineIds.web, targetId: lab.targetId });
  expect(await endOf((await ok('POST', `/migrations/${again.id}/sync`, {})).operationId)).toBeUndefined();
});
