import { BrowserWindow, dialog, nativeTheme, screen } from 'electron';
import type { Logger } from '../rest/request-log.ts';
import { createCrashPolicy } from './crashes.ts';
import { origin } from './page.ts';
import type { PreferenceFile } from './preferences.ts';
import { texts } from './texts.ts';
import { placeWindow, smallest } from './window-state.ts';

export interface WindowParts {
  preload: string;
  icon: string | undefined;
  preferences: PreferenceFile;
  log: Logger;
  development: boolean;
  show: boolean;
  /** Path of the page that is to be seen, also after a crash. */
  page: () => string;
  /** It is closed while the application goes on: answers whether it is only hidden. */
  hides: () => boolean;
  pageGone: () => void;
}

const background = () => (nativeTheme.shouldUseDarkColors ? '#16191b' : '#ffffff');

export function openWindow(parts: WindowParts): BrowserWindow {
  const { preferences, log } = parts;
  const displays = screen.getAllDisplays().map(({ workArea }) => workArea);
  const window = new BrowserWindow({
    ...placeWindow(preferences.get().window, displays),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Octopus',
    show: false,
    backgroundColor: background(),
    ...(parts.icon ? { icon: parts.icon } : {}),
    webPreferences: {
      preload: parts.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: parts.development,
    },
  });
  if (preferences.get().window?.maximized) window.maximize();
  // Closed before it was painted, it stays closed.
  let wanted = parts.show;
  window.once('ready-to-show', () => wanted && window.show());

  let timer: NodeJS.Timeout | undefined;
  const keepState = () => {
    clearTimeout(timer);
    timer = undefined;
    if (window.isDestroyed() || window.isMinimized()) return;
    preferences.set({ window: { bounds: window.getNormalBounds(), maximized: window.isMaximized() } });
  };
  const soon = () => {
    timer ??= setTimeout(keepState, 500);
  };
  window.on('resize', soon);
  window.on('move', soon);
  window.on('maximize', soon);
  window.on('unmaximize', soon);
  window.on('close', (event) => {
    keepState();
    if (!parts.hides()) return;
    event.preventDefault();
    wanted = false;
    window.hide();
  });
  window.on('closed', () => clearTimeout(timer));
  // The page's title is no reason to rename the window in the person's task list.
  window.on('page-title-updated', (event) => event.preventDefault());
  nativeTheme.on('updated', () => window.isDestroyed() || window.setBackgroundColor(background()));

  const load = () => loadPage(window, parts.page(), log);
  const policy = createCrashPolicy(() => performance.now());
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    parts.pageGone();
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    log.error({ reason, exitCode }, 'the page ended unexpectedly');
    // Not from within: Chromium is still clearing the old process away.
    if (policy() === 'reload') return void setTimeout(() => window.isDestroyed() || load(), 100);
    dialog
      .showMessageBox(window, { type: 'error', message: texts.keepsFailing, detail: texts.keepsFailingDetail, buttons: [texts.loadAgain] })
      .then(() => window.isDestroyed() || load());
  });
  window.webContents.on('unresponsive', () => log.warn('the page does not respond'));
  window.webContents.on('responsive', () => log.info('the page responds again'));
  window.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) parts.pageGone();
  });
  window.webContents.on('preload-error', (_event, _path, error) => log.error({ error: error.message }, 'the bridge failed'));
  load();
  return window;
}

export function loadPage(window: BrowserWindow, path: string, log: Logger): void {
  window.loadURL(`${origin}${path}`).catch((error: Error & { errno?: number }) => {
    // ERR_ABORTED: another took its place.
    if (error.errno !== -3) log.error({ error: error.message }, 'the page could not be loaded');
  });
}
