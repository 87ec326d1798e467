import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { beforeAll, expect, test } from 'vitest';
import { startDisplay } from './display.ts';
import { launchDesktop } from './launch.ts';
import { packagedApp } from './packaged-app.ts';

const ON = '1'.charCodeAt(0);
const OFF = '0'.charCodeAt(0);
let program: string;
let resources: string;

beforeAll(() => {
  program = packagedApp('test');
  resources = join(dirname(program), 'resources');
});

interface Migration {
  id: string;
  working?: string;
  lastRun?: { state: string; error?: unknown };
}

test('the packed application reads the lab and migrates a disk image: worker, database, keychain and WSDL all work inside the archive', async () => {
  await using desktop = await launchDesktop({ packed: program });
  await using made = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'octopus-packed-'));
  made.defer(() => rm(folder, { recursive: true, force: true }));
  expect(await desktop.app.evaluate(({ app }) => ({ packed: app.isPackaged, path: app.getAppPath() }))).toEqual({
    packed: true,
    path: join(resources, 'app.asar'),
  });
  expect(await desktop.call('health.get')).toMatchObject({ status: 'ok', setupNeeded: true });
  await expect.poll(() => desktop.page.getByRole('heading').first().isVisible()).toBe(true);

  await desktop.call('auth.setup', { body: { name: 'ada', password: 'a long enough password' } });
  const { sourceId } = (await desktop.call('lab.start', { body: { machines: 2 } })) as { sourceId: string };
  expect(await desktop.call('sources.sync', { params: { id: sourceId } })).toMatchObject({ machines: 2 });
  // The lab's disks are as large as real ones: what is copied is small and of this test.
  const image = randomBytes(5 * 2 ** 20);
  await writeFile(join(folder, 'web.raw'), image);
  const source = (await desktop.call('sources.create', { body: { kind: 'images', files: [join(folder, 'web.raw')] } })) as { id: string };
  await desktop.call('sources.sync', { params: { id: source.id } });
  const { items } = (await desktop.call('vms.list', { query: { sourceId: source.id } })) as { items: { id: string }[] };
  const target = (await desktop.call('targets.create', { body: { folder: join(folder, 'replicas') } })) as { id: string };
  const migration = (await desktop.call('migrations.create', { body: { machineId: items[0]?.id, targetId: target.id } })) as Migration;
  await desktop.call('migrations.sync', { params: { id: migration.id }, body: {} });
  const get = async () => (await desktop.call('migrations.get', { params: { id: migration.id } })) as Migration;
  await expect.poll(async () => (await get()).lastRun?.state, { interval: 200 }).toMatch(/succeeded|failed/);
  expect((await get()).lastRun).toMatchObject({ state: 'succeeded' });
  const points = (await desktop.call('migrations.recoveryPoints', { params: { id: migration.id }, query: {} })) as { items: unknown[] };
  expect(points.items[0]).toMatchObject({ outcome: 'match', disks: [{ algorithm: 'blake3' }] });
});

test('its fuses are blown as electron-builder.yml says, but for the one by which tests enter', async () => {
  const fuses = await getCurrentFuseWire(program);
  expect(fuses).toMatchObject({
    [FuseV1Options.RunAsNode]: OFF,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: OFF,
    [FuseV1Options.OnlyLoadAppFromAsar]: ON,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ON,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: OFF,
    [FuseV1Options.EnableCookieEncryption]: ON,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: OFF,
    [FuseV1Options.EnableNodeCliInspectArguments]: ON,
  });
  expect(await readFile('electron-builder.yml', 'utf8')).toMatch(/^ {2}enableNodeCliInspectArguments: false$/m);
});

test('it does not run as Node, whatever the environment says', async () => {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1', DISPLAY: ':' };
  // Without a display Electron ends at once; as Node it would print.
  const { stdout } = spawnSync(program, ['-e', 'console.log("ran")', '--no-sandbox'], { encoding: 'utf8', env, timeout: 20_000 });
  expect(stdout).not.toContain('ran');
});

test('it lets no debugger in that was asked for on the command line, and opens no port for it', async () => {
  await using display = await startDisplay();
  const folder = await mkdtemp(join(tmpdir(), 'octopus-packed-'));
  try {
    for (const door of ['--remote-debugging-port', '--remote-debugging-pipe']) {
      const env = { ...process.env, DISPLAY: display.name, HOME: folder };
      const flags = [`${door}=0`, '--no-sandbox', '--data', join(folder, 'data')];
      const { status, stderr } = spawnSync(program, flags, { encoding: 'utf8', env, timeout: 60_000 });
      expect([status, stderr]).toEqual([2, expect.stringContaining(`${door} is refused`)]);
      // Chromium says where it listens, and writes it down for whoever asked with port 0.
      expect(stderr).not.toContain('DevTools listening');
      expect(await readdir(folder)).not.toContain('data');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('it holds what is used and nothing else, and says whose work it contains', async () => {
  const files = listPackage(join(resources, 'app.asar'), { isPack: false });
  expect(files.filter((file) => /\.(map|ts|tsx|md|c|cc|h)$|\.test\./.test(file))).toEqual([]);
  const packages = new Set(files.map((file) => /^\/node_modules\/((@[^/]+\/)?[^/@]+)/.exec(file)?.[1]).filter(Boolean));
  expect([...packages].map((name) => name?.replace(/-(linux|darwin|win32)-.*/, '-…')).sort()).toEqual([
    '@napi-rs/blake-hash',
    '@napi-rs/blake-hash-…',
    'better-sqlite3',
    'keytar',
    'piscina',
  ]);
  expect((await stat(join(resources, 'app.asar'))).size).toBeLessThan(15e6);
  const notices = await readFile(join(resources, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['react@', 'fastify@', 'better-sqlite3@', '@mantine/core@', 'keytar@']) expect(notices).toContain(`\n${name}`);
});
