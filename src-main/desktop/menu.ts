import type { MenuItemConstructorOptions } from 'electron';
import type { DesktopCommand } from '../../src-preload/bridge.ts';
import type { RunningRun } from './running-work.ts';
import { texts } from './texts.ts';

export interface MenuParts {
  platform: NodeJS.Platform;
  development: boolean;
  send: (command: DesktopCommand) => void;
  saveDiagnostics: () => void;
  about: () => void;
  quit: () => void;
}

const pages = [
  ['Overview', '/'],
  ['Machines', '/machines'],
  ['Migrations', '/migrations'],
  ['Sources', '/sources'],
  ['Targets', '/targets'],
  ['Schedules and tasks', '/schedules'],
  ['Activity', '/activity'],
] as const;

export function applicationMenu(parts: MenuParts): MenuItemConstructorOptions[] {
  const { send } = parts;
  const mac = parts.platform === 'darwin';
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const settings: MenuItemConstructorOptions = {
    label: 'Settings',
    accelerator: 'CmdOrCtrl+,',
    click: () => send({ type: 'navigate', to: '/settings' }),
  };
  const quit: MenuItemConstructorOptions = { label: texts.quit, accelerator: 'CmdOrCtrl+Q', click: parts.quit };
  const about: MenuItemConstructorOptions = { label: 'About Octopus', click: parts.about };
  return [
    ...(mac ? [{ label: 'Octopus', submenu: [about, separator, settings, separator, { role: 'hide' as const }, separator, quit] }] : []),
    {
      label: '&File',
      submenu: [
        { label: 'New migration…', accelerator: 'CmdOrCtrl+N', click: () => send({ type: 'new-migration' }) },
        separator,
        ...(mac ? [] : [settings]),
        { label: 'Sign out', click: () => send({ type: 'sign-out' }) },
        separator,
        { role: 'close' },
        ...(mac ? [] : [quit]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        // The client hears this key itself, also where the focus is in a field.
        { label: 'Commands…', accelerator: 'CmdOrCtrl+K', registerAccelerator: false, click: () => send({ type: 'palette' }) },
        { label: 'Load the data anew', accelerator: 'F5', click: () => send({ type: 'reload-data' }) },
        separator,
        ...pages.map(([label, to], at) => ({ label, accelerator: `CmdOrCtrl+${at + 1}`, click: () => send({ type: 'navigate', to }) })),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(parts.development ? [separator, { role: 'toggleDevTools' as const }] : []),
      ],
    },
    { role: 'windowMenu' },
    {
      label: '&Help',
      submenu: [
        { label: 'Help', accelerator: 'F1', click: () => send({ type: 'help' }) },
        { label: 'Collect diagnostics…', click: parts.saveDiagnostics },
        ...(mac ? [] : [separator, about]),
      ],
    },
  ];
}

export function trayMenu(
  runs: readonly RunningRun[],
  parts: { open: (to?: string) => void; quit: () => void },
): MenuItemConstructorOptions[] {
  const shown = runs.slice(0, 10).map(({ migrationId, machine, phase, done, total }) => ({
    label: `${machine}: ${phase}${total > 0 ? ` ${Math.floor((100 * done) / total)} %` : ''}`,
    click: () => parts.open(`/migrations/${encodeURIComponent(migrationId)}`),
  }));
  return [
    { label: texts.open, click: () => parts.open() },
    { type: 'separator' },
    ...(shown.length > 0 ? shown : [{ label: texts.nothingRuns, enabled: false }]),
    { type: 'separator' },
    { label: texts.quit, click: parts.quit },
  ];
}
