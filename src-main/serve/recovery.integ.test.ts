import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { ask } from '../rest/testing/rest-world.ts';
import type { Application } from './open-application.ts';
import { openTestApplication } from './testing/application-world.ts';

const MiB = 2 ** 20;
const patient = { timeout: 60_000, interval: 50 };
const login = { name: 'admin', password: 'a long sentence for the test' };

/** Whoever is signed in, on one life of the application. */
async function client(application: Application) {
  const { url } = application.rest;
  const first = await ask(`${url}/auth/setup`, 'POST', {
    as: 'nobody',
    body: { token: await application.identity.issueSetUpToken().catch(() => 'none'), ...login },
  });
  const session = first.status < 300 ? first : await ask(`${url}/auth/login`, 'POST', { as: 'nobody', body: login });
  const headers = { authorization: `Bearer ${session.json.accessToken}` };
  return async (method: string, path: string, body?: object) => {
    const answer = await ask(url + path, method, { as: 'nobody', headers, ...(body ? { body } : {}) });
    expect(answer.status, `${method} ${path} ${answer.text}`).toBeLessThan(300);
    return answer.json;
  };
}

test('what was interrupted goes on through the queue: side by side, shown, cancellable, each as one run, and keeps nothing waiting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-recovery-'));
  try {
    const data = join(folder, 'data');
    await mkdir(data);
    // As many as may go on at a time on one host.
    const names = ['a', 'b', 'c', 'd'];
    const disks = names.map((name) => ({ name, file: join(folder, `${name}.raw`) }));
    for (const { file } of disks) await writeFile(file, randomBytes(8 * MiB));
    await using lab = await startLabVcenter({
      machines: disks.map(({ name, file }) => ({ name, memory: 64 * MiB, cpus: 1, disks: [{ file }] })),
    });
    const ids: Record<string, string> = {};
    const idOf = (name: string) => ids[name] as string;
    {
      await using application = await openTestApplication(data);
      const call = await client(application);
      const { url, username, password, thumbprint } = lab;
      const source = await call('POST', '/sources', { url, username, password, thumbprint });
      await call('POST', `/sources/${source.id}/sync`);
      const target = await call('POST', '/targets', { folder: join(folder, 'target'), name: 'shelf' });
      for (const { id, name } of (await call('GET', `/vms?sourceId=${source.id}`)).items) {
        ids[name] = (await call('POST', '/migrations', { machineId: id, targetId: target.id, settings: { bandwidthLimit: MiB / 32 } })).id;
      }
      await call('PUT', '/admin/env/replication.parallelDisksPerHost', { value: 16 });
      await call('PUT', '/admin/env/replication.parallelDisksPerDatastore', { value: 16 });
      for (const name of ['a', 'b', 'c']) await call('POST', `/migrations/${idOf(name)}/sync`);
      for (const name of ['a', 'b', 'c']) {
        await expect.poll(async () => (await call('GET', `/migrations/${idOf(name)}`)).lastRun?.phase, patient).toBe('transfer');
      }
      await call('PUT', '/admin/scheduler', { state: 'paused' });
    }
    // As a kill leaves it: tasks leased by a process that is gone. One run has lost its task.
    const database = new SqliteDatabase(join(data, 'octopus.db'));
    try {
      const killed = `UPDATE scheduled_tasks SET state = 'leased', lease_owner = 'gone', lease_until = '2999', attempts = 1, token = 7`;
      expect(database.prepare(`${killed} WHERE state = 'waiting' AND kind = 'run'`).run().changes).toBe(3);
      database.prepare('DELETE FROM scheduled_tasks WHERE job_id = ?').run(idOf('c'));
    } finally {
      database.close();
    }
    await using application = await openTestApplication(data);
    const call = await client(application);
    const migration = (name: string) => call('GET', `/migrations/${idOf(name)}`);
    const going = { working: 'sync', lastRun: { state: 'running', phase: 'transfer' } };
    for (const name of ['a', 'b', 'c']) await expect.poll(() => migration(name), patient).toMatchObject(going);
    // Paused is what is new; once it is not, other work begins meanwhile.
    await call('PUT', '/admin/scheduler', { state: 'running' });
    await call('POST', `/migrations/${idOf('d')}/sync`);
    await expect.poll(() => migration('d'), patient).toMatchObject(going);
    for (const name of names) expect(await migration(name)).toMatchObject(going);
    await call('POST', `/migrations/${idOf('b')}/cancel`);
    expect(await migration('b')).toMatchObject({ lastRun: { state: 'cancelled' } });
    for (const name of ['a', 'c', 'd']) await call('PATCH', `/migrations/${idOf(name)}`, { settings: { bandwidthLimit: 0 } });
    for (const name of ['a', 'c', 'd']) {
      await expect.poll(() => migration(name), patient).toMatchObject({ lastRun: { state: 'succeeded', counts: { read: 8 * MiB } } });
      await expect.poll(async () => (await migration(name)).working, patient).toBeUndefined();
    }
    // One interruption, one run; also once nothing of it waits any more.
    const left = async () => {
      const { waiting, running } = await call('GET', '/admin/scheduler');
      return waiting + running;
    };
    await expect.poll(left, patient).toBe(0);
    for (const name of names) {
      const { items } = await call('GET', `/migrations/${idOf(name)}/runs`);
      expect(items, name).toHaveLength(1);
    }
    const own = [...lab.world.machines.values()].flatMap(({ snapshots }) => [...snapshots.values()].map(({ name }) => name));
    expect(own).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
