import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openEventClient } from '../rest/testing/event-client.ts';
import type { Answer } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';

let world: ApplicationWorld;
beforeAll(async () => {
  world = await openApplicationWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const ok = (answer: Answer, status: number) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};
const codeOf = async (answer: Promise<Answer>) => (await answer).json?.code;

test('a source, a target and a migration from beginning to end', async () => {
  const { call, lab } = world;
  const { url, username, password, thumbprint } = lab;
  const wrong = { url, username, password: 'not the one', thumbprint };
  expect(await codeOf(call('POST', '/sources', { body: wrong }))).toBe('source.denied');
  expect(ok(await call('GET', '/sources'), 200).items).toEqual([]);
  const source = ok(await call('POST', '/sources', { body: { ...wrong, password } }), 201);
  expect(await codeOf(call('POST', '/sources', { body: { ...wrong, password } }))).toBe('conflict.exists');
  expect(ok(await call('POST', `/sources/${source.id}/test`), 200)).toMatchObject({ name: expect.any(String) });
  expect(ok(await call('POST', `/sources/${source.id}/sync`), 200)).toMatchObject({ machines: 1, removed: 0 });

  // Its password is taken along by a change of another field; another vCenter is no change of this one.
  ok(await call('PATCH', `/sources/${source.id}`, { body: { username } }), 200);
  expect(await codeOf(call('PATCH', `/sources/${source.id}`, { body: { password: 'not the one' } }))).toBe('source.denied');
  ok(await call('POST', `/sources/${source.id}/test`), 200);
  await using other = await startLabVcenter({ generate: 1, seed: 99 });
  const login = { url: other.url, username: other.username, password: other.password, thumbprint: other.thumbprint };
  expect(await call('PATCH', `/sources/${source.id}`, { body: login })).toMatchObject({ status: 400, json: { field: 'url' } });

  const target = ok(await call('POST', '/targets', { body: { folder: join(world.folder, 'target'), name: 'shelf' } }), 201);
  expect(ok(await call('PATCH', `/targets/${target.id}`, { body: { name: 'rack' } }), 200).name).toBe('rack');
  const [machine] = ok(await call('GET', '/vms'), 200).items;
  const body = { machineId: machine.id, targetId: target.id };
  const migration = ok(await call('POST', '/migrations', { as: 'operator', body }), 201);
  expect(await codeOf(call('POST', '/migrations', { body }))).toBe('conflict.exists');
  expect(await codeOf(call('DELETE', `/sources/${source.id}`))).toBe('conflict.in-use');
  expect(await codeOf(call('DELETE', `/targets/${target.id}`))).toBe('conflict.in-use');

  using mine = await openEventClient(world.application.rest.url, world.tokens.operator, 0);
  using others = await openEventClient(world.application.rest.url, world.tokens.viewer, 0);
  const path = `/migrations/${migration.id}`;
  const [one, two] = await Promise.all([0, 1].map(() => call('POST', `${path}/sync`, { as: 'operator', body: { kind: 'incremental' } })));
  expect([one?.status, two?.status].sort()).toEqual([202, 409]);
  await expect.poll(() => mine.told.map(({ event }) => event)).toContain('operation.ended');
  const types = mine.told.map(({ event }) => event);
  expect(types.filter((type) => type === 'run.started')).toHaveLength(1);
  expect(mine.told.at(types.indexOf('run.ended'))?.data.data).toMatchObject({ state: 'succeeded' });
  expect(types.indexOf('operation.started')).toBeLessThan(types.indexOf('run.started'));
  expect(others.told.map(({ data }) => data.data?.migrationId).filter((id) => id !== undefined)).toEqual([]);
  expect(ok(await call('GET', path, { as: 'operator' }), 200)).toMatchObject({ lastRun: { state: 'succeeded' } });

  // Beginning and cancelling leaves nothing busy.
  ok(await call('POST', `${path}/sync`, { body: { kind: 'reconcile' } }), 202);
  expect(ok(await call('POST', `${path}/cancel`), 200).working).toBeUndefined();
  await expect.poll(() => mine.told.filter(({ event }) => event === 'operation.ended').length).toBe(2);
  expect(mine.told.findLast(({ event }) => event === 'operation.ended')?.data.data).toMatchObject({
    kind: 'sync',
    error: { code: 'operation.cancelled' },
  });
  expect(await codeOf(call('POST', `${path}/rollback`))).toBe('job.state');
  ok(await call('PUT', '/admin/env/replication.parallelDisksPerHost', { body: { value: 1 } }), 200);
});

test('the lab comes as a source of its own, once', async () => {
  const { call } = world;
  expect(ok(await call('GET', '/lab'), 200)).toEqual({ running: false, machines: 0 });
  const start = () => call('POST', '/lab', { body: { machines: 2, seed: 5 } });
  const [first, second] = await Promise.all([start(), start()]);
  expect(ok(first, 200)).toMatchObject({ running: true, machines: 2 });
  expect(ok(second, 200).sourceId).toBe(first.json.sourceId);
  expect(ok(await call('GET', `/vms?sourceId=${first.json.sourceId}`), 200).items).toHaveLength(2);
  ok(await call('DELETE', '/lab'), 204);
  expect(ok(await call('GET', '/lab'), 200).running).toBe(false);
  // Ended and started anew it is the same source, at another address.
  expect(ok(await start(), 200).sourceId).toBe(first.json.sourceId);
  ok(await call('DELETE', '/lab'), 204);
  ok(await call('DELETE', `/sources/${first.json.sourceId}`), 204);
  ok(await start(), 200);
});

test('nothing secret is in the log', () => {
  const log = world.logLines.join('');
  for (const secret of [world.lab.password, world.password, ...Object.values(world.tokens)]) expect(log).not.toContain(secret);
});

test('a source that no longer answers says so until it does', async () => {
  const { call } = world;
  const folder = join(world.folder, 'images');
  await mkdir(folder);
  await writeFile(join(folder, 'web.raw'), Buffer.alloc(4096, 'octopus'));
  const made = ok(await call('POST', '/sources', { body: { kind: 'images', folder } }), 201);
  const path = `/sources/${made.id}`;
  const read = async () => ok(await call('GET', path, { as: 'viewer' }), 200);
  ok(await call('POST', `${path}/sync`, { as: 'operator' }), 200);
  expect((await read()).contact).toEqual({ askedAt: expect.any(String), answeredAt: expect.any(String) });

  using told = await openEventClient(world.application.rest.url, world.tokens.viewer, 0);
  const changes = () => told.told.flatMap(({ data }) => (data.data?.sourceId === made.id ? data.data.change : []));
  await rename(folder, `${folder}-away`);
  const { status, json } = await call('POST', `${path}/sync`, { as: 'operator' });
  expect(status).toBeGreaterThan(399);
  const { contact } = await read();
  expect(contact.failure).toMatchObject({ code: json.code, message: json.detail });
  expect((await call('POST', `${path}/test`)).status).toBeGreaterThan(399);
  expect((await read()).contact.failure.since).toBe(contact.failure.since);
  const attention = async () =>
    ok(await call('GET', '/overview'), 200).attention.filter(({ sourceId }: { sourceId: string }) => sourceId === made.id);
  expect(await attention()).toMatchObject([{ kind: 'source-failed', environmentName: made.name, since: contact.failure.since }]);

  await rename(`${folder}-away`, folder);
  ok(await call('POST', `${path}/test`), 200);
  expect((await read()).contact.failure).toBeUndefined();
  expect(await attention()).toEqual([]);
  ok(await call('POST', `${path}/sync`), 200);
  await expect.poll(changes, { timeout: 60_000 }).toEqual(['created', 'synced', 'failed', 'failed', 'updated', 'synced']);
  ok(await call('DELETE', path), 204);
});

test('a vCenter is called by its host until it is named, and keeps its name at another address', async () => {
  const { call } = world;
  const first = await startLabVcenter({ generate: 1, seed: 4711 });
  const { url, username, password, thumbprint } = first;
  const made = ok(await call('POST', '/sources', { body: { url, username, password, thumbprint } }), 201);
  expect(made.name).toBe(new URL(url).host);
  await using second = await startLabVcenter({ generate: 1, seed: 4711 });
  const login = { url: second.url, password: second.password, thumbprint: second.thumbprint };
  const path = `/sources/${made.id}`;
  expect(ok(await call('PATCH', path, { body: login }), 200).name).toBe(new URL(second.url).host);
  await first.close();
  expect(ok(await call('PATCH', path, { body: { name: 'Cellar' } }), 200)).toMatchObject({ name: 'Cellar', url: second.url });
  expect(ok(await call('PATCH', path, { body: login }), 200)).toMatchObject({ name: 'Cellar' });
  ok(await call('DELETE', path), 204);
});

test('a target whose folder is gone says so since when, and no longer once it is back', async () => {
  const { call } = world;
  const folder = join(world.folder, 'comes-and-goes');
  const target = ok(await call('POST', '/targets', { body: { folder } }), 201);
  const overview = async () =>
    ok(await call('GET', '/overview', { as: 'viewer' }), 200).attention.filter(
      ({ targetId }: { targetId: string }) => targetId === target.id,
    );
  expect(await overview()).toEqual([]);
  await rename(folder, `${folder}-away`);
  expect(await overview()).toMatchObject([{ kind: 'target-failed', environmentName: target.name }]);
  const gone = ok(await call('GET', `/targets/${target.id}`), 200);
  expect(gone).toMatchObject({ contact: { failure: { code: 'target.unreachable', since: expect.any(String) } } });
  expect(gone.freeBytes).toBeUndefined();
  await rename(`${folder}-away`, folder);
  expect(ok(await call('GET', `/targets/${target.id}`), 200).contact.failure).toBeUndefined();
  expect(await overview()).toEqual([]);
});
