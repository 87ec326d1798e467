import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MachineInventory } from '../domain/machine.ts';
import { openStore, type Store } from '../store/store.ts';
import { createSecretKeeper, type SecretKeeper } from '../vault/secret-keeper.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { exportConfiguration } from './export-configuration.ts';
import { importConfiguration } from './import-configuration.ts';

const at = '2026-01-02T03:04:05.000Z';
const passphrase = 'correct horse battery';
const machine = {
  ref: 'vm-1',
  instanceUuid: 'machine-1',
  name: 'web',
  folder: '/',
  host: 'h',
  cluster: undefined,
  powerState: 'on',
  firmware: 'efi',
  secureBoot: false,
  guestId: 'g',
  guestName: 'G',
  tools: 'toolsOk',
  cpus: 2,
  memory: 2 ** 30,
  hardwareVersion: 19,
  changeTracking: true,
  template: false,
  tags: [],
  disks: [
    {
      key: 2000,
      objectId: '1-2000',
      label: 'Hard disk 1',
      capacity: 2 ** 30,
      datastore: 'ds',
      path: '[ds] a.vmdk',
      thin: true,
      excluded: undefined,
    },
  ],
  adapters: [],
  snapshotCount: 0,
  consolidationNeeded: false,
} satisfies MachineInventory;

interface Installation extends AsyncDisposable {
  store: Store;
  keeper: SecretKeeper;
  vault: Map<string, string>;
  settings: Record<string, unknown>;
  load(document: unknown, passphrase?: string): ReturnType<typeof importConfiguration>;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-configuration-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(name: string): Promise<Installation> {
  const store = await openStore(join(folder, `${name}.db`));
  const vault = new Map<string, string>();
  let last = 0;
  const newId = () => `${name}-${++last}`;
  const secrets: SecretStore = {
    get: async (reference) => vault.get(reference),
    set: async (reference, secret) => void vault.set(reference, secret),
    delete: async (reference) => void vault.delete(reference),
    list: async () => [...vault.keys()],
    [Symbol.asyncDispose]: async () => {},
  };
  const keeper = createSecretKeeper({ vault: secrets, references: store.secrets, now: () => at, newId });
  const settings: Record<string, unknown> = {};
  return {
    store,
    keeper,
    vault,
    settings,
    load: (document, given) =>
      importConfiguration(document, {
        store,
        keeper,
        newId,
        setAll: async (values) => Object.assign(settings, values),
        ...(given === undefined ? {} : { passphrase: given }),
      }),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

async function filled(): Promise<Installation> {
  const one = await install('one');
  const { store, keeper } = one;
  const source = {
    kind: 'vsphere',
    name: 'vc',
    url: 'https://vc/sdk',
    username: 'u',
    thumbprint: 'AA',
    instanceUuid: 'vc-1',
    createdAt: at,
  } as const;
  await store.sources.put({ ...source, id: 's' });
  await store.sources.put({ ...source, id: 's2', name: 'vc2', instanceUuid: 'vc-2' });
  await store.targets.put({ id: 't', kind: 'local', name: 'folder', location: '/x', settings: { a: 1 }, createdAt: at });
  await store.machines.put({ id: 'm', sourceEnvironmentId: 's', inventory: machine, seenAt: at });
  const settings = { keep: 7, verify: 'all', quiesce: true } as const;
  await store.jobs.put({ id: 'j', machineId: 'm', targetEnvironmentId: 't', state: 'active', settings, createdAt: at });
  await store.variables.put(new Map([['a.setting', '5']]), at);
  await keeper.keep({ kind: 'source', id: 's' }, 'password', 'planted-secret');
  await keeper.keep({ kind: 'application', id: 'x' }, 'key', 'never-exported');
  return one;
}

const exported = ({ store, keeper }: Installation, secrets = true) =>
  exportConfiguration({ store, now: () => new Date(at), ...(secrets ? { secrets: { keeper, passphrase } } : {}) });

test('what one installation exports another one has after the import, secrets included', async () => {
  await using one = await filled();
  // The password of the directory's service account.
  await one.keeper.keep({ kind: 'directory', id: 'bind' }, 'password', 'planted-bind');
  const document: unknown = JSON.parse(JSON.stringify(await exported(one)));
  expect(JSON.stringify(document)).not.toMatch(/planted|never-exported/);
  await using two = await install('two');
  expect(await two.load(document, passphrase)).toEqual({
    sources: 2,
    targets: 1,
    jobs: 1,
    settings: 1,
    secrets: 2,
    passwordsNeeded: ['vc2'],
  });
  const [source] = await two.store.sources.list();
  expect(source).toMatchObject({ name: 'vc', url: 'https://vc/sdk', instanceUuid: 'vc-1' });
  expect(await two.keeper.read({ kind: 'source', id: source?.id ?? '' }, 'password')).toBe('planted-secret');
  expect(await two.keeper.read({ kind: 'directory', id: 'bind' }, 'password')).toBe('planted-bind');
  expect([...two.vault.values()].sort()).toEqual(['planted-bind', 'planted-secret']);
  const [job] = await two.store.jobs.list();
  expect(job).toMatchObject({ state: 'active', settings: { keep: 7, verify: 'all', quiesce: true } });
  expect((await two.store.machines.find(job?.machineId ?? ''))?.inventory).toEqual(JSON.parse(JSON.stringify(machine)));
  expect(two.settings).toEqual({ 'a.setting': 5 });
  // Again: nothing comes twice.
  await two.load(document, passphrase);
  expect([await two.store.sources.list(), await two.store.targets.list(), await two.store.jobs.list()].map((list) => list.length)).toEqual([
    2, 1, 1,
  ]);
  expect(two.vault.size).toBe(2);
  for (const name of ['one.db', 'one.db-wal', 'two.db', 'two.db-wal'])
    expect((await readFile(join(folder, name))).includes('planted')).toBe(false);
});

test('disk images go along as a source; they have no password to be missed', async () => {
  await using one = await install('one');
  const common = { kind: 'images', createdAt: at } as const;
  const sources = [
    { ...common, id: 'i', name: 'a shelf', instanceUuid: 'i-1', place: { grouping: 'by-name', folder: '/srv/images' } },
    { ...common, id: 'f', name: 'some files', instanceUuid: 'i-2', place: { grouping: 'each-alone', files: ['/srv/a.raw'] } },
  ] as const;
  for (const source of sources) await one.store.sources.put(JSON.parse(JSON.stringify(source)));
  const document: unknown = JSON.parse(JSON.stringify(await exported(one, false)));
  await using two = await install('two');
  expect(await two.load(document)).toMatchObject({ sources: 2, passwordsNeeded: [] });
  await two.load(document);
  expect(await two.store.sources.list()).toEqual(sources.map((source, index) => ({ ...source, id: `two-${index + 1}` })));
});

test('without secrets there are none, and a changed address costs the stored password', async () => {
  await using one = await filled();
  const document = await exported(one, false);
  expect(document.secrets).toBeUndefined();
  expect((await one.load(document)).passwordsNeeded).toEqual(['vc2']);
  expect(await one.keeper.read({ kind: 'source', id: 's' }, 'password')).toBe('planted-secret');
  const moved = { ...document, sources: document.sources.map((source) => ({ ...source, url: 'https://elsewhere/sdk' })) };
  expect((await one.load(moved)).passwordsNeeded).toEqual(['vc', 'vc2']);
  expect([...one.vault.values()]).toEqual(['never-exported']);
});

test('a wrong passphrase, an altered or foreign document change nothing', async () => {
  await using one = await filled();
  const document = await exported(one);
  await using two = await install('two');
  await expect(two.load(document, 'a wrong passphrase')).rejects.toMatchObject({ code: 'vault.passphrase' });
  const moved = { ...document, sources: document.sources.map((source) => ({ ...source, url: 'https://elsewhere/sdk' })) };
  await expect(two.load(moved, passphrase)).rejects.toMatchObject({ code: 'vault.corrupt' });
  const [job] = document.jobs;
  const bad: [unknown, string][] = [
    [{}, 'format'],
    [null, 'format'],
    [{ ...document, version: 2 }, 'version'],
    [{ ...document, jobs: [{ ...job, sourceId: 'none' }] }, 'jobs.0.sourceId'],
    [{ ...document, jobs: [{ ...job, settings: { keep: 0, verify: 'all', quiesce: true } }] }, 'jobs.0.settings.keep'],
    [{ ...document, sources: [...document.sources, ...document.sources] }, 'sources'],
    [{ ...document, sources: [{ ...document.sources[0], url: 'file:///etc/passwd' }] }, 'sources.0.url'],
    [{ ...document, sources: [{ ...document.sources[0], url: 'https://u:secret@vc/sdk' }] }, 'sources.0.url'],
  ];
  for (const [input, field] of bad)
    await expect(two.load(input, passphrase), field).rejects.toMatchObject({ code: 'argument.invalid', field });
  expect([await two.store.sources.list(), await two.store.targets.list(), await two.store.jobs.list(), [...two.vault]]).toEqual([
    [],
    [],
    [],
    [],
  ]);
  expect(two.settings).toEqual({});
  await expect(
    exportConfiguration({ store: one.store, now: () => new Date(at), secrets: { keeper: one.keeper, passphrase: 'short' } }),
  ).rejects.toMatchObject({
    field: 'passphrase',
  });
});

test('a crash between vault and database leaves nothing behind, and what others keep stays', async () => {
  await using one = await filled();
  one.vault.set('kept:source:orphan', 'x');
  one.vault.set('identity/signing-keys', 'theirs');
  expect(await one.keeper.sweep()).toBe(1);
  expect([...one.vault.values()].sort()).toEqual(['never-exported', 'planted-secret', 'theirs']);
  await Promise.all(['a', 'b'].map((secret) => one.keeper.keep({ kind: 'source', id: 's2' }, 'password', secret)));
  expect(await one.keeper.read({ kind: 'source', id: 's2' }, 'password')).toMatch(/^[ab]$/);
  expect(await one.keeper.sweep()).toBe(0);
  // Killed after the source went and before its password did.
  expect(await one.keeper.sweep(async ({ id }) => id !== 's2')).toBe(1);
  expect(await one.store.secrets.ofOwner({ kind: 'source', id: 's2' })).toEqual([]);
  expect([...one.vault.keys()].filter((reference) => reference.startsWith('kept:source:'))).toHaveLength(1);
  await one.keeper.forget({ kind: 'source', id: 's2' });
  expect(await one.keeper.has({ kind: 'source', id: 's2' }, 'password')).toBe(false);
});
