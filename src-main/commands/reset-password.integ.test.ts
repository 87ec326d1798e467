import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../rest/testing/rest-world.ts';
import { openApplicationWorld, openTestApplication } from '../serve/testing/application-world.ts';
import { lockFolder } from '../store/lock.ts';
import { openStore } from '../store/store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-reset-'));
  await writeFile(join(folder, 'password'), 'planted new sentence\nnot this line\n', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function octopus(...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'cli.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

/** In a pseudo-terminal (util-linux's script), so that the prompt is the real one. */
async function typed(lines: string[], ...args: string[]) {
  const words = [process.execPath, join(import.meta.dirname, '..', 'cli.ts'), ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', words, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let output = '';
  const left = [...lines];
  let asked = 0;
  child.stdout.on('data', (chunk) => {
    output += chunk;
    // Each question ends with a colon; the next answer waits for the next question.
    const questions = output.match(/(New password for \w+|Once more): /g)?.length ?? 0;
    if (questions > asked) {
      asked = questions;
      child.stdin.write(`${left.shift()}\r`);
    }
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

test('a lost password is replaced while Octopus does not run: by a file or by a prompt, recorded, sessions ended', async () => {
  const data = join(folder, 'data');
  const reset = ['reset-password', '--data', data, '--user', 'ADMIN'];
  const byFile = [...reset, '--password-file', join(folder, 'password')];
  let refreshToken: string;
  {
    await using world = await openApplicationWorld({}, data);
    const session = await world.call('POST', '/auth/login', { as: 'nobody', body: { name: 'admin', password: world.password } });
    ({ refreshToken } = session.json);
    const refused = await octopus(...byFile);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('Another Octopus is working in') });
    expect((await world.call('GET', '/auth/me')).status).toBe(200);
  }
  expect(await octopus(...byFile)).toEqual({
    code: 0,
    output: 'admin has a new password and is signed out everywhere; they choose their own at the next sign-in.\n',
  });
  {
    await using application = await openTestApplication(data);
    const post = (path: string, body: unknown) => ask(`${application.rest.url}${path}`, 'POST', { as: 'nobody', body });
    expect((await post('/auth/refresh', { refreshToken })).status).toBe(401);
    expect((await post('/auth/login', { name: 'admin', password: 'a long sentence for the test' })).status).toBe(401);
    const session = (await post('/auth/login', { name: 'admin', password: 'planted new sentence' })).json;
    expect(session.user).toMatchObject({ name: 'admin', role: 'admin', mustChangePassword: true });
  }
  expect(await typed(['another sentence of mine', 'another sentence of mine'], ...reset)).toMatchObject({ code: 0 });
  expect(await typed(['another sentence of mine', 'misspelt'], ...reset)).toMatchObject({
    code: 2,
    output: expect.stringContaining('not the same'),
  });
  const short = await typed(['short'], ...reset);
  expect(short).toMatchObject({ code: 2, output: expect.stringContaining('at least 12 characters') });
  await using store = await openStore(join(data, 'octopus.db'));
  const entries = await store.activity.newest({ action: 'user.reset-password' }, 10);
  expect(entries).toHaveLength(2);
  expect(entries[0]).toMatchObject({ subjectKind: 'user', outcome: 'succeeded', actor: undefined });
  for (const name of await readdir(data)) {
    const content = await readFile(join(data, name));
    for (const secret of ['planted new sentence', 'another sentence']) expect(content.includes(secret), name).toBe(false);
  }
});

test('what cannot be done is refused, and changes nothing', async () => {
  const at = '2026-01-02T03:04:05.000Z';
  {
    await using store = await openStore(join(folder, 'octopus.db'));
    const user = { role: 'admin', disabled: false, mustChangePassword: false, failedLogins: 0, createdAt: at } as const;
    const rest = { lockedUntil: undefined, lastSignInAt: undefined, passwordHash: undefined, directoryDn: undefined };
    await store.users.add({ ...user, ...rest, id: 'u-1', name: 'ann', source: 'local' });
    await store.users.add({ ...user, ...rest, id: 'u-2', name: 'bob', source: 'directory', directoryDn: 'uid=bob' });
  }
  await writeFile(join(folder, 'open'), 'a new sentence here\n', { mode: 0o644 });
  await writeFile(join(folder, 'short'), 'short\n', { mode: 0o600 });
  const by = (name: string) => ['--password-file', join(folder, name)];
  const of = (user: string) => ['reset-password', '--data', folder, '--user', user];
  for (const [args, code, message] of [
    [['reset-password', '--user', 'ann'], 2, /--data DIR is missing/],
    [['reset-password', '--data', folder], 2, /--user NAME is missing/],
    [['reset-password', '--data', join(folder, 'none'), '--user', 'ann', ...by('password')], 2, /There is no database/],
    [[...of('eve'), ...by('password')], 2, /no user 'eve'; the local administrators are: ann\./],
    [[...of('bob'), ...by('password')], 2, /kept by the directory/],
    [[...of('ann'), ...by('short')], 2, /at least 12 characters/],
    [[...of('ann'), ...by('open')], 2, /--password-file .* can be read or changed by other users/],
    [of('ann'), 2, /no terminal to ask for the password: give --password-file/],
    [[...of('ann'), '--password', 'a new sentence here'], 2, /Unknown option '--password'/],
  ] as const) {
    expect(await octopus(...args), args.join(' ')).toEqual({ code, output: expect.stringMatching(message) });
  }
  expect(await readdir(folder)).not.toContain('none');
  await using _lock = await lockFolder(folder);
  await using store = await openStore(join(folder, 'octopus.db'));
  expect((await store.users.find('u-1'))?.passwordHash).toBeUndefined();
});
