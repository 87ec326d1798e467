// Where `npm run package` puts the application, and whether it is newer than what it was made of. Imports no package.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

/** Between the runs of scripts/package.mjs. A test build lies apart: nobody takes it for one to ship. */
export const packageWork = join(root, '.cache', 'package');
export const packageFolder = (test) => (test ? join(packageWork, 'test') : join(root, 'release'));

/** The program inside the folder, or undefined where nothing was packed yet. */
export function packagedExecutable(test) {
  const folder = packageFolder(test);
  const name = existsSync(folder) && readdirSync(folder).find((entry) => /-unpacked$|^mac/.test(entry));
  if (!name) return undefined;
  const program = {
    darwin: join('Octopus.app', 'Contents', 'MacOS', 'Octopus'),
    win32: 'Octopus.exe',
    linux: 'octopus-desktop',
  }[process.platform];
  const path = join(folder, name, program);
  return existsSync(path) ? path : undefined;
}

const sources = [
  'src-main',
  'src-preload',
  'src-renderer',
  'workers',
  'lab',
  'resources',
  'scripts',
  'package-lock.json',
  'electron-builder.yml',
];

function newest(path) {
  const { mtimeMs } = statSync(path);
  return statSync(path).isDirectory()
    ? readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), mtimeMs)
    : mtimeMs;
}

/** Written last, so that a build that was interrupted is not taken for whole. */
export const packageStamp = (test) => join(packageFolder(test), '.packed');

export function packageIsFresh(test) {
  const stamp = packageStamp(test);
  if (!existsSync(stamp) || !packagedExecutable(test)) return false;
  return statSync(stamp).mtimeMs > Math.max(...sources.map((path) => newest(join(root, path))));
}
