import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openEventClient } from '../rest/testing/event-client.ts';
import { type Answer, ask } from '../rest/testing/rest-world.ts';

let folder: string;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-serve-'));
  await writeFile(join(folder, 'passphrase'), 'a passphrase of the test\n', { mode: 0o600 });
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Served {
  child: ChildProcess;
  output: () => string;
  port: number;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

async function serve(...args: string[]): Promise<Served> {
  const portFile = join(folder, 'port');
  const all = ['--data', join(folder, 'data'), '--port', '0', '--port-file', portFile, '--vault', 'file'];
  const cli = join(import.meta.dirname, '..', 'cli.ts');
  const child = spawn(process.execPath, [cli, 'serve', ...all, '--passphrase-file', join(folder, 'passphrase'), ...args]);
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  // Not its exit: what it said may still be on the way then.
  const exited = once(child, 'close');
  const port = await Promise.race([
    waitForFile(portFile),
    exited.then(([code]) => Promise.reject(new Error(`it ended with ${code}: ${output}`))),
  ]);
  return {
    child,
    output: () => output,
    port: Number(port),
    async end(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

async function waitForFile(path: string): Promise<string> {
  for (;;) {
    const content = await readFile(path, 'utf8').catch(() => undefined);
    if (content !== undefined) return content;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ok = (answer: Answer, status: number) => {
  expect(answer.status, answer.text).toBe(status);
  return answer.json;
};

test('sets up, replicates a machine, tells of it, ends cleanly, and remembers', async () => {
  const content = Buffer.alloc(2 ** 20, 'octopus');
  await writeFile(join(folder, 'disk.raw'), content);
  await using lab = await startLabVcenter({ machines: [{ name: 'web', disks: [{ file: join(folder, 'disk.raw') }] }] });
  const password = 'planted-password of a person';
  const first = await serve();
  const url = `http://127.0.0.1:${first.port}/api/v1`;
  await expect.poll(first.output).toMatch(/shown only now: \S+/);
  const token = /shown only now: (\S+)/.exec(first.output())?.[1];
  expect(ok(await ask(`${url}/health`, 'GET', { as: 'nobody' }), 200)).toMatchObject({ status: 'ok', setupNeeded: true });
  const session = ok(await ask(`${url}/auth/setup`, 'POST', { as: 'nobody', body: { token, name: 'ann', password } }), 201);
  const call = (method: string, path: string, body?: unknown, base = url) =>
    ask(`${base}${path}`, method, { as: 'nobody', body, headers: { authorization: `Bearer ${session.accessToken}` } });
  using events = await openEventClient(url, session.accessToken, 0);
  const { username, thumbprint } = lab;
  const source = ok(await call('POST', '/sources', { url: lab.url, username, password: lab.password, thumbprint }), 201);
  ok(await call('POST', `/sources/${source.id}/sync`), 200);
  const target = ok(await call('POST', '/targets', { folder: join(folder, 'target') }), 201);
  const [machine] = ok(await call('GET', '/vms'), 200).items;
  const migration = ok(await call('POST', '/migrations', { machineId: machine.id, targetId: target.id }), 201);
  ok(await call('POST', `/migrations/${migration.id}/sync`, { kind: 'incremental' }), 202);
  await expect.poll(() => events.told.map(({ event }) => event)).toContain('operation.ended');
  expect(events.told.find(({ event }) => event === 'run.ended')?.data.data).toMatchObject({
    state: 'succeeded',
    migrationId: migration.id,
  });
  expect(ok(await call('GET', `/migrations/${migration.id}/recovery-points`), 200).items).toHaveLength(1);
  const last = Number(events.told.at(-1)?.id);

  // Killed, it starts again with what it knew: the password is in the vault, the token is still good, no other set-up token is shown.
  await first.end('SIGKILL');
  await rm(join(folder, 'port'));
  const second = await serve();
  const again = `http://127.0.0.1:${second.port}/api/v1`;
  expect(second.output()).not.toContain('shown only now');
  using resumed = await openEventClient(again, session.accessToken, last);
  ok(await call('POST', `/sources/${source.id}/sync`, undefined, again), 200);
  await resumed.until(1);
  expect(Number(resumed.told[0]?.id)).toBe(last + 1);
  expect(await second.end('SIGTERM')).toBe(0);
  await resumed.ended;
  expect(resumed.told.at(-1)).toMatchObject({ event: 'stream.end', data: { reason: 'stopping' } });
  for (const secret of ['planted-password', lab.password, session.accessToken, session.refreshToken]) {
    expect(first.output() + second.output()).not.toContain(secret);
  }
});

test('a passphrase file that others can read is refused before anything is made', async () => {
  await chmod(join(folder, 'passphrase'), 0o644);
  await expect(serve()).rejects.toThrow(/chmod 600/);
  expect(await readdir(folder)).toEqual(['passphrase']);
});

test('TLS on every address; without it only the loopback', async () => {
  await expect(serve('--address', '0.0.0.0')).rejects.toThrow(/only with TLS/);
  await expect(serve('--tls-cert', 'x')).rejects.toThrow(/together/);
  const pem = await generate([{ name: 'commonName', value: 'localhost' }]);
  await writeFile(join(folder, 'cert.pem'), pem.cert);
  await writeFile(join(folder, 'key.pem'), pem.private);
  const served = await serve('--address', '0.0.0.0', '--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem'));
  const headers = await new Promise((resolve, reject) => {
    request(
      { port: served.port, path: '/api/v1/health', ca: pem.cert, servername: 'localhost', checkServerIdentity: () => undefined },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode, ...response.headers });
      },
    )
      .on('error', reject)
      .end();
  });
  expect(headers).toMatchObject({ status: 200, 'strict-transport-security': 'max-age=31536000' });
  expect(await served.end('SIGTERM')).toBe(0);
});
