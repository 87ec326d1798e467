import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '../fixtures.ts';
import type { PageGlobals } from '../launch.ts';
import { packagedApp } from '../packaged-app.ts';
import { goIn } from '../person.ts';

// Electron's security checklist (electronjs.org/docs/latest/tutorial/security), tried at the application itself.

interface InPage extends PageGlobals {
  location: { href: string };
  open(url: string): unknown;
  document: {
    createElement(name: string): {
      src: string;
      href: string;
      target: string;
      textContent: string;
      click(): void;
      onload: unknown;
      onerror: unknown;
    };
    body: { append(node: unknown): void };
    querySelector(selector: string): { textContent: string } | null;
  };
}

test('the window is locked as the checklist asks @desktop @packed', async ({ desktop: world, where }) => {
  const { app } = world.desktop;
  const found = await app.evaluate(({ app: electronApp, BrowserWindow, session }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents;
    const preferences = (contents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences();
    return {
      preferences,
      sandboxed: !electronApp.commandLine.hasSwitch('disable-web-security'),
      ownSession: contents.session === session.defaultSession,
      userAgent: contents.getUserAgent().length > 0,
    };
  });
  expect(found.preferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
  });
  for (const name of [
    'nodeIntegrationInWorker',
    'nodeIntegrationInSubFrames',
    'allowRunningInsecureContent',
    'experimentalFeatures',
    'webviewTag',
    'navigateOnDragDrop',
  ]) {
    expect([name, found.preferences[name] ?? false]).toEqual([name, false]);
  }
  expect(found).toMatchObject({ sandboxed: true, ownSession: true });
  if (where === 'packed') {
    const opened = await app.evaluate(async ({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]!.webContents;
      contents.openDevTools();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return contents.isDevToolsOpened();
    });
    expect(opened).toBe(false);
  }
  const reach = await world.page.evaluate(() => {
    const page = globalThis as unknown as Record<string, object>;
    return {
      node: ['require', 'process', 'module', 'Buffer', '__dirname'].filter((name) => name in page),
      bridge: Object.keys(page.octopus!).sort(),
      frozen: !Reflect.set(page.octopus!, 'call', 1),
    };
  });
  expect(reach).toEqual({ node: [], bridge: ['call', 'cancel', 'desktop', 'onEvent', 'platform', 'version'], frozen: true });
});

test('the page comes with a strict policy and a nonce that is used once @desktop @packed', async ({ desktop: world }) => {
  const policy = () => world.page.evaluate(async () => (await fetch('/')).headers.get('content-security-policy') ?? '');
  const [one, other] = [await policy(), await policy()];
  const nonce = /'nonce-([\w+/=]{22,})'/.exec(one)?.[1];
  expect(one).toBe(
    `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(other).not.toBe(one);
});

test('nothing is opened, navigated to, loaded or permitted @desktop @packed', async ({ desktop: world }) => {
  const { page } = world;
  await goIn(world);
  const opened = await page.evaluate(() => {
    const { document, open, location } = globalThis as unknown as InPage;
    const results = ['https://example.com/', 'file:///etc/passwd', 'about:blank', 'app://octopus/'].map((url) => open(url) === null);
    for (const url of ['https://example.com/', 'file:///etc/passwd', 'javascript:void(document.title = "run")', 'data:text/html,x']) {
      const link = document.createElement('a');
      link.href = url;
      document.body.append(link);
      link.click();
      location.href = url;
    }
    return results;
  });
  expect(opened).toEqual([true, true, true, true]);
  const loaded = await page.evaluate(async () => {
    const { document } = globalThis as unknown as InPage;
    const element = (name: string, src: string) =>
      new Promise<string>((resolve) => {
        const made = document.createElement(name);
        made.onload = () => resolve('loaded');
        made.onerror = () => resolve('refused');
        made.src = src;
        document.body.append(made);
        setTimeout(resolve, 3000, 'refused');
      });
    const web = 'https://example.com/x';
    const asks = [
      element('img', web),
      element('script', web),
      element('script', 'data:text/javascript,globalThis.ran = true'),
      fetch(web).then(
        () => 'loaded',
        () => 'refused',
      ),
      fetch('file:///etc/passwd').then(
        () => 'loaded',
        () => 'refused',
      ),
      new Promise((resolve) => {
        try {
          const socket = new WebSocket('wss://example.com/');
          socket.onopen = () => resolve('loaded');
          socket.onerror = () => resolve('refused');
        } catch {
          resolve('refused');
        }
      }),
      new Promise((resolve) => {
        const inline = document.createElement('script');
        inline.textContent = 'globalThis.ran = true';
        document.body.append(inline);
        resolve('ran' in globalThis ? 'loaded' : 'refused');
      }),
      // Not at once: what a debugger asks for may use it.
      new Promise((resolve) =>
        setTimeout(() => {
          try {
            // biome-ignore lint/security/noGlobalEval: that it is refused is what is tried
            resolve(globalThis.eval("'loaded'"));
          } catch {
            resolve('refused');
          }
        }),
      ),
    ];
    return Promise.all(asks);
  });
  expect(loaded).toEqual(Array(8).fill('refused'));
  const permitted = await page.evaluate(async () => {
    const { navigator, Notification } = globalThis as unknown as {
      // biome-ignore lint/suspicious/noExplicitAny: half of these are not known to TypeScript
      navigator: any;
      Notification: { requestPermission(): Promise<string> };
    };
    const refused = (ask: () => Promise<unknown>) =>
      Promise.resolve()
        .then(ask)
        .then(
          (answer) => (answer === 'denied' ? 'refused' : 'permitted'),
          () => 'refused',
        );
    return Promise.all([
      refused(() => Notification.requestPermission()),
      refused(() => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject))),
      refused(() => navigator.mediaDevices.getUserMedia({ audio: true })),
      refused(() => navigator.mediaDevices.getDisplayMedia()),
      refused(() => navigator.clipboard.readText()),
      refused(() => navigator.usb.requestDevice({ filters: [] })),
      refused(() => navigator.serial.requestPort()),
      refused(() => navigator.permissions.query({ name: 'notifications' }).then(({ state }: { state: string }) => state)),
    ]);
  });
  expect(permitted).toEqual(Array(8).fill('refused'));
  // Still our page, alone, and nothing of all that has run.
  expect(page.url()).toMatch(/^app:\/\/octopus\//);
  expect(await page.title()).not.toBe('run');
  expect(world.desktop.app.windows()).toHaveLength(1);
  // Not by a locator: Playwright waits for the navigation that never comes.
  expect(await page.evaluate(() => (globalThis as unknown as InPage).document.querySelector('main h1')?.textContent)).toBe('Overview');
  // The attempts themselves are no fault.
  world.foreign.length = 0;
  world.faults.length = 0;
});

test('messages of another window, or of a frame, are refused @desktop @packed', async ({ desktop: world }) => {
  await goIn(world);
  const answers = await world.desktop.app.evaluate(async ({ app, BrowserWindow }) => {
    const preload = `${app.getAppPath()}/dist/preload.cjs`;
    const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, contextIsolation: true } });
    const call = "octopus.call({ requestId: 'x', route: 'auth.me', input: {} })";
    const action = "octopus.desktop.openExternal('https://learn.microsoft.com/').then(() => 'opened', () => 'refused')";
    try {
      // Even with our page in it: it is not our window.
      await other.loadURL('app://octopus/');
      return [await other.webContents.executeJavaScript(call), await other.webContents.executeJavaScript(action)];
    } finally {
      other.destroy();
    }
  });
  expect(answers).toEqual([expect.objectContaining({ ok: false, error: expect.objectContaining({ code: 'auth.forbidden' }) }), 'refused']);
  // A frame has no bridge at all.
  const inFrame = await world.page.evaluate(() => {
    const { document } = globalThis as unknown as {
      document: { createElement(name: string): never; body: { append(node: unknown): void } };
    };
    const frame = document.createElement('iframe') as { contentWindow: object };
    document.body.append(frame);
    return 'octopus' in frame.contentWindow;
  });
  expect(inFrame).toBe(false);
  world.faults.length = 0;
});

test('the fuses of the packed application are as they should be @packed @packed-only', async () => {
  const program = packagedApp();
  const wire = await getCurrentFuseWire(program);
  const on = (option: FuseV1Options) => wire[option] === FuseState.ENABLE;
  expect({
    runAsNode: on(FuseV1Options.RunAsNode),
    nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    asarOnly: on(FuseV1Options.OnlyLoadAppFromAsar),
    asarIntegrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
    fileProtocol: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
    cookies: on(FuseV1Options.EnableCookieEncryption),
    // By which these journeys enter; off in what is shipped.
    inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
  }).toEqual({
    runAsNode: false,
    nodeOptions: false,
    asarOnly: true,
    asarIntegrity: true,
    fileProtocol: false,
    cookies: true,
    inspect: true,
  });
  expect(await readFile('electron-builder.yml', 'utf8')).toMatch(/^ {2}enableNodeCliInspectArguments: false$/m);
  expect(await readFile(join(dirname(program), 'resources', 'THIRD-PARTY-NOTICES.txt'), 'utf8')).toContain('\nreact@');
});
