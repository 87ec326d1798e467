import { join } from 'node:path';
import { Menu, nativeImage, nativeTheme, Tray } from 'electron';
import { trayMenu } from './menu.ts';
import type { RunningRun } from './running-work.ts';
import { texts } from './texts.ts';

export interface TrayParts {
  folder: string;
  open: (to?: string) => void;
  quit: () => void;
  onFailure: (error: unknown) => void;
}

/** The tray with what runs. A desktop without one is none the worse: a second start brings the window back. */
export function openTray(parts: TrayParts): { show(runs: readonly RunningRun[]): void; close(): void } {
  let tray: Tray | undefined;
  let shown = '';
  try {
    tray = new Tray(image(false));
    tray.on('click', () => parts.open());
  } catch (error) {
    parts.onFailure(error);
  }
  let active = false;
  const onTheme = () => tray?.setImage(image(active));
  nativeTheme.on('updated', onTheme);

  function image(working: boolean) {
    const on = process.platform === 'darwin' ? 'Template' : nativeTheme.shouldUseDarkColors ? 'OnDark' : 'OnLight';
    return nativeImage.createFromPath(join(parts.folder, `tray${working ? 'Active' : ''}${on}.png`));
  }

  const show = (runs: readonly RunningRun[]) => {
    if (!tray) return;
    if (active !== runs.length > 0) {
      active = runs.length > 0;
      tray.setImage(image(active));
    }
    const template = trayMenu(runs, parts);
    // Building a menu is dear; progress comes several times a second.
    const labels = template.map(({ label }) => label).join('\n');
    if (labels === shown) return;
    shown = labels;
    tray.setToolTip(runs.length > 0 ? `Octopus: ${texts.running(runs.length)}` : 'Octopus');
    tray.setContextMenu(Menu.buildFromTemplate(template));
  };
  show([]);
  return {
    show,
    close() {
      nativeTheme.removeListener('updated', onTheme);
      tray?.destroy();
      tray = undefined;
    },
  };
}
