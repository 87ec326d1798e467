import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { openVault } from '../vault/open-vault.ts';
import { passphraseFromFile } from '../vault/passphrase.ts';
import { createSecretKeeper } from '../vault/secret-keeper.ts';

let folder: string;
const at = '2026-01-02T03:04:05.000Z';
const of = (...names: string[]) => join(folder, ...names);
const keeperOf = (store: Awaited<ReturnType<typeof openStore>>, vault: Awaited<ReturnType<typeof openVault>>) => {
  let last = 0;
  return createSecretKeeper({ vault, references: store.secrets, now: () => at, newId: () => `secret-${++last}` });
};
const vaultAt = (name: string) => openVault({ mode: 'file', folder: of(name), passphrase: passphraseFromFile(of('vault-passphrase')) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-backup-command-'));
  for (const name of ['vault-passphrase', 'passphrase', 'wrong']) await writeFile(of(name), `planted ${name}\n`, { mode: 0o600 });
  await mkdir(of('one'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function octopus(...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'cli.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

async function fill() {
  const store = await openStore(of('one', 'octopus.db'));
  await store.sources.put({
    ...{
      id: 's',
      kind: 'vsphere',
      name: 'vc',
      url: 'https://vc/sdk',
      username: 'u',
      thumbprint: 'AA',
      instanceUuid: 'vc-1',
      createdAt: at,
    },
  });
  await store.variables.put(new Map([['retention.defaultKeep', '7']]), at);
  return store;
}

test('a backup beside a running Octopus is what restore puts back', async () => {
  {
    await using _lock = await lockFolder(of('one'));
    await using store = await fill();
    expect(await octopus('backup', '--data', of('one'), '--to', of('copy.db'))).toMatchObject({ code: 0 });
    expect((await stat(of('copy.db'))).mode & 0o777).toBe(0o600);
    expect(await octopus('backup', '--data', of('one'), '--to', of('copy.db'))).toMatchObject({ code: 2 });
    expect(await octopus('restore', '--data', of('one'), '--from', of('copy.db'))).toMatchObject({ code: 1 });
    await store.sources.remove('s');
  }
  expect(await octopus('restore', '--data', of('one'), '--from', of('copy.db'))).toMatchObject({
    code: 0,
    output: expect.stringMatching(/\.replaced-[\s\S]*The scheduler is paused[\s\S]*let it go on/),
  });
  await using store = await openStore(of('one', 'octopus.db'));
  expect(await store.sources.list()).toMatchObject([{ id: 's', name: 'vc' }]);
  // What was planned in the backup may be done already.
  expect(await store.schedules.pausedBy()).toBe('restore');
  await store.schedules.setPaused(true);
  expect(await store.schedules.pausedBy()).toBe('restore');
  await store.schedules.setPaused(false);
  expect(await store.schedules.paused()).toBe(false);
  const none = await octopus('backup', '--data', of('none'), '--to', of('other.db'));
  expect(none).toMatchObject({ code: 2, output: expect.stringContaining('There is no database') });
  expect(await readdir(folder)).not.toContain('none');
});

test('a backup ends although another process writes all the time', async () => {
  await using store = await fill();
  const put = (id: number) =>
    store.targets.put({
      id: `${id}`,
      kind: 'local',
      name: 'n',
      location: `/${id}`,
      settings: { filler: 'x'.repeat(50_000) },
      createdAt: at,
    });
  // Several steps of the copy: each is 4 MB.
  for (let id = 0; id < 300; id++) await put(id);
  let done = false;
  const backup = octopus('backup', '--data', of('one'), '--to', of('copy.db')).finally(() => {
    done = true;
  });
  for (let id = 300; !done; id++) {
    await put(id % 1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await backup).toMatchObject({ code: 0 });
  await using copy = await openStore(of('copy.db'));
  expect((await copy.targets.list()).length).toBeGreaterThanOrEqual(300);
});

test('a configuration goes to another folder, its secrets only with the passphrase', async () => {
  {
    await using store = await fill();
    await using vault = await vaultAt('one');
    await keeperOf(store, vault).keep({ kind: 'source', id: 's' }, 'password', 'planted-password');
  }
  const vault = ['--vault', 'file', '--vault-passphrase-file', of('vault-passphrase')];
  const sealed = ['--with-secrets', '--passphrase-file', of('passphrase')];
  expect(await octopus('export', '--data', of('one'), '--to', of('plain.json'))).toMatchObject({ code: 0 });
  const exported = await octopus('export', '--data', of('one'), '--to', of('all.json'), ...sealed, ...vault);
  expect(exported).toEqual({ code: 0, output: expect.stringContaining('1 sources, 0 targets, 0 migrations, 1 settings') });
  const text = await readFile(of('all.json'), 'utf8');
  expect(text + exported.output).not.toContain('planted');
  expect((await stat(of('all.json'))).mode & 0o777).toBe(0o600);

  const into = (from: string, ...more: string[]) => octopus('import', '--data', of('two'), '--from', of(from), ...vault, ...more);
  expect(await into('all.json', '--passphrase-file', of('wrong'))).toMatchObject({ code: 1 });
  expect(await into('plain.json')).toMatchObject({ code: 0, output: expect.stringContaining('The password of vc has to be given again') });
  expect(await into('all.json', '--passphrase-file', of('passphrase'))).toEqual({
    code: 0,
    output: 'Imported 1 sources, 0 targets, 0 migrations, 1 settings, 1 secrets.\n',
  });
  // Without secrets in it no keychain is opened, which may not be there.
  const bare = ['import', '--data', of('three'), '--from', of('plain.json')];
  expect(await octopus(...bare)).toMatchObject({ code: 0, output: expect.stringContaining('has to be given again') });
  await using store = await openStore(of('two', 'octopus.db'));
  await using opened = await vaultAt('two');
  const [source] = await store.sources.list();
  expect(await keeperOf(store, opened).read({ kind: 'source', id: source?.id ?? '' }, 'password')).toBe('planted-password');
  // Whoever sits at the command line acts too.
  const entries = (await store.activity.newest({}, 9)).map(({ action, outcome, message }) => [action, outcome, message]);
  const imported = 'The command line imported 1 sources, 0 targets, 0 migrations, 1 settings and';
  expect(entries).toEqual([
    ['configuration.import', 'succeeded', `${imported} 1 secrets.`],
    ['configuration.import', 'succeeded', `${imported} 0 secrets.`],
    ['configuration.import', 'failed', expect.stringContaining('passphrase')],
  ]);
  await using one = await openStore(of('one', 'octopus.db'));
  expect((await one.activity.newest({}, 9)).map(({ action, message }) => [action, message])).toEqual([
    ['configuration.export', 'The command line exported the configuration, with 1 secrets under a passphrase.'],
    ['configuration.export', 'The command line exported the configuration, without secrets.'],
  ]);

  for (const [args, message] of [
    [['export', '--data', of('one'), '--to', of('plain.json')], /exists already/],
    [['export', '--data', of('one'), '--to', of('x'), '--with-secrets'], /needs --passphrase-file/],
    [['export', '--data', of('one'), '--to', of('x'), ...vault], /belongs to --with-secrets/],
    [['import', '--data', of('two'), '--from', of('passphrase'), ...vault], /is not JSON/],
  ] as const) {
    expect(await octopus(...args)).toMatchObject({ code: 2, output: expect.stringMatching(message) });
  }
});
