import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Appearance } from '../../src-preload/bridge.ts';
import type { WindowState } from './window-state.ts';

/** Of this desktop, not of a person's account: nothing here is secret or worth a backup. */
export interface Preferences {
  appearance: Appearance;
  window?: WindowState;
  /** It was said that runs go on when the window closes. */
  toldGoesOn?: boolean;
  /** Where secrets were kept at the last start. Never what opens them. */
  secretStore?: 'keychain' | 'file';
}

export interface PreferenceFile {
  get(): Readonly<Preferences>;
  set(changes: Partial<Preferences>): void;
}

/** A file that cannot be read counts as none: preferences must never keep the application from opening. */
export function openPreferences(path: string, onFailure: (error: unknown) => void): PreferenceFile {
  let current: Preferences = { appearance: 'system' };
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Preferences>;
    const appearance = (['light', 'dark', 'system'] as const).find((mode) => mode === read.appearance);
    current = { ...read, appearance: appearance ?? 'system' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFailure(error);
  }
  return {
    get: () => current,
    set(changes) {
      current = { ...current, ...changes };
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(`${path}.new`, `${JSON.stringify(current, undefined, 2)}\n`);
        renameSync(`${path}.new`, path);
      } catch (error) {
        onFailure(error);
      }
    },
  };
}
