import { expect, test } from 'vitest';
import { isAllowed, packageOf } from '../scripts/notices.mjs';

test('a licence that asks for more than its notice is refused; of a choice one that is allowed is enough', () => {
  for (const licence of ['MIT', 'ISC', 'Apache-2.0', 'MIT*', '(BSD-3-Clause OR GPL-2.0)', 'MIT AND ISC', ['MIT', 'Apache-2.0']])
    expect(isAllowed(licence), String(licence)).toBe(true);
  for (const licence of [
    'GPL-3.0-only',
    'LGPL-3.0-or-later',
    'MIT AND GPL-2.0',
    'UNLICENSED',
    'Custom: https://example.org',
    'UNKNOWN',
    '',
  ])
    expect(isAllowed(licence), String(licence)).toBe(false);
});

test('a bundled file belongs to the innermost package around it', () => {
  expect(packageOf('node_modules/soap/lib/client.js')).toBe('node_modules/soap');
  expect(packageOf('node_modules/@mantine/core/esm/index.mjs')).toBe('node_modules/@mantine/core');
  expect(packageOf('node_modules/soap/node_modules/sax/lib/sax.js')).toBe('node_modules/soap/node_modules/sax');
  expect(packageOf('src-main/main.ts')).toBeUndefined();
});
