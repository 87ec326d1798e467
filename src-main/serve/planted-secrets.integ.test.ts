import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Sessions } from '../../lab/vcenter/http/sessions.ts';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { openEventClient } from '../rest/testing/event-client.ts';
import { type AskOptions, ask } from '../rest/testing/rest-world.ts';
import { createPlantedSecrets, watchProcesses } from './testing/planted-secrets.ts';

let folder: string;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-planted-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** In a working folder of its own, where a core file or a report of Node would be. */
async function serve(dump: string) {
  const cli = join(import.meta.dirname, '..', 'cli.ts');
  const portFile = join(folder, 'port');
  await rm(portFile, { force: true });
  await mkdir(dump, { recursive: true });
  const child = spawn(
    process.execPath,
    [
      ...[
        '--report-on-signal',
        '--report-signal=SIGUSR2',
        '--report-on-fatalerror',
        '--report-uncaught-exception',
        `--report-directory=${dump}`,
      ],
      ...[cli, 'serve', '--data', join(folder, 'data'), '--port', '0', '--port-file', portFile, '--log-level', 'trace'],
      ...['--vault', 'file', '--passphrase-file', join(folder, 'passphrase')],
    ],
    { cwd: dump },
  );
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'close');
  let port = '';
  await expect.poll(async () => (port = await readFile(portFile, 'utf8').catch(() => '')), { message: 'it listens' }).not.toBe('');
  return {
    pid: child.pid as number,
    url: `http://127.0.0.1:${Number(port)}/api/v1`,
    output: () => output,
    report: () => child.kill('SIGUSR2'),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

test('no secret is found outside of the vault, whatever happened', async () => {
  const secrets = createPlantedSecrets();
  const { plant } = secrets;
  const passphrase = plant('passphrase');
  const password = plant("the administrator's password");
  const wrong = plant('a wrong password');
  const [first, next] = [plant('a first password'), plant('a new password')];
  const vcenter = plant('the password of vCenter');
  const bind = plant("the password of the directory's service account");
  const sealing = plant('the passphrase of an export');
  const stray = plant('a secret where none belongs');
  await writeFile(join(folder, 'passphrase'), `${passphrase}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'sealing'), `${sealing}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'disk.raw'), Buffer.alloc(2 ** 20, 'octopus'));

  const login = vi.spyOn(Sessions.prototype, 'login');
  await using lab = await startLabVcenter({ password: vcenter, machines: [{ name: 'web', disks: [{ file: join(folder, 'disk.raw') }] }] });
  const { username, thumbprint } = lab;

  const found = new Set<string>();
  const answers: { what: string; text: string }[] = [];
  const inProcesses: [string, Buffer][] = [];
  let server = await serve(join(folder, 'first'));
  const watches = [watchProcesses(server.pid, (...seen) => inProcesses.push(seen))];
  let bearer = '';

  /** The answers to sign-ins hold tokens, as they must: those become secrets to look for. */
  async function call(
    status: number,
    method: string,
    path: string,
    options: AskOptions | object = {},
    kind: 'plain' | 'session' = 'plain',
  ) {
    const asked: AskOptions = 'raw' in options || 'body' in options || 'headers' in options ? options : { body: options };
    const answer = await ask(server.url + path, method, {
      as: 'nobody',
      ...asked,
      headers: { ...(bearer ? { authorization: `Bearer ${bearer}` } : {}), ...asked.headers },
      ...(method === 'GET' ? { body: undefined } : {}),
    });
    expect.soft(answer.status, `${method} ${path.split('?')[0]}: ${answer.text}`).toBe(status);
    if (kind === 'session') {
      const number = answers.length;
      secrets.add(`access token ${number}`, answer.json.accessToken.split('.').at(-1));
      secrets.add(`refresh token ${number}`, answer.json.refreshToken);
    } else answers.push({ what: `answer to ${method} ${path.split('?')[0]}`, text: JSON.stringify(answer.headers) + answer.text });
    return answer.json;
  }

  await expect.poll(server.output).toMatch(/shown only now: \S+/);
  const token = /shown only now: (\S+)/.exec(server.output())?.[1] ?? '';
  secrets.add('set-up token', token);
  await call(401, 'POST', '/auth/setup', { token: stray, name: 'ann', password });
  const session = await call(201, 'POST', '/auth/setup', { token, name: 'ann', password }, 'session');
  await call(409, 'POST', '/auth/setup', { token, name: 'eve', password: wrong });
  await call(401, 'POST', '/auth/login', { name: 'ann', password: wrong });
  await call(401, 'POST', '/auth/login', { name: 'nobody', password: wrong });
  // Typed into the wrong field.
  await call(401, 'POST', '/auth/login', { name: password, password: wrong });
  bearer = session.accessToken;
  using events = await openEventClient(server.url, bearer, 0);

  // Another user: a first password, changed; a refresh token used twice.
  const user = await call(201, 'POST', '/admin/users', {
    body: { name: 'bob', role: 'operator', password: first },
    headers: { 'idempotency-key': 'once' },
  });
  const bob = await call(200, 'POST', '/auth/login', { name: 'bob', password: first }, 'session');
  bearer = bob.accessToken;
  await call(400, 'POST', '/auth/password', { current: wrong, next });
  await call(204, 'POST', '/auth/password', { current: first, next });
  const renewed = await call(200, 'POST', '/auth/refresh', { refreshToken: bob.refreshToken }, 'session');
  await call(401, 'POST', '/auth/refresh', { refreshToken: bob.refreshToken });
  await call(401, 'POST', '/auth/refresh', { refreshToken: renewed.refreshToken });
  await call(200, 'POST', '/auth/login', { name: 'bob', password: next }, 'session');
  bearer = session.accessToken;
  await call(200, 'PATCH', `/admin/users/${user.id}`, { password: first });

  // A source and what runs with it.
  await call(502, 'POST', '/sources', { url: lab.url, username, password: wrong, thumbprint });
  const source = await call(201, 'POST', '/sources', { url: lab.url, username, password: vcenter, thumbprint });
  await call(502, 'PATCH', `/sources/${source.id}`, { password: wrong });
  await call(502, 'PATCH', `/sources/${source.id}`, { url: 'https://127.0.0.1:1/sdk', password: vcenter });
  await call(400, 'PATCH', `/sources/${source.id}`, { url: `https://root:${encodeURIComponent(stray)}@127.0.0.1:1/sdk` });
  const withUser = lab.url.replace('//', `//root:${encodeURIComponent(vcenter)}@`);
  await call(400, 'POST', '/sources', { url: withUser, username, password: vcenter, thumbprint });
  await call(200, 'POST', `/sources/${source.id}/test`);
  await call(200, 'POST', `/sources/${source.id}/sync`);
  const target = await call(201, 'POST', '/targets', { folder: join(folder, 'target') });
  const machine = (await call(200, 'GET', '/vms')).items[0];
  const migration = await call(201, 'POST', '/migrations', { machineId: machine.id, targetId: target.id });
  await call(202, 'POST', `/migrations/${migration.id}/sync`, { kind: 'incremental' });
  await expect.poll(() => events.told.map(({ event }) => event)).toContain('operation.ended');
  await call(200, 'PUT', '/admin/env/retention.defaultKeep', { value: 5 });
  await call(400, 'PUT', '/admin/env/retention.defaultKeep', { value: stray });

  // The directory, which does not answer: everything is tried with its password, and told.
  await call(204, 'PUT', '/admin/directory/password', { password: bind });
  for (const [name, value] of [
    ['directory.kind', 'ldap'],
    ['directory.urls', 'ldaps://127.0.0.1:1'],
    ['directory.bindDn', 'cn=octopus,dc=example,dc=com'],
    ['directory.baseDn', 'ou=people,dc=example,dc=com'],
    ['directory.viewerGroups', 'cn=guests,dc=example,dc=com'],
    ['directory.enabled', true],
  ] as const) {
    await call(200, 'PUT', `/admin/env/${name}`, { value });
  }
  await call(200, 'POST', '/admin/directory/test', { sampleUser: 'bob' });
  await call(200, 'GET', '/admin/directory');
  await call(200, 'GET', '/admin/env');
  bearer = '';
  await call(502, 'POST', '/auth/login', { name: 'someone of the directory', password: wrong });
  bearer = session.accessToken;
  await call(400, 'PUT', '/admin/env/directory.urls', { value: [bind] });
  await call(400, 'PUT', '/admin/directory/password', { password: { of: bind } });
  await call(204, 'POST', '/admin/signing-key/rotate');

  // What is refused: bodies that cannot be read or are wrong, secrets in queries and headers.
  const bodies = [`{"name":"ann","password":${JSON.stringify(password)}`, `{"password":${stray}}`, JSON.stringify(stray), `${stray}`];
  for (const raw of bodies) await call(400, 'POST', '/auth/login', { raw });
  for (const body of [
    { name: 'ann', password: [password] },
    { name: { of: stray }, password },
    { name: 'ann', pasword: password },
    { url: stray, username, password: vcenter, thumbprint: stray },
  ]) {
    await call(400, 'POST', '/sources', { body });
  }
  await call(400, 'POST', '/admin/users', { name: 'eve', role: stray, password: first });
  const query = encodeURIComponent(stray);
  await call(400, 'GET', `/vms?password=${query}`);
  await call(400, 'GET', `/vms?limit=${query}&cursor=${query}`);
  await call(404, 'GET', `/nowhere?access_token=${bearer}&password=${query}`);
  await call(200, 'GET', '/auth/me', { headers: { cookie: `session=${query}`, referer: `http://127.0.0.1/?p=${query}` } });
  bearer = '';
  await call(401, 'GET', `/vms?access_token=${session.accessToken}`);
  for (const authorization of [`Bearer ${query}`, `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`, `${session.accessToken}`]) {
    await call(401, 'GET', '/vms', { headers: { authorization } });
  }
  bearer = session.accessToken;
  await call(200, 'GET', '/admin/logs');
  await call(200, 'GET', '/sources');
  await call(200, 'GET', '/admin/users');

  const outputs: string[] = [];
  const dumps: string[] = [];
  async function dieAndLook() {
    server.report();
    const dump = join(folder, outputs.length === 0 ? 'first' : 'second');
    await expect.poll(() => readdir(dump)).not.toHaveLength(0);
    await expect
      .poll(async () => JSON.parse(await readFile(join(dump, (await readdir(dump))[0] ?? ''), 'utf8').catch(() => '0')))
      .toBeTruthy();
    dumps.push(...(await readdir(dump)));
    await server.kill();
    outputs.push(server.output());
    // Not folded in: what was written is there twice.
    expect(await readdir(join(folder, 'data'))).toEqual(expect.arrayContaining(['octopus.db', 'octopus.db-wal', 'secrets.vault']));
    for (const place of await secrets.findInFolder(folder, ['passphrase', 'sealing'])) found.add(place);
  }
  await dieAndLook();
  // With what was left: it starts, reads its secrets, and dies again.
  server = await serve(join(folder, 'second'));
  watches.push(watchProcesses(server.pid, (...seen) => inProcesses.push(seen)));
  await call(200, 'POST', `/sources/${source.id}/test`);
  await call(200, 'POST', '/auth/login', { name: 'ann', password }, 'session');
  await dieAndLook();
  for (const watch of watches) watch.stop();

  // An export with all secrets in it, sealed; and one that fails.
  const exported = async (to: string, ...args: string[]) => {
    const cli = join(import.meta.dirname, '..', 'cli.ts');
    const vault = ['--vault', 'file', '--vault-passphrase-file', join(folder, 'passphrase')];
    const child = spawn(process.execPath, [cli, 'export', '--data', join(folder, 'data'), '--to', join(folder, to), ...args, ...vault]);
    children.add(child);
    const watch = watchProcesses(child.pid as number, (...seen) => inProcesses.push(seen));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => answers.push({ what: 'octopus export', text: `${chunk}` }));
    const [code] = await once(child, 'close');
    watch.stop();
    return code;
  };
  const sealed = ['--with-secrets', '--passphrase-file', join(folder, 'sealing')];
  expect(await exported('export.json', ...sealed)).toBe(0);
  expect(await exported('export.json', ...sealed)).not.toBe(0);
  expect(await readdir(folder)).toContain('export.json');

  const cookies = login.mock.results.flatMap(({ value }) => (value === undefined ? [] : [(value as { cookie: string }).cookie]));
  expect(cookies.length).toBeGreaterThan(2);
  for (const [index, cookie] of cookies.entries()) secrets.add(`cookie ${index} of vCenter`, cookie);
  for (const place of await secrets.findInFolder(folder, ['passphrase', 'sealing'])) found.add(place);
  // Shown once, as it must be.
  expect(outputs.join('').split(token)).toHaveLength(2);
  for (const place of secrets.find('the output', outputs.join('').replace(token, ''))) found.add(place);
  for (const place of secrets.find('the events', JSON.stringify(events.told))) found.add(place);
  for (const { what, text } of answers) for (const place of secrets.find(what, text)) found.add(place);
  for (const [what, content] of inProcesses) for (const place of secrets.find(what, content)) found.add(place);
  expect([...found]).toEqual([]);

  // That the search would have found them, and that there was something to search.
  expect((await secrets.findInFolder(folder)).sort()).toEqual(['passphrase in passphrase', 'the passphrase of an export in sealing']);
  for (const form of [
    password,
    JSON.stringify({ password }),
    query,
    Buffer.from(`u:${password}`).toString('base64'),
    Buffer.from(`us:${password}`).toString('base64url'),
    Buffer.from(password).toString('hex'),
    Buffer.from(password, 'utf16le'),
  ]) {
    expect(secrets.find('here', form)).toHaveLength(1);
  }
  expect(outputs.join('')).toMatch(/"level":"error".*"code":"source.denied"/);
  expect(events.told.length).toBeGreaterThan(5);
  expect(dumps.every((name) => /^report\..*\.json$/.test(name))).toBe(true);
  if (process.platform === 'linux') expect(inProcesses.length).toBeGreaterThan(4);
});
