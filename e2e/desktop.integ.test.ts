import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../src-main/desktop/texts.ts';
import { freePort } from '../workers/testing/free-port.ts';
import { type LabProcess, startLabProcess } from './lab-process.ts';
import { type DesktopWorld, launchDesktop } from './launch.ts';

// What a desktop sees of a run: tray, notices, sleep, the window that closes, the question before quitting, an error that nobody caught. The
// real application; of Electron only what would wait for a person, or show something to nobody, is replaced. One world: each step builds on
// those before.

const MiB = 2 ** 20;
const password = 'planted: the password of ann';

interface Seen {
  asked: string[];
  /** Which button is pressed next. */
  answer: number;
  saveTo: string;
  notices: string[];
  tray: string[][];
  relaunched: string[][];
}
type Main = { seen: Seen };

let world: DesktopWorld;
let lab: LabProcess;
let migration: { id: string };
let port = 0;

beforeAll(async () => {
  world = await launchDesktop();
  await watch();
  await world.call('auth.setup', { body: { name: 'ann', password } });
  lab = await startLabProcess(join(world.dataFolder, '..'), 24 * MiB);
  const source = (await world.call('sources.create', { body: { kind: 'vsphere', ...lab.login } })) as { id: string };
  await world.call('sources.sync', { params: { id: source.id }, body: {} });
  const folder = join(world.dataFolder, '..', 'replicas');
  const target = (await world.call('targets.create', { body: { kind: 'local', folder } })) as { id: string };
  const { items } = (await world.call('vms.list', { query: {} })) as { items: { id: string; name: string }[] };
  const body = { machineId: items[0]?.id, targetId: target.id };
  migration = (await world.call('migrations.create', { body })) as { id: string };
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

/** After each start: notes what is shown to the person, and answers for them. */
async function watch(): Promise<void> {
  await world.app.evaluate(({ app, dialog, Menu, Notification, Tray }) => {
    const seen: Seen = { asked: [], answer: 0, saveTo: '', notices: [], tray: [], relaunched: [] };
    Object.assign(globalThis, { seen });
    dialog.showMessageBox = (async (...given: { message: string }[]) => {
      seen.asked.push((given.at(-1) as { message: string }).message);
      return { response: seen.answer, checkboxChecked: false };
    }) as never;
    dialog.showSaveDialog = (async () => ({ canceled: false, filePath: seen.saveTo })) as never;
    const showNotice = Notification.prototype.show;
    Notification.prototype.show = function () {
      seen.notices.push(this.title);
      showNotice.call(this);
    };
    const setMenu = Tray.prototype.setContextMenu;
    Tray.prototype.setContextMenu = function (menu) {
      seen.tray.push(((menu as InstanceType<typeof Menu>).items ?? []).map(({ label }) => label));
      setMenu.call(this, menu);
    };
    app.relaunch = ((options: { args: string[] }) => seen.relaunched.push(options.args)) as never;
  });
}
const seen = () => world.app.evaluate(() => (globalThis as unknown as Main).seen);
const answer = (button: number) =>
  world.app.evaluate((_electron, given) => {
    (globalThis as unknown as Main).seen.answer = given;
  }, button);
const sleepIsBlocked = () => world.app.evaluate(({ powerSaveBlocker }) => [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)));
const visible = () => world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
/** Bytes a second at which a run lasts for minutes, however slow the machine. */
const slow = 128 * 1024;
/** Of the migration: it counts at once, also for a run that goes on. */
const limit = (bandwidthLimit: number) =>
  world.call('migrations.update', { params: { id: migration.id }, body: { settings: { bandwidthLimit } } });
interface Run {
  id: string;
  state: string;
  phase: string;
}
const lastRun = async () => ((await world.call('migrations.get', { params: { id: migration.id } })) as { lastRun?: Run }).lastRun;

describe('a run on the desktop', () => {
  it('is in the tray, keeps the machine awake, and goes on when the window closes, which is said once', async () => {
    expect(await sleepIsBlocked()).toBe(false);
    await limit(slow);
    await world.call('migrations.sync', { params: { id: migration.id }, body: {} });
    await expect.poll(async () => (await lastRun())?.phase).toBe('transfer');
    await expect.poll(async () => (await seen()).tray.at(-1)?.some((label) => /^\S+: transfer/.test(label))).toBe(true);
    await expect.poll(sleepIsBlocked).toBe(true);
    await expect.poll(visible).toBe(true);
    for (let time = 0; time < 2; time++) {
      await world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
      await expect.poll(visible).toBe(false);
      await world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show());
      await expect.poll(visible).toBe(true);
    }
    expect((await seen()).asked).toEqual([texts.goesOn]);
    expect(await lastRun()).toMatchObject({ state: 'running' });
  });

  it('is asked about before quitting: it may be kept running, or stops at a checkpoint and goes on after the next start', async () => {
    const { id } = (await lastRun()) as Run;
    await world.app.evaluate(({ app }) => app.quit());
    await expect.poll(async () => (await seen()).asked.at(-1)).toBe(texts.quitTitle(1));
    expect(await lastRun()).toMatchObject({ id, state: 'running' });
    await answer(1);
    const exit = once(world.app.process(), 'exit');
    await world.app.evaluate(({ app }) => void setTimeout(() => app.quit(), 50));
    expect(await exit).toEqual([0, null]);

    await world.restart();
    await watch();
    // Nobody looks: the end of the run is told. A window that is still to be painted would come back.
    await expect.poll(visible).toBe(true);
    await world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await expect.poll(lastRun).toMatchObject({ id, phase: 'transfer', state: 'running' });
    await expect.poll(sleepIsBlocked).toBe(true);
    await limit(0);
    const same = async () => {
      const { items } = (await world.call('migrations.runs', { params: { id: migration.id }, query: {} })) as { items: Run[] };
      return items.find((run) => run.id === id);
    };
    await expect.poll(same).toMatchObject({ state: 'succeeded' });
    await expect.poll(async () => (await seen()).notices).toContainEqual(expect.stringContaining('is protected'));
    await expect.poll(async () => (await lastRun())?.state).toBe('succeeded');
    await expect.poll(sleepIsBlocked).toBe(false);
    await expect.poll(async () => (await seen()).tray.at(-1)).toContain(texts.nothingRuns);
  });

  it('leaves diagnostics without a secret', async () => {
    const path = join(world.dataFolder, '..', 'diagnostics.tar.gz');
    await world.app.evaluate((_electron, given) => {
      (globalThis as unknown as Main).seen.saveTo = given;
    }, path);
    expect(await world.page.evaluate('octopus.desktop.saveDiagnostics()')).toBe(path);
    const all = gunzipSync(await readFile(path)).toString('latin1');
    expect(all).toContain('octopus-diagnostics/about.json');
    expect(all).toContain('"scheduler.concurrentRuns"');
    expect(all).toContain('starting');
    for (const secret of [password, lab.login.password]) expect(all).not.toContain(secret);
  });

  it('can be watched in a browser as soon as the settings say so, and no longer than that', async () => {
    port = await freePort();
    const set = (name: string, value: unknown) => world.call('settings.set', { params: { name }, body: { value } });
    expect(await set('rest.port', port)).toMatchObject({ restartPending: false });
    expect(await set('rest.enabled', true)).toMatchObject({ effect: 'at-once', restartPending: false });
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        async (response) => [response.status, await response.text()] as const,
        () => [0, ''] as const,
      );
    await expect.poll(async () => (await ask('/api/v1/health'))[0]).toBe(200);
    expect((await ask('/'))[1]).toContain('<title>Octopus</title>');
    expect((await ask('/api/v1/sources'))[0]).toBe(401);
    await set('rest.enabled', false);
    await expect.poll(async () => (await ask('/api/v1/health'))[0]).toBe(0);
  });

  it('comes to a checkpoint where an error was caught by nobody, and Octopus starts again', async () => {
    await limit(slow);
    // What follows a run's end may still be going on.
    const working = async () => ((await world.call('migrations.get', { params: { id: migration.id } })) as { working?: string }).working;
    await expect.poll(working).toBeUndefined();
    await world.call('migrations.verify', { params: { id: migration.id }, body: {} });
    const exit = once(world.app.process(), 'exit');
    const relaunched = await world.app.evaluate(({ app }) => {
      const { seen } = globalThis as unknown as Main;
      return new Promise<Seen>((resolve) => {
        app.relaunch = ((options: { args: string[] }) => {
          seen.relaunched.push(options.args);
          resolve(seen);
        }) as never;
        const end = app.exit;
        // Its answer must come back to this test first.
        app.exit = (code) => void setTimeout(() => end.call(app, code), 200);
        setTimeout(() => {
          throw new Error('planted');
        });
      });
    });
    expect(relaunched.asked).toEqual([texts.unknownError]);
    expect(relaunched.relaunched[0]).toEqual(
      expect.arrayContaining(['--data', world.dataFolder, expect.stringMatching(/^--after-error=/)]),
    );
    expect(await exit).toEqual([1, null]);
    expect(await readFile(join(world.dataFolder, 'logs', 'octopus.log'), 'utf8')).toContain('planted');
    await world.restart();
    expect(await world.call('auth.me')).toMatchObject({ name: 'ann' });
  });
});
