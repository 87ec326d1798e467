import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { createCertificate } from '../../workers/nbd/testing/nbd-servers.ts';
import { probeVsphere } from '../providers/vsphere/probe-vsphere.ts';
import type { Answer } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';

let world: ApplicationWorld;
beforeAll(async () => {
  world = await openApplicationWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const ok = (answer: Answer, status = 200) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};
const outcomes = (probe: { steps: { id: string; outcome: string }[] }) =>
  Object.fromEntries(probe.steps.map(({ id, outcome }) => [id, outcome]));
const all = ['address', 'connection', 'tls', 'certificate', 'service', 'login', 'privileges'];
/** Passed before it, failed at it, not tried after it. */
const failsAt = (id: string) =>
  Object.fromEntries(
    all.map((one, index) => [one, index < all.indexOf(id) ? 'passed' : index === all.indexOf(id) ? 'failed' : 'not-tried']),
  );
const closed = (server: { close(done: () => void): unknown }) => new Promise<void>((resolve) => server.close(resolve));

test('a vCenter is tried step by step, and nothing is stored', async () => {
  const { call, lab } = world;
  const probe = async (body: object) => ok(await call('POST', '/sources/probe', { body }));
  const { url, username, password, thumbprint } = lab;
  const good = await probe({ url, username, password, thumbprint });
  expect(good).toMatchObject({ ok: true, missingPrivileges: [], server: { version: expect.stringMatching(/^\d/) } });
  expect(good.steps.map(({ id, outcome }: { id: string; outcome: string }) => [id, outcome])).toEqual(all.map((id) => [id, 'passed']));
  expect(good.certificate).toMatchObject({ thumbprint, accepted: true, trusted: false, validTo: expect.stringMatching(/Z$/) });

  // Before a certificate was accepted the service is found, but no password is sent.
  const fresh = await probe({ url, username, password });
  expect(outcomes(fresh)).toEqual({ ...failsAt('certificate'), service: 'passed' });
  expect(fresh).toMatchObject({ ok: false, certificate: { thumbprint, accepted: false }, server: good.server });
  const wrongCertificate = await probe({ url, username, password, thumbprint: createCertificate().thumbprint });
  expect(outcomes(wrongCertificate)).toEqual({ ...failsAt('certificate'), service: 'passed' });
  const wrongPassword = await probe({ url, username, password: 'not the one', thumbprint });
  expect(outcomes(wrongPassword)).toEqual(failsAt('login'));
  expect(wrongPassword.steps[5].text).toMatch(/user name or the password/);
  expect(outcomes(await probe({ url, thumbprint }))).toEqual({ ...failsAt('login'), login: 'not-tried' });
  expect(JSON.stringify([good, fresh, wrongPassword])).not.toMatch(new RegExp(`${password}|not the one`));

  const inAddress = await probe({ url: url.replace('//', '//ada:planted@'), thumbprint });
  expect(outcomes(inAddress)).toEqual(failsAt('address'));
  const told = JSON.stringify([inAddress, ok(await call('GET', '/admin/logs')), world.logLines]);
  expect(told).toContain('source.probe');
  expect(told).not.toContain('planted');
  expect(ok(await call('GET', '/sources')).items).toEqual([]);
  expect((await call('POST', '/sources/probe', { as: 'operator', body: { url } })).status).toBe(403);
  expect(await probe({ url, thumbprint: 'AB' })).toMatchObject({ ok: false, certificate: { thumbprint, accepted: false } });
});

test('what is no vCenter is told where it goes wrong', async () => {
  const { call } = world;
  const probe = async (url: string) => ok(await call('POST', '/sources/probe', { body: { url, username: 'u', password: 'p' } }));
  expect(outcomes(await probe('https://no-such-host.invalid/sdk'))).toEqual(failsAt('address'));
  // Nobody listens there, and nobody is given it.
  const port = 1;
  const refused = await probe(`https://127.0.0.1:${port}/sdk`);
  expect(outcomes(refused)).toEqual(failsAt('connection'));
  expect(refused.steps[1].text).toContain(`refuses connections to port ${port}`);

  const plain = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => plain.once('listening', resolve));
  expect(outcomes(await probe(`https://127.0.0.1:${(plain.address() as AddressInfo).port}/sdk`))).toEqual(failsAt('tls'));
  await closed(plain);

  const { key, cert, ca, thumbprint } = createCertificate();
  let told = '';
  const other = https.createServer({ key, cert }, (request, response) => {
    request.on('data', (bytes) => {
      told += bytes;
    });
    response.writeHead(404).end('<html>not here</html>');
  });
  other.listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const url = `https://127.0.0.1:${(other.address() as AddressInfo).port}/sdk`;
  const body = { url, username: 'u', password: 'secret word', thumbprint };
  const elsewhere = ok(await call('POST', '/sources/probe', { body }));
  expect(outcomes(elsewhere)).toEqual(failsAt('service'));
  // What the system trusts needs no thumbprint, and what it does not trust is not known.
  const trusted = await probeVsphere({ url, authorities: [ca] });
  expect([outcomes(trusted), trusted.certificate?.trusted]).toEqual([failsAt('service'), true]);
  expect((await probeVsphere({ url })).certificate).toMatchObject({ trusted: false, thumbprint });
  expect(told).not.toContain('secret word');
  other.closeAllConnections();
  await closed(other);

  // One that takes connections and says nothing.
  const sockets = new Set<net.Socket>();
  const silent = net.createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const silentUrl = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/sdk`;
  expect(outcomes(await probeVsphere({ url: silentUrl, timeoutMs: 2000 }))).toEqual(failsAt('tls'));
  await expect(probeVsphere({ url: silentUrl }, AbortSignal.timeout(100))).rejects.toThrow();
  for (const socket of sockets) socket.destroy();
  await closed(silent);
});

test('privileges that are missing are named with where', async () => {
  await using lab = await startLabVcenter({ generate: 3, seed: 5, deniedPrivileges: ['VirtualMachine.State.CreateSnapshot'] });
  const { url, username, password, thumbprint } = lab;
  const probe = await probeVsphere({ url, username, password, thumbprint });
  expect(outcomes(probe)).toEqual({ ...failsAt('privileges') });
  expect(probe.missingPrivileges).toContainEqual({ privilege: 'VirtualMachine.State.CreateSnapshot', on: expect.any(String) });
});

test('a target folder is tried, and nothing stays', async () => {
  const { call, folder } = world;
  const probe = async (path: string) => ok(await call('POST', '/targets/probe', { body: { folder: path } }));
  const home = join(folder, 'shelf');
  await mkdir(home);
  const good = await probe(home);
  expect(good).toMatchObject({
    ok: true,
    exists: true,
    folder: home,
    freeBytes: expect.any(Number),
    reflink: expect.any(Boolean),
    directIo: expect.any(Boolean),
  });
  expect(good.totalBytes).toBeGreaterThan(good.freeBytes);
  expect(good.steps.map(({ id }: { id: string }) => id)).toEqual(['path', 'folder', 'write', 'space', 'reflink', 'direct-io']);
  expect(await readdir(home)).toEqual([]);
  expect(await probe(join(home, 'a/b'))).toMatchObject({ ok: true, exists: false });
  expect(await readdir(home)).toEqual([]);
  await writeFile(join(home, 'file'), '');
  for (const path of [join(home, 'file'), join(home, 'file/below')]) {
    expect(await probe(path)).toMatchObject({
      ok: false,
      steps: [{ outcome: 'passed' }, { id: 'folder', outcome: 'failed' }, { outcome: 'not-tried' }, {}, {}, {}],
    });
  }
  expect(outcomes(await probe('/proc/nothing'))).toMatchObject({ path: 'passed', folder: 'failed', write: 'not-tried' });
  const windows = await probe('C:/x');
  expect(windows).toMatchObject({
    ok: false,
    steps: [{ id: 'path', outcome: 'failed', text: expect.stringContaining('path of Windows') }, {}, {}, {}, {}, {}],
  });
  const refused = await call('POST', '/targets', { body: { folder: 'C:/x' } });
  expect(refused).toMatchObject({ status: 400, json: { field: 'folder', detail: expect.stringContaining('path of Windows') } });

  const target = ok(await call('POST', '/targets', { body: { folder: home } }), 201);
  expect(target.totalBytes).toBe(good.totalBytes);
  expect(ok(await call('GET', '/targets')).items[0].freeBytes).toBeGreaterThan(0);
  ok(await call('DELETE', `/targets/${target.id}`), 204);
});

test('disk images become a source, its machines are listed and replicated', async () => {
  const { call, folder } = world;
  const home = join(folder, 'images');
  await mkdir(home);
  await writeFile(join(home, 'web.raw'), Buffer.alloc(2 ** 20, 'web'));
  await writeFile(join(home, 'web_1.raw'), Buffer.alloc(2 ** 20, 'more'));
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(home, 'db.qcow2'), '1M']);
  const body = { kind: 'images', folder: home };
  const probe = ok(await call('POST', '/sources/probe', { body }));
  expect(probe).toMatchObject({ ok: true, images: { machines: 2, disks: 3, bytes: 3 * 2 ** 20, skipped: [] } });
  for (const wrong of [{ kind: 'images' }, { ...body, files: ['/x.raw'] }, { ...body, folder: 'C:/x' }]) {
    expect(await call('POST', '/sources', { body: wrong })).toMatchObject({ status: 400, json: { field: 'folder' } });
  }
  expect(await call('POST', '/sources', { body: { ...body, folder } })).toMatchObject({ status: 201 });
  const [first] = ok(await call('GET', '/sources')).items;
  ok(await call('DELETE', `/sources/${first.id}`), 204);
  const source = ok(await call('POST', '/sources', { body }), 201);
  expect(source).toEqual({ id: source.id, kind: 'images', name: 'images', folder: home, grouping: 'by-name', createdAt: source.createdAt });
  expect((await call('POST', '/sources', { body })).json.code).toBe('conflict.exists');
  expect(ok(await call('POST', `/sources/${source.id}/test`)).name).toBe(home);
  expect(ok(await call('POST', `/sources/${source.id}/sync`))).toMatchObject({ machines: 2, removed: 0 });
  expect(ok(await call('GET', `/sources/${source.id}`)).inventory).toEqual({ machines: 2, readAt: expect.any(String) });
  expect((await call('PATCH', `/sources/${source.id}`, { body: { username: 'x' } })).json).toMatchObject({ field: 'kind' });
  expect(ok(await call('PATCH', `/sources/${source.id}`, { body: { kind: 'images', name: 'shelf', grouping: 'each-alone' } })).name).toBe(
    'shelf',
  );
  expect(ok(await call('POST', `/sources/${source.id}/sync`))).toMatchObject({ machines: 3 });
  ok(await call('PATCH', `/sources/${source.id}`, { body: { kind: 'images', grouping: 'by-name' } }));
  ok(await call('POST', `/sources/${source.id}/sync`));

  const listed = ok(await call('GET', `/vms?sourceId=${source.id}&limit=1`));
  expect([listed.total, listed.items.length]).toEqual([2, 1]);
  const vms = ok(await call('GET', `/vms?sourceId=${source.id}&limit=1000`)).items;
  expect(ok(await call('GET', `/vms?ids=${vms[1].id},none`))).toMatchObject({ total: 1, items: [{ id: vms[1].id }] });
  const tree = ok(await call('GET', '/vms/tree', { as: 'viewer' }));
  expect(tree).toMatchObject({ machines: 2, protected: 0, sources: [{ sourceId: source.id, kind: 'images', name: 'shelf', machines: 2 }] });
  expect(tree.sources[0].folders.at(-1)).toMatchObject({ path: home, name: 'images', machines: 2 });

  const target = ok(await call('POST', '/targets', { body: { folder: join(folder, 'copies') } }), 201);
  const web = vms.find(({ name }: { name: string }) => name === 'web');
  const migration = ok(await call('POST', '/migrations', { body: { machineId: web.id, targetId: target.id } }), 201);
  ok(await call('POST', `/migrations/${migration.id}/sync`, { body: { kind: 'incremental' } }), 202);
  const last = async () => ok(await call('GET', `/migrations/${migration.id}`)).lastRun;
  await expect.poll(last).toMatchObject({ state: 'succeeded' });
  const machine = ok(await call('GET', `/vms/${web.id}`));
  expect(machine.tracking).toMatchObject({ state: 'unsupported', text: expect.stringContaining('no change tracking') });
  expect(machine.migrations).toEqual([expect.objectContaining({ id: migration.id, targetName: 'copies', recoveryPoints: 1 })]);
  expect(ok(await call('GET', `/vms/${web.id}`, { as: 'viewer' })).migrations).toEqual([]);
  expect(ok(await call('GET', '/vms/tree')).protected).toBe(1);
});
