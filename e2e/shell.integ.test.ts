import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredEvent } from '../src-preload/bridge.ts';
import { type DesktopWorld, electronPath, launchDesktop, type PageGlobals } from './launch.ts';

// The real application in the real Electron, under a display and a keyring of its own. One world: each step builds on those before.

type InPage = PageGlobals & { heard: StoredEvent[]; open(url: string): unknown; location: { href: string } };

let world: DesktopWorld;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-shell-'));
  world = await launchDesktop({ dataFolder: join(folder, 'data') });
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** In the window as the main process sees it: also after its page has crashed. */
const inWindow = (script: string): Promise<unknown> =>
  world.app.evaluate(({ BrowserWindow }, code) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code), script);

async function until<Value>(ask: () => Promise<Value | undefined | false>): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the desktop application', () => {
  it('shows its own page, which has nothing of Node', async () => {
    const found = await world.page.evaluate(() => {
      const page = globalThis as unknown as Record<string, unknown> & InPage;
      return [page.location.href.split('#')[0], typeof page.require, typeof page.process, Object.keys(page.octopus).sort()];
    });
    expect(found).toEqual(['app://octopus/', 'undefined', 'undefined', ['call', 'cancel', 'desktop', 'onEvent', 'platform', 'version']]);
    const preferences = await world.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> };
      const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences();
      return { sandbox, contextIsolation, nodeIntegration, webviewTag: webviewTag ?? false, webSecurity };
    });
    expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false, webSecurity: true });
  });

  it('makes the administrator and keeps the tokens from the page', async () => {
    expect(await world.call('health.get')).toMatchObject({ status: 'ok', setupNeeded: true });
    const made = await world.call('auth.setup', { body: { name: 'ann', password: 'a long sentence for the test' } });
    expect(made).toMatchObject({ accessToken: '', refreshToken: '', user: { name: 'ann', role: 'admin' } });
    expect(await world.call('auth.me')).toMatchObject({ name: 'ann' });
    const unknown = await world.page.evaluate(() =>
      (globalThis as unknown as PageGlobals).octopus.call({ requestId: 'x', route: 'no.such' as never, input: {} }),
    );
    expect(unknown).toMatchObject({ ok: false, status: 404, error: { code: 'not.found' } });
  });

  it('goes nowhere, opens nothing, is permitted nothing and loads nothing from elsewhere', async () => {
    const opened = await world.page.evaluate(() => {
      const page = globalThis as unknown as InPage;
      page.location.href = 'https://example.com/';
      return page.open('https://example.com/') === null;
    });
    expect(opened).toBe(true);
    const refused = await inWindow(`Promise.all([
      fetch('https://example.com/').then(() => 'loaded', () => 'refused'),
      fetch('file:///etc/passwd').then(() => 'loaded', () => 'refused'),
      Notification.requestPermission().then((state) => state === 'granted' ? 'granted' : 'refused'),
      navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state === 'granted' ? 'granted' : 'refused'),
      navigator.clipboard.readText().then(() => 'read', () => 'refused'),
      window.octopus.desktop.openExternal('file:///etc/passwd').then(() => 'opened', () => 'refused'),
      new Promise((resolve) => { try { resolve(eval('1') === 1 ? 'run' : 'refused'); } catch { resolve('refused'); } }),
    ])`);
    expect(refused).toEqual(Array(7).fill('refused'));
    expect(world.page.url()).toMatch(/^app:\/\/octopus\//);
    expect(world.app.windows()).toHaveLength(1);
  });

  it('copies a machine in a thread inside Electron and tells the page of it', async () => {
    await writeFile(join(folder, 'web.raw'), Buffer.alloc(8 * 2 ** 20, 'octopus'));
    await inWindow('window.heard = []; window.octopus.onEvent((event) => window.heard.push(event)); true');
    const { id: sourceId } = (await world.call('sources.create', { body: { kind: 'images', files: [join(folder, 'web.raw')] } })) as {
      id: string;
    };
    await world.call('sources.sync', { params: { id: sourceId }, body: {} });
    const target = (await world.call('targets.create', { body: { kind: 'local', folder: join(folder, 'target') } })) as { id: string };
    const { items } = (await world.call('vms.list', { query: {} })) as { items: { id: string }[] };
    const migration = (await world.call('migrations.create', { body: { machineId: items[0]?.id, targetId: target.id } })) as { id: string };
    await world.call('migrations.sync', { params: { id: migration.id }, body: {} });
    const ended = await until(async () => {
      const heard = await world.page.evaluate(() => (globalThis as unknown as InPage).heard);
      return heard.find(({ type }) => type === 'run.ended');
    });
    expect(ended.data).toMatchObject({ state: 'succeeded', counts: { read: 8 * 2 ** 20 } });
  });

  it('loads its page again after a crash, and the core goes on', async () => {
    await world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer());
    let tries = 0;
    const ask = () => inWindow(`window.octopus?.call({ requestId: 'again-${++tries}', route: 'auth.me', input: {} })`);
    // What is asked of a page that is just going is never answered.
    const soon = () => new Promise<false>((resolve) => setTimeout(resolve, 1000, false));
    const me = await until(() => Promise.race([ask().catch(() => false), soon()]));
    expect(me).toMatchObject({ ok: true, body: { name: 'ann' } });
  });

  it('stays when its window closes, says so once, and comes back when it is started a second time', async () => {
    await world.app.evaluate(({ dialog }) => {
      Object.assign(globalThis, { asked: 0 });
      dialog.showMessageBox = async () => {
        (globalThis as unknown as { asked: number }).asked++;
        return { response: 0, checkboxChecked: false };
      };
    });
    const close = () => world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    const visible = () => world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
    await until(visible);
    await close();
    expect(await visible()).toBe(false);
    const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const second = spawn(electronPath(), [...flags, dirname(import.meta.dirname), '--data', world.dataFolder], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: world.env,
    });
    let said = '';
    second.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [status] = await once(second, 'close');
    expect([status, said]).toEqual([0, `Octopus runs already with the data in ${world.dataFolder}: its window was brought forward.\n`]);
    await until(visible);
    await close();
    expect(await world.app.evaluate(() => (globalThis as unknown as { asked: number }).asked)).toBe(1);
  });

  it('is signed in again after it was ended and opened anew', async () => {
    await world.restart();
    expect(await world.call('auth.me')).toMatchObject({ name: 'ann' });
    await world.call('auth.logout', { body: {} });
    await expect(world.call('auth.me')).rejects.toThrow('auth.required');
    await world.restart();
    await expect(world.call('auth.me')).rejects.toThrow('auth.required');
  });
});
