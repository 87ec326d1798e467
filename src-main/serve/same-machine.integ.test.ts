import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { checkIds } from '../../src-preload/contract/routes/migration-insight.ts';
import { systemClock } from '../domain/clock.ts';
import { ask } from '../rest/testing/rest-world.ts';
import type { Application } from './open-application.ts';
import { openTestApplication } from './testing/application-world.ts';

const MiB = 2 ** 20;
const patient = { timeout: 30_000, interval: 50 };
const login = { name: 'admin', password: 'a long sentence for the test' };
/** Minutes for half a disk: what frees it is a change. */
const slow = { bandwidthLimit: MiB / 32 };

let folder: string;
let lab: LabVcenter;
let application: Application;
let call: Awaited<ReturnType<typeof client>>;
let first: string;
let second: string;
/** Milliseconds that the application's clock is ahead. */
let ahead: number;
const clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };

/** Whoever is signed in, on one life of the application. */
async function client() {
  const { url } = application.rest;
  const set = await ask(`${url}/auth/setup`, 'POST', {
    as: 'nobody',
    body: { token: await application.identity.issueSetUpToken().catch(() => 'none'), ...login },
  });
  const session = set.status < 300 ? set : await ask(`${url}/auth/login`, 'POST', { as: 'nobody', body: login });
  const headers = { authorization: `Bearer ${session.json.accessToken}` };
  return async (method: string, path: string, body?: object) => {
    const answer = await ask(url + path, method, { as: 'nobody', headers, ...(body ? { body } : {}) });
    expect(answer.status, `${method} ${path} ${answer.text}`).toBeLessThan(300);
    return answer.json;
  };
}

async function open(): Promise<void> {
  application = await openTestApplication(join(folder, 'data'), {}, [], clock);
  call = await client();
}

/** Two migrations of one machine, each to a folder of its own. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-same-machine-'));
  ahead = 0;
  await mkdir(join(folder, 'data'));
  const file = join(folder, 'web.raw');
  await writeFile(file, randomBytes(8 * MiB));
  lab = await startLabVcenter({ machines: [{ name: 'web', memory: 64 * MiB, cpus: 1, disks: [{ file }] }] });
  await open();
  const { url, username, password, thumbprint } = lab;
  const source = await call('POST', '/sources', { url, username, password, thumbprint });
  await call('POST', `/sources/${source.id}/sync`);
  const [{ id: machineId }] = (await call('GET', `/vms?sourceId=${source.id}`)).items;
  const ids: string[] = [];
  for (const name of ['one', 'two']) {
    const target = await call('POST', '/targets', { folder: join(folder, name), name });
    ids.push((await call('POST', '/migrations', { machineId, targetId: target.id })).id);
  }
  [first, second] = ids as [string, string];
});
afterEach(async () => {
  await application.close();
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

const migration = (id: string) => call('GET', `/migrations/${id}`);
const idle = async (id: string) => {
  await expect.poll(async () => (await migration(id)).working, patient).toBeUndefined();
  return migration(id);
};
const openTasks = async (id: string) => (await call('GET', `/tasks?migrationId=${id}&state=waiting`)).items;
async function copying(id: string): Promise<void> {
  await call('PATCH', `/migrations/${id}`, { settings: slow });
  await call('POST', `/migrations/${id}/sync`);
  await expect.poll(async () => (await migration(id)).lastRun?.phase, patient).toBe('transfer');
}
const free = (id: string) => call('PATCH', `/migrations/${id}`, { settings: { bandwidthLimit: 0 } });
const task = async (id: string) => (await call('GET', `/tasks?migrationId=${id}&state=running`)).items[0];

test('a run waits in the queue while another migration replicates the same machine, is cancelled there, then goes on', async () => {
  await copying(first);
  await call('POST', `/migrations/${second}/sync`);
  await expect.poll(() => openTasks(second), patient).toMatchObject([{ state: 'waiting', attempts: 0, waitsFor: (await task(first)).id }]);
  expect(await migration(second)).toMatchObject({ working: 'sync' });
  expect((await migration(second)).lastRun).toBeUndefined();
  expect((await call('POST', `/migrations/${second}/cancel`)).working).toBeUndefined();
  expect(await openTasks(second)).toEqual([]);

  await call('POST', `/migrations/${second}/sync`);
  await free(first);
  expect((await idle(first)).lastRun).toMatchObject({ state: 'succeeded' });
  expect((await idle(second)).lastRun).toMatchObject({ state: 'succeeded' });
  expect((await call('GET', `/tasks?migrationId=${second}`)).items).toMatchObject([{ state: 'done' }, { state: 'cancelled' }]);
});

test('also after a restart: what was interrupted goes on, then what waited for it', async () => {
  await copying(first);
  await call('POST', `/migrations/${second}/sync`);
  await application.close();
  await open();
  await expect.poll(async () => (await migration(first)).lastRun?.phase, patient).toBe('transfer');
  await expect.poll(() => openTasks(second), patient).toMatchObject([{ state: 'waiting', waitsFor: (await task(first)).id }]);
  expect((await migration(second)).lastRun).toBeUndefined();
  await free(first);
  for (const id of [first, second]) expect((await idle(id)).lastRun).toMatchObject({ state: 'succeeded' });
  expect((await call('GET', `/migrations/${first}/runs`)).items).toHaveLength(1);
});

test('a run that waited for a cutover of the same machine copies it as it is then: switched off', async () => {
  await copying(first);
  await free(first);
  await idle(first);
  await copying(second);
  // Behind a run, so that the other one surely stands in the queue with it; a cutover goes first.
  await call('POST', `/migrations/${first}/cutover`, { preSync: false, accept: checkIds });
  await expect.poll(() => openTasks(first), patient).toMatchObject([{ kind: 'cutover', waitsFor: (await task(second)).id }]);
  await call('POST', `/migrations/${second}/cancel`);
  await free(second);
  await call('POST', `/migrations/${second}/sync`);
  expect(await idle(first)).toMatchObject({ state: 'cut-over', lastCutover: { state: 'done' } });
  expect(await idle(second)).toMatchObject({ state: 'active', lastRun: { state: 'succeeded' } });
  const [web] = [...lab.world.machines.values()];
  expect([...web!.snapshots.values()]).toEqual([]);
  // The machine at the target would outlive the test.
  await call('POST', `/migrations/${first}/rollback`);
  expect(await idle(first)).toMatchObject({ state: 'active', lastCutover: { state: 'rolled-back' } });
});

test('a cutover that could not begin in time, asked for or planned, is told of while the other migration still works', async () => {
  await copying(first);
  await call('POST', `/migrations/${second}/cutover`, { preSync: false, accept: checkIds });
  expect(await openTasks(second)).toMatchObject([{ kind: 'cutover', waitsFor: (await task(first)).id, latestStart: expect.any(String) }]);
  await call('POST', `/migrations/${second}/cancel`);
  expect(await migration(second)).not.toHaveProperty('working');
  const plan = { kind: 'cutover', migrationId: second, accept: checkIds.filter((id) => id === 'disks') };
  await call('POST', '/schedules', {
    ...plan,
    timing: { type: 'once', at: new Date(Date.now() + 1000).toISOString(), checkLeadMs: 0, graceMs: 10 * 60_000 },
  });
  await expect.poll(() => openTasks(second), patient).toMatchObject([{ kind: 'cutover', waitsFor: (await task(first)).id }]);
  await call('POST', `/migrations/${second}/cutover`, { preSync: false, accept: checkIds });

  ahead = 61 * 60_000;
  call = await client();
  // It looks at once.
  await call('PUT', '/admin/scheduler', { state: 'running' });
  const holder = await task(first);
  const why = ': another migration of the same machine went on. Plan it again.';
  const messages = [
    `The cutover could not begin within 1 h of being asked for${why}`,
    `The cutover could not begin within 10 min of its planned time${why}`,
  ];
  const told = async () => (await call('GET', `/admin/logs?subjectId=${second}&action=cutover.failed`)).items;
  await expect.poll(async () => (await told()).map(({ message }: { message: string }) => message).sort(), patient).toEqual(messages);
  expect(await idle(second)).toMatchObject({ lastFailure: { code: 'job.state', message: messages[0] } });
  const failed = (await call('GET', `/tasks?migrationId=${second}&state=failed`)).items;
  expect(failed).toMatchObject([{ heldBy: holder.id }, { heldBy: holder.id }]);
  expect(await call('GET', `/tasks/${holder.id}`)).toMatchObject({ state: 'running', machineName: 'web', targetName: 'one' });
  expect((await migration(first)).lastRun).toMatchObject({ state: 'running' });
});
