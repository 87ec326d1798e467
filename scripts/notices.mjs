// The licence notices of everything a package ships. Fails on a licence that nobody has allowed, and on one whose text cannot be found.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as checker from 'license-checker-rseidelsohn';
import satisfies from 'spdx-satisfies';
import { root } from './prepare.mjs';

/** Licences under which a closed application may ship a library: they ask for the notice and no more. */
const allowed = [
  'MIT',
  'MIT-0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Zlib',
];

/** Texts for packages that name their licence and forgot to add it (https://spdx.org/licenses/). */
const texts = {
  MIT: `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  ISC: `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.`,
  Unlicense: 'Released into the public domain: https://unlicense.org/',
};

/** The package's folder that a bundled file lies in, with packages inside packages told apart. */
export function packageOf(file) {
  const path = file.replaceAll('\\', '/');
  const at = path.lastIndexOf('node_modules/');
  if (at < 0) return undefined;
  const [first, second] = path.slice(at + 'node_modules/'.length).split('/');
  return path.slice(0, at) + join('node_modules', first.startsWith('@') ? join(first, second) : first).replaceAll('\\', '/');
}

/** May this be shipped? A licence that was only guessed from a text carries an asterisk and is taken at its word. */
export function isAllowed(licences, list = allowed) {
  const expression = [licences].flat().join(' AND ').replaceAll('*', '');
  try {
    return satisfies(expression, list);
  } catch {
    return false; // not an SPDX expression: somebody has to look
  }
}

const installed = () =>
  new Promise((resolve, reject) => checker.init({ start: root }, (error, packages) => (error ? reject(error) : resolve(packages))));

const isText = (file) => /licen[cs]e|copying|unlicense/i.test(file?.split(/[\\/]/).at(-1) ?? '');

async function textOf(name, entry, packages) {
  if (isText(entry.licenseFile)) return await readFile(entry.licenseFile, 'utf8');
  // A package of one platform's file belongs to a main package, whose licence it shares.
  const main = Object.entries(packages).find(
    ([other, { repository, licenseFile }]) =>
      isText(licenseFile) && repository && repository === entry.repository && name.startsWith(other.split('@').slice(0, -1).join('@')),
  );
  if (main) return await readFile(main[1].licenseFile, 'utf8');
  const text = texts[[entry.licenses].flat()[0]];
  if (!text) throw new Error(`${name} has no licence text in its package, and none is known here for ${entry.licenses}.`);
  return `Copyright (c) ${entry.publisher ?? `the authors of ${name}`}\n\n${text}`;
}

/** The notices as one text. `files`: what the bundles were made of; `folders`: the packages that ship whole. */
export async function notices(files, folders) {
  const shipped = new Set([...files.map(packageOf).filter(Boolean), ...folders].map((path) => join(root, path)));
  const packages = await installed();
  const chosen = Object.entries(packages).filter(([, { path }]) => shipped.has(path));
  const missing = [...shipped].filter((path) => !chosen.some(([, entry]) => entry.path === path));
  if (missing.length > 0) throw new Error(`No licence is known for: ${missing.join(', ')}`);
  const refused = chosen.filter(([, { licenses }]) => !isAllowed(licenses)).map(([name, { licenses }]) => `${name} (${licenses})`);
  if (refused.length > 0) throw new Error(`These licences are not on the list in scripts/notices.mjs: ${refused.join(', ')}`);
  const parts = [];
  for (const [name, entry] of chosen.sort(([one], [other]) => (one < other ? -1 : 1))) {
    const notice =
      entry.noticeFile && entry.noticeFile !== entry.licenseFile ? `\n${(await readFile(entry.noticeFile, 'utf8')).trim()}\n` : '';
    const text = (await textOf(name, entry, packages)).replaceAll('\r\n', '\n').trim();
    parts.push(`${name}\n${entry.repository ?? ''}\nLicence: ${[entry.licenses].flat().join(', ')}\n\n${text}\n${notice}`);
  }
  const head = `Octopus contains the following ${parts.length} packages of others. Electron's own notices, Chromium's among them, lie beside the program\n(LICENSE.electron.txt, LICENSES.chromium.html). SQLite, inside better-sqlite3, is in the public domain.\n`;
  return { count: parts.length, text: [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`) };
}
