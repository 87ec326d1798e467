import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
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
import { channels, type DesktopCommand, unlockPath } from '../../src-preload/bridge.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Logger } from '../rest/request-log.ts';
import type { Core } from '../serve/open-core.ts';
import { openVault, vaultFile } from '../vault/open-vault.ts';
import { passphraseFromFile } from '../vault/passphrase.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { createAwake } from './awake.ts';
import { writeDiagnostics } from './diagnostics.ts';
import { createEventFeed } from './event-feed.ts';
import { bindIpc } from './ipc.ts';
import { allowedLink } from './links.ts';
import { lockDown } from './lockdown.ts';
import { applicationMenu } from './menu.ts';
import { noticeFor } from './notifications.ts';
import { openSecrets } from './open-secrets.ts';
import { openTray } from './open-tray.ts';
import { loadPage, openWindow } from './open-window.ts';
import { createPageHandler, scheme } from './page.ts';
import { openPreferences } from './preferences.ts';
import { createQuitting } from './quitting.ts';
import { createRestSwitch, type OpenedRest, type RestSwitch } from './rest-switch.ts';
import { createRunningWork } from './running-work.ts';
import { createDesktopSession, type DesktopSession } from './session.ts';
import { texts } from './texts.ts';
import { openUnlockDoor } from './unlock-door.ts';

/** Milliseconds; a page that cannot be painted must not keep a question back. */
const SHOWN_WITHIN = 5000;
/** Milliseconds; a keychain that nobody has to unlock answers sooner. */
const KEYCHAIN_WITHIN = 3000;

export interface DesktopParts {
  /** Where the bundles and resources are. */
  folders: { bundles: string; resources: string; logs: string };
  log: Logger;
  version: string;
  hidden: boolean;
  dataFolder: string;
  /** Of the file of secrets; nobody is asked then. */
  passphraseFile: string | undefined;
  openCore: (openVault: () => Promise<SecretStore>) => Promise<Core>;
  openRest: (core: Core) => Promise<OpenedRest>;
}

export interface Desktop {
  focus(): void;
  /** Closes all; the process goes on. */
  stop(): Promise<void>;
  isEnding(): boolean;
  isVisible(): boolean;
}

/** The application on a desktop, once Electron is ready. The window shows at once; what it asks for waits until the core is open. */
export function openDesktop(parts: DesktopParts): Desktop {
  const { log, folders } = parts;
  const development = !app.isPackaged;
  const failed = (what: string) => (error: unknown) => log.error({ error: toOctopusError(error).message }, what);
  const preferences = openPreferences(join(app.getPath('userData'), 'desktop.json'), failed('the preferences of this desktop'));
  nativeTheme.themeSource = preferences.get().appearance;

  let window: BrowserWindow | undefined;
  let core: Core | undefined;
  let coreOpening: Promise<Core> | undefined;
  let rest: RestSwitch | undefined;
  const secretsFile = join(parts.dataFolder, vaultFile);
  // Where a passphrase will be asked for anyway, the other page need not be seen before.
  let page = parts.passphraseFile === undefined && existsSync(secretsFile) ? unlockPath : '/';
  const openExternal = (url: string) => void shell.openExternal(url).catch(failed('a link could not be opened'));
  const contents = () => (window && !window.isDestroyed() ? window.webContents : undefined);

  protocol.handle(scheme, createPageHandler({ folder: join(folders.bundles, 'renderer'), random: randomBytes }));
  lockDown({
    app,
    session: sessions.defaultSession,
    openExternal,
    ownOrigin: () => rest?.origin(),
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
    session: () => (quitting.isCertain() ? Promise.reject(stopping()) : opening.promise),
    newId: randomUUID,
    desktop: {
      pickFolder: async (title) => (await pick(['openDirectory', 'createDirectory'], title, texts.pickFolder))[0],
      pickFiles: (title) => pick(['openFile', 'multiSelections'], title, texts.pickFiles),
      openExternal: async (url) => {
        const link = allowedLink(url, rest?.origin());
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

  const door = openUnlockDoor({
    ipcMain,
    contents,
    show(unlock) {
      page = unlock ? unlockPath : '/';
      if (window && !window.isDestroyed()) loadPage(window, page, log);
      if (unlock) show();
    },
    quit: () => quitting.now(),
    onRefused: (channel) => log.warn({ channel }, 'a message from elsewhere was refused'),
  });

  function openDesktopVault(): Promise<SecretStore> {
    const { dataFolder: folder, passphraseFile } = parts;
    if (passphraseFile !== undefined) return openVault({ mode: 'file', folder, passphrase: passphraseFromFile(passphraseFile) });
    return openSecrets({
      door,
      hasFile: async () => existsSync(secretsFile),
      before: () => preferences.get().secretStore,
      remember: (secretStore) => preferences.set({ secretStore }),
      openKeychain: () => openVault({ mode: 'keychain', folder }),
      openFile: (passphrase) => openVault({ mode: 'file', folder, passphrase: async () => passphrase }),
      patience: () => new Promise((resolve) => setTimeout(resolve, KEYCHAIN_WITHIN)),
      onFailure: (error) =>
        log.warn(
          { code: error.code, error: error.message, cause: error.cause instanceof Error ? error.cause.message : undefined },
          'the secrets could not be opened',
        ),
    });
  }

  // ---- the core -----------------------------------------------------------------------------------------------------------
  async function begin(): Promise<void> {
    for (;;) {
      try {
        coreOpening = parts.openCore(openDesktopVault);
        core = await coreOpening;
        break;
      } catch (caught) {
        if (quitting.isCertain()) return;
        const error = toOctopusError(caught);
        log.error({ code: error.code, error: error.message, stack: error.stack }, 'the core could not be opened');
        const options = {
          type: 'error' as const,
          message: texts.cannotOpen,
          detail: error.message,
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
      ask: session.ask,
      mayRead: opened.events.mayRead,
      send(batch) {
        contents()?.send(channels.events, batch);
        // Of what is told here anyway: a notice names the machine and what was wrong.
        for (const event of batch) if (!('gap' in event)) notify(event);
      },
      later: (act, milliseconds) => void setTimeout(act, milliseconds),
    });
    opened.events.subscribe((event) => {
      const told = event as Parameters<typeof feed.take>[0];
      feed.take(told);
      work.take(told);
    });
    await session.restore();
    opening.resolve(session);
    opened.begin();
    if (quitting.isCertain()) return;
    rest = createRestSwitch({
      settings: opened.settings,
      open: () => parts.openRest(opened),
      onFailure(error) {
        failed('the REST API could not be opened')(error);
        const options = { type: 'warning' as const, message: texts.restFailed, detail: error.message, buttons: [texts.understood] };
        (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options)).catch(failed('a message'));
      },
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

  const isVisible = () => window !== undefined && !window.isDestroyed() && window.isVisible();

  function notify(event: Parameters<typeof noticeFor>[0]): void {
    const notice = noticeFor(event, work.machineOf);
    if (!notice || (isVisible() && window?.isFocused()) || !Notification.isSupported()) return;
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
      page: () => page,
      hides: staysWithoutWindow,
      pageGone: () => ipc.pageGone(),
    });

  /** Closing the window ends nothing; that is said the first time. */
  function staysWithoutWindow(): boolean {
    if (quitting.isCertain()) return false;
    // Nothing goes on yet.
    if (door.isOpen()) {
      quitting.now();
      return true;
    }
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
        message: texts.quitTitle(names.length),
        detail: texts.quitDetail(names),
        buttons: [texts.keepRunning, texts.stopAndQuit],
        defaultId: 0,
        cancelId: 0,
      };
      const { response } = await (window && isVisible() ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options));
      return response === 1;
    },
    async close() {
      log.info('stopping: what is running comes to a checkpoint first');
      opening.reject(stopping());
      door.shut();
      if (window && !window.isDestroyed()) window.hide();
      tray.close();
      await rest?.close();
      await coreOpening?.then(
        (opened) => opened.close(),
        () => undefined,
      );
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
  return {
    focus: () => show(),
    stop: quitting.stop,
    isEnding: quitting.isCertain,
    isVisible,
  };
}

const stopping = () => new OctopusError('server.stopping', 'Octopus is stopping.', { retryable: true });
