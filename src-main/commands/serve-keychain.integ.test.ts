import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { type Answer, ask } from '../rest/testing/rest-world.ts';
import { startSession } from '../vault/testing/gnome-keyring.ts';

let folder: string;
const ends: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-keychain-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await rm(folder, { recursive: true, force: true });
});

/** `octopus serve` as its user starts it: no option says where secrets go, so they go to the keychain of this session. */
async function serve(address: string) {
  const portFile = join(folder, 'port');
  const args = [join(import.meta.dirname, '..', 'cli.ts'), 'serve', '--data', join(folder, 'data'), '--port', '0', '--port-file', portFile];
  const environment: NodeJS.ProcessEnv = { ...process.env, DBUS_SESSION_BUS_ADDRESS: address };
  delete environment.DISPLAY;
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  ends.push(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'close');
  let port = '';
  await expect
    .poll(async () => (port = await readFile(portFile, 'utf8').catch(() => (child.exitCode === null ? '' : output))))
    .not.toBe('');
  return {
    url: `http://127.0.0.1:${Number(port)}/api/v1`,
    output: () => output,
    async end() {
      child.kill('SIGTERM');
      return (await exited)[0] as number;
    },
  };
}

const ok = (answer: Answer, status: number) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};

test('octopus serve with a real gnome-keyring: a source is known after a restart, its password is in no file', async () => {
  await using session = await startSession('unlocked');
  await writeFile(join(folder, 'disk.raw'), Buffer.alloc(2 ** 20, 'octopus'));
  const planted = 'planted-password-of-vcenter';
  await using lab = await startLabVcenter({ password: planted, machines: [{ name: 'web', disks: [{ file: join(folder, 'disk.raw') }] }] });
  const { url, username, thumbprint } = lab;
  const password = 'planted-sentence of a person';
  const first = await serve(session.address);
  await expect.poll(first.output).toMatch(/shown only now: \S+/);
  const [, token] = /shown only now: (\S+)/.exec(first.output()) ?? [];
  ok(await ask(`${first.url}/auth/setup`, 'POST', { as: 'nobody', body: { token, name: 'ann', password } }), 201);
  const before = ok(await ask(`${first.url}/auth/login`, 'POST', { as: 'nobody', body: { name: 'ann', password } }), 200);
  const call = (base: string, method: string, path: string, body?: unknown, key?: string) =>
    ask(`${base}${path}`, method, {
      as: 'nobody',
      body,
      headers: { authorization: `Bearer ${before.accessToken}`, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    });
  const login = { url, username, password: planted, thumbprint };
  const source = ok(await call(first.url, 'POST', '/sources', login, 'once'), 201);
  ok(await call(first.url, 'POST', `/sources/${source.id}/sync`), 200);
  // Another key signs from now on; who is signed in stays so.
  ok(await call(first.url, 'POST', '/admin/signing-key/rotate'), 204);
  const after = ok(await ask(`${first.url}/auth/login`, 'POST', { as: 'nobody', body: { name: 'ann', password } }), 200);
  const keyOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid;
  expect(keyOf(after.accessToken)).not.toBe(keyOf(before.accessToken));
  expect(await first.end()).toBe(0);

  const second = await serve(session.address);
  expect(second.output()).not.toContain('shown only now');
  for (const { accessToken } of [before, after]) {
    const headers = { authorization: `Bearer ${accessToken}` };
    expect(ok(await ask(`${second.url}/auth/me`, 'GET', { as: 'nobody', headers }), 200).name).toBe('ann');
  }
  // The password is used, from the keychain: the vCenter lets nobody in without it.
  expect(ok(await call(second.url, 'POST', `/sources/${source.id}/test`), 200)).toMatchObject({
    name: expect.stringContaining('Octopus lab'),
  });
  ok(await call(second.url, 'POST', `/sources/${source.id}/sync`), 200);
  expect(ok(await call(second.url, 'GET', '/vms'), 200).items).toMatchObject([{ name: 'web' }]);
  // The same creating call again is answered as before, across the restart.
  expect(ok(await call(second.url, 'POST', '/sources', login, 'once'), 201)).toEqual(source);
  expect((await call(second.url, 'POST', '/sources', { ...login, username: 'other' }, 'once')).json.code).toBe('conflict.idempotency');
  expect(ok(await call(second.url, 'GET', '/sources'), 200).items).toHaveLength(1);
  expect(ok(await call(second.url, 'GET', '/admin/logs?action=auth.rotate-key'), 200).items).toMatchObject([
    { actor: { name: 'ann' }, outcome: 'succeeded' },
  ]);
  expect(await second.end()).toBe(0);

  const files = await readdir(join(folder, 'data'));
  expect(files).toContain('keychain.id');
  expect(files).not.toContain('secrets.vault');
  for (const name of files) {
    const content = await readFile(join(folder, 'data', name));
    for (const secret of [planted, 'planted-sentence', before.refreshToken, after.refreshToken]) {
      expect(content.includes(secret), name).toBe(false);
    }
  }
  for (const secret of ['planted-', before.accessToken]) expect(first.output() + second.output()).not.toContain(secret);
});
