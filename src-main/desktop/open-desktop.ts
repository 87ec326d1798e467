import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  app,
  type BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  Notification,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  session as sessions,
  shell,
} from 'electron';
import { channels, type DesktopCommand } from '../../src-preload/bridge.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Logger } from '../rest/request-log.ts';
import type { Core } from '../serve/open-core.ts';
import { createAwake } from './awake.ts';
import { writeDiagnostics } from './diagnostics.ts';
import { createEventFeed } from './event-feed.ts';
import { bindIpc } from './ipc.ts';
import { allowedLink } from './links.ts';
import { lockDown } from './lockdown.ts';
import { applicationMenu } from './menu.ts';
import { noticeFor } from './notifications.ts';
import { openTray } from './open-tray.ts';
import { openWindow } from './open-window.ts';
import { createPageHandler, scheme } from './page.ts';
import { openPreferences } from './preferences.ts';
import { createQuitting } from './quitting.ts';
import { createRunningWork } from './running-work.ts';
import { createDesktopSession, type DesktopSession } from './session.ts';
import { texts } from './texts.ts';

/** Milliseconds; a page that cannot be painted must not keep a question back. */
const SHOWN_WITHIN = 5000;

export interface DesktopParts {
  /** Where the bundles and resources are. */
  folders: { bundles: string; resources: string; logs: string };
  log: Logger;
  version: string;
  hidden: boolean;
  openCore: () => Promise<Core>;
  /** Answers our REST server's origin and what ends it, where the settings switch it on. */
  openRest: (core: Core) => Promise<{ origin: string; close(): Promise<void> } | undefined>;
}

/** The application on a desktop, once Electron is ready. The window shows at once; what it asks for waits until the core is open. */
export function openDesktop(parts: DesktopParts): { focus(): void } {
  const { log, folders } = parts;
  const development = !app.isPackaged;
  const failed = (what: string) => (error: unknown) => log.error({ error: toOctopusError(error).message }, what);
  const preferences = openPreferences(join(app.getPath('userData'), 'desktop.json'), failed('the preferences of this desktop'));
  nativeTheme.themeSource = preferences.get().appearance;

  let window: BrowserWindow | undefined;
  let core: Core | undefined;
  let rest: Awaited<ReturnType<DesktopParts['openRest']>>;
  const openExternal = (url: string) => void shell.openExternal(url).catch(failed('a link could not be opened'));
  const contents = () => (window && !window.isDestroyed() ? window.webContents : undefined);

  protocol.handle(scheme, createPageHandler({ folder: join(folders.bundles, 'renderer'), random: randomBytes }));
  lockDown({
    app,
    session: sessions.defaultSession,
    openExternal,
    ownOrigin: () => rest?.origin,
    development,
    // The address may hold anything; where it would have led is enough.
    onRefused: (what, address) => log.warn({ to: address.split(/[?#]/)[0]?.slice(0, 200) }, `${what} was refused`),
  });

  // ---- what goes on -------------------------------------------------------------------------------------------------------
  const keepAwake = createAwake(powerSaveBlocker);
  const tray = openTray({
    folder: join(folders.resources, 'icons', 'tray'),
    open: show,
    quit: () => app.quit(),
    onFailure: failed('the tray'),
  });
  const work = createRunningWork(() => {
    keepAwake(work.busy());
    tray.show(work.runs());
  });

  const opening = Promise.withResolvers<DesktopSession>();
  opening.promise.catch(() => undefined);
  const ipc = bindIpc({
    ipcMain,
    contents,
    session: () => opening.promise,
    newId: randomUUID,
    desktop: {
      pickFolder: async (title) => (await pick(['openDirectory', 'createDirectory'], title, texts.pickFolder))[0],
      pickFiles: (title) => pick(['openFile', 'multiSelections'], title, texts.pickFiles),
      openExternal: async (url) => {
        const link = allowedLink(url, rest?.origin);
        if (!link) throw new Error('This address is not on the list of those that Octopus opens.');
        openExternal(link);
      },
      saveDiagnostics,
    },
    setAppearance(appearance) {
      nativeTheme.themeSource = appearance;
      preferences.set({ appearance });
    },
    onRefused: (channel) => log.warn({ channel }, 'a message from elsewhere was refused'),
    onFailure: (route, error) => log.error({ route, error: error.message, stack: error.stack }, 'a call failed'),
  });

  async function pick(
    properties: ('openFile' | 'openDirectory' | 'multiSelections' | 'createDirectory')[],
    title: unknown,
    otherwise: string,
  ) {
    if (!window) return [];
    const options = { properties, title: typeof title === 'string' ? title.slice(0, 200) : otherwise };
    const { canceled, filePaths } = await dialog.showOpenDialog(window, options);
    return canceled ? [] : filePaths;
  }

  async function saveDiagnostics(): Promise<string | undefined> {
    const now = new Date();
    const name = `octopus-diagnostics-${now.toISOString().slice(0, 10)}.tar.gz`;
    const options = { title: texts.saveDiagnostics, defaultPath: join(app.getPath('documents'), name) };
    const { canceled, filePath } = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
    if (canceled || !filePath) return undefined;
    const { electron, chrome, node, v8 } = process.versions;
    const versions = { octopus: parts.version, electron, chrome, node, v8, platform: process.platform, arch: process.arch };
    const about = {
      system: `${process.getSystemVersion()}`,
      settings: core?.settings.list() ?? 'the core is not open',
      running: work.runs(),
    };
    await writeDiagnostics(filePath, { logFolder: folders.logs, versions, about, now });
    return filePath;
  }

  // ---- the core -----------------------------------------------------------------------------------------------------------
  async function begin(): Promise<void> {
    for (;;) {
      try {
        core = await parts.openCore();
        break;
      } catch (caught) {
        const error = toOctopusError(caught);
        log.error({ code: error.code, error: error.message, stack: error.stack }, 'the core could not be opened');
        const options = {
          type: 'error' as const,
          message: texts.cannotOpen,
          detail: error.code === 'vault.unavailable' ? `${error.message}\n\n${texts.withoutKeychain}` : error.message,
          buttons: [texts.tryAgain, texts.quit],
          cancelId: 1,
        };
        await shown(window);
        const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options));
        if (response === 1) return quitting.now();
      }
    }
    const opened = core;
    const session = createDesktopSession({
      api: opened.api,
      identity: opened.identity,
      vault: opened.vault,
      clock: opened.clock,
      newId: opened.newId,
      onFailure: (what, error) => log.warn({ code: error.code, error: error.message }, what),
      onChange: () => feed.gap(),
    });
    const feed = createEventFeed({
      caller: session.caller,
      mayRead: opened.events.mayRead,
      send: (batch) => contents()?.send(channels.events, batch),
      later: (act, milliseconds) => void setTimeout(act, milliseconds),
    });
    opened.events.subscribe((event) => {
      const told = event as Parameters<typeof feed.take>[0];
      feed.take(told);
      work.take(told);
      notify(told);
    });
    await session.restore();
    opening.resolve(session);
    opened.begin();
    rest = await parts.openRest(opened).catch((error) => {
      failed('the REST API could not be opened')(error);
      return undefined;
    });
  }

  /** A question that comes before its window would lie below it. */
  function shown(waited: BrowserWindow | undefined): Promise<void> | undefined {
    if (!waited || waited.isDestroyed() || waited.isVisible()) return undefined;
    return new Promise((resolve) => {
      waited.once('show', () => resolve());
      waited.once('closed', () => resolve());
      setTimeout(resolve, SHOWN_WITHIN);
    });
  }

  function notify(event: Parameters<typeof noticeFor>[0]): void {
    const notice = noticeFor(event, work.machineOf);
    if (!notice || window?.isFocused() || !Notification.isSupported()) return;
    const shown = new Notification({ title: notice.title, body: notice.body.slice(0, 300) });
    shown.on('click', () => show(notice.to));
    shown.show();
  }

  // ---- the window ---------------------------------------------------------------------------------------------------------
  const send = (command: DesktopCommand) => contents()?.send(channels.command, command);

  function show(to?: string): void {
    if (!window || window.isDestroyed()) window = makeWindow(true);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    if (to !== undefined) send({ type: 'navigate', to });
  }

  const makeWindow = (visible: boolean) =>
    openWindow({
      preload: join(folders.bundles, 'preload.cjs'),
      icon: process.platform === 'linux' ? join(folders.resources, 'icons', 'linux', '256x256.png') : undefined,
      preferences,
      log,
      development,
      show: visible,
      hides: staysWithoutWindow,
      pageGone: () => ipc.pageGone(),
    });

  /** Closing the window ends nothing; that is said the first time. */
  function staysWithoutWindow(): boolean {
    if (quitting.isCertain()) return false;
    if (!preferences.get().toldGoesOn) {
      preferences.set({ toldGoesOn: true });
      const buttons = [texts.understood, texts.quit];
      dialog
        .showMessageBox({ type: 'info', message: texts.goesOn, detail: texts.goesOnDetail, buttons, cancelId: 0 })
        .then(({ response }) => response === 1 && app.quit());
    }
    return true;
  }

  // ---- the way out --------------------------------------------------------------------------------------------------------
  const quitting = createQuitting({
    busy: work.busy,
    async ask() {
      const names = work.runs().map(({ machine }) => machine);
      const options = {
        type: 'question' as const,
        message: texts.quitTitle,
        detail: texts.quitDetail(names),
        buttons: [texts.keepRunning, texts.stopAndQuit],
        defaultId: 0,
        cancelId: 0,
      };
      const visible = window && !window.isDestroyed() && window.isVisible() ? window : undefined;
      const { response } = await (visible ? dialog.showMessageBox(visible, options) : dialog.showMessageBox(options));
      return response === 1;
    },
    async close() {
      log.info('stopping: what is running comes to a checkpoint first');
      opening.reject(new OctopusError('server.stopping', 'Octopus is stopping.', { retryable: true }));
      window?.hide();
      tray.close();
      await rest?.close();
      await core?.close();
      keepAwake(false);
      log.info('stopped');
    },
    exit: () => app.exit(0),
    onFailure: failed('closing'),
  });
  app.on('before-quit', (event) => {
    if (!quitting.mayQuit()) event.preventDefault();
  });
  // Without a window it goes on.
  app.on('window-all-closed', () => undefined);
  app.on('activate', () => show());
  powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
    // The system waits a little for those who ask it to.
    event?.preventDefault();
    quitting.now();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => quitting.now());
  app.on('child-process-gone', (_event, { type, reason, exitCode, serviceName }) => {
    if (reason !== 'clean-exit')
      log.error({ type, reason, exitCode, serviceName }, 'a helper process of Chromium ended; it is started again');
  });

  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      applicationMenu({
        platform: process.platform,
        development,
        send: (command) => {
          show();
          send(command);
        },
        saveDiagnostics: () => void saveDiagnostics().catch(failed('the diagnostics could not be saved')),
        about: () => app.showAboutPanel(),
        quit: () => app.quit(),
      }),
    ),
  );
  app.setAboutPanelOptions({ applicationName: 'Octopus', applicationVersion: parts.version });
  if (!parts.hidden) window = makeWindow(true);
  begin().catch((error) => {
    failed('the start')(error);
    quitting.now();
  });
  return { focus: () => show() };
}
