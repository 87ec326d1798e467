import type { App, Session, WebContents } from 'electron';
import { allowedLink } from './links.ts';
import { isOurPage } from './sender.ts';

export interface LockdownParts {
  app: Pick<App, 'on'>;
  session: Session;
  openExternal: (url: string) => void;
  /** Of our REST server, where it runs. */
  ownOrigin: () => string | undefined;
  /** Chromium's developer tools may load their own pages. */
  development: boolean;
  onRefused: (what: string, address: string) => void;
}

/** Nothing is loaded but our page, nothing is permitted to it, and it goes nowhere. Before the first window. */
export function lockDown(parts: LockdownParts): void {
  const { app, session, onRefused } = parts;
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    onRefused('a permission', permission);
    answer(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  // Switched off is not enough: Chromium fetches dictionaries of the languages that it knows of, from a host of its maker.
  session.setSpellCheckerLanguages([]);
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest((details, answer) => {
    const allowed = mayLoad(details.url, parts.development);
    if (!allowed) onRefused('a request', details.url);
    answer({ cancel: !allowed });
  });
  session.on('will-download', (event, item) => {
    // What the page itself made: an export.
    if (item.getURL().startsWith('blob:app://octopus/')) return;
    onRefused('a download', item.getURL());
    event.preventDefault();
  });
  app.on('web-contents-created', (_event, contents) => lockContents(contents, parts));
}

export function mayLoad(address: string, development: boolean): boolean {
  if (isOurPage(address) || address.startsWith('data:image/') || address.startsWith('blob:app://octopus/')) return true;
  return development && address.startsWith('devtools://');
}

export function lockContents(contents: WebContents, parts: Pick<LockdownParts, 'openExternal' | 'ownOrigin' | 'onRefused'>): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    parts.onRefused('a navigation', event.url);
    event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const link = allowedLink(url, parts.ownOrigin());
    if (link) parts.openExternal(link);
    else parts.onRefused('a new window', url);
    return { action: 'deny' };
  });
}
