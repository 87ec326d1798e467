import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { passphraseFromFile, passphraseFromPrompt } from './passphrase.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-passphrase-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the first line of a file that only its owner reads', async () => {
  const path = join(folder, 'p');
  await writeFile(path, ' with spaces and ü \r\nsecond line', { mode: 0o600 });
  expect(await passphraseFromFile(path)('open')).toBe(' with spaces and ü ');
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o602, 0o601]) {
    await chmod(path, mode);
    await expect(passphraseFromFile(path)('open'), mode.toString(8)).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringContaining('chmod 600') as string,
    });
  }
  await chmod(path, 0o400);
  expect(await passphraseFromFile(path)('open')).toBe(' with spaces and ü ');
});

test('no file, a folder, an empty or an endless one is refused', async () => {
  const path = join(folder, 'p');
  await expect(passphraseFromFile(path)('open')).rejects.toMatchObject({ code: 'argument.invalid' });
  await mkdir(join(folder, 'd'), { mode: 0o700 });
  await expect(passphraseFromFile(join(folder, 'd'))('open')).rejects.toMatchObject({ code: 'argument.invalid' });
  await writeFile(path, '\nx', { mode: 0o600 });
  await expect(passphraseFromFile(path)('open')).rejects.toMatchObject({ message: expect.stringContaining('empty') as string });
  await writeFile(path, 'x'.repeat(5000));
  await expect(passphraseFromFile(path)('open')).rejects.toMatchObject({ code: 'argument.invalid' });
  await expect(passphraseFromFile('/dev/zero')('open')).rejects.toMatchObject({ message: expect.stringContaining('not a file') as string });
});

function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => {} });
  const output = new PassThrough();
  let shown = '';
  const typed: string[] = [];
  output.on('data', (data) => {
    shown += String(data);
    const next = /: $/.test(String(data)) ? typed.shift() : undefined;
    if (next !== undefined) setTimeout(() => input.write(next), 5);
  });
  return { input, output, shown: () => shown, type: (...lines: string[]) => typed.push(...lines) };
}

test('the prompt shows nothing of what is typed, and asks twice for a new one', async () => {
  const one = terminal();
  one.type('the passphrase\r');
  expect(await passphraseFromPrompt('the vault', one)('open')).toBe('the passphrase');
  expect(one.shown()).toBe('Passphrase for the vault: \n');
  const two = terminal();
  two.type('the passphrase\r', 'the passphrase\r');
  expect(await passphraseFromPrompt('the vault', two)('create')).toBe('the passphrase');
  const other = terminal();
  other.type('the passphrase\r', 'another passphrase\r');
  await expect(passphraseFromPrompt('the vault', other)('create')).rejects.toMatchObject({ code: 'argument.invalid', field: 'passphrase' });
});

test('Ctrl+C, a closed or no terminal, and an abort end the prompt', async () => {
  const one = terminal();
  one.type('half\x03');
  await expect(passphraseFromPrompt('the vault', one)('open')).rejects.toMatchObject({ code: 'operation.cancelled' });
  const two = terminal();
  setTimeout(() => two.input.end(), 20);
  await expect(passphraseFromPrompt('the vault', two)('open')).rejects.toMatchObject({ code: 'operation.cancelled' });
  await expect(passphraseFromPrompt('the vault', terminal(false))('open')).rejects.toMatchObject({ field: 'passphrase-file' });
  await expect(passphraseFromPrompt('the vault', terminal(), AbortSignal.timeout(20))('open')).rejects.toMatchObject({
    code: 'operation.cancelled',
  });
});
