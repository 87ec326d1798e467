import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { secretStoreConformance } from './conformance/secret-store.ts';
import { openEncryptedFile } from './encrypted-file.ts';
import { openVault, vaultFile } from './open-vault.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-vault-'));
  path = join(folder, vaultFile);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const passphrase = 'correct horse battery';
const open = (given = passphrase) => openVault({ mode: 'file', folder, passphrase: async () => given });

secretStoreConformance('encrypted file', () => open());

test('the file holds neither secret nor reference, and only its owner reads it', async () => {
  await using store = await open();
  await store.set('source:planted-reference', 'planted-secret');
  const bytes = await readFile(path);
  for (const planted of ['planted', passphrase]) {
    for (const encoding of ['utf8', 'base64', 'hex', 'utf16le'] as const) {
      const form =
        encoding === 'utf8' || encoding === 'utf16le'
          ? Buffer.from(planted, encoding)
          : Buffer.from(Buffer.from(planted).toString(encoding));
      expect(bytes.includes(form)).toBe(false);
    }
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual([vaultFile]);
});

test('a nonce is never used twice with a key', async () => {
  await using store = await open();
  const nonces = new Set<string>();
  for (let index = 0; index < 10; index++) {
    await store.set('source:1', `secret ${index}`);
    nonces.add((JSON.parse((await readFile(path, 'latin1')).split('\n', 1)[0] ?? '') as { nonce: string }).nonce);
  }
  expect(nonces.size).toBe(10);
});

test('a wrong passphrase is told apart from an altered file, and neither changes it', async () => {
  await (await open())[Symbol.asyncDispose]();
  const before = await readFile(path);
  await expect(open('a wrong passphrase')).rejects.toMatchObject({
    code: 'vault.passphrase',
    message: expect.not.stringContaining('a wrong passphrase') as string,
  });
  expect(await readFile(path)).toEqual(before);
});

test('whatever byte is altered or missing, the file is refused', async () => {
  {
    await using store = await open();
    await store.set('source:1', 'secret');
  }
  const good = await readFile(path);
  const end = good.indexOf('\n') + 1;
  // Each costs a scrypt where the header still reads: a few of the header, the edges of the content and of the tag.
  const header = good.subarray(0, end).toString();
  const at = (word: string) => header.indexOf(word) + word.length + 4;
  const places = [0, at('"purpose'), at('"nonce'), at('"salt'), at('"cipher'), end - 1, end, good.length - 1];
  for (const place of places) {
    const altered = Buffer.from(good);
    altered.writeUInt8((altered[place] ?? 0) ^ 1, place);
    await writeFile(path, altered);
    await expect(open(), `byte ${place}`).rejects.toMatchObject({ code: expect.stringMatching(/^vault\.(corrupt|passphrase)$/) as string });
  }
  for (const length of [0, 10, end, end + 15, good.length - 1]) {
    await writeFile(path, good.subarray(0, length));
    await expect(open(), `${length} bytes`).rejects.toMatchObject({ code: 'vault.corrupt' });
  }
  // A header that asks for all of the memory is refused before scrypt is.
  await writeFile(path, Buffer.concat([Buffer.from(header.replace('131072', '2147483648')), good.subarray(end)]));
  await expect(open()).rejects.toMatchObject({ code: 'vault.corrupt' });
  await writeFile(path, good);
  await using store = await open();
  expect(await store.get('source:1')).toBe('secret');
});

test('the passphrase is changed only by whoever knows it, and short ones are refused', async () => {
  await expect(open('short')).rejects.toMatchObject({ code: 'argument.invalid', field: 'passphrase' });
  {
    await using store = await open();
    await store.set('source:1', 'secret');
    await expect(store.changePassphrase('not the passphrase', 'another passphrase')).rejects.toMatchObject({ code: 'vault.passphrase' });
    await expect(store.changePassphrase(passphrase, 'short')).rejects.toMatchObject({ code: 'argument.invalid' });
    await store.changePassphrase(passphrase, 'another passphrase');
    await store.set('source:2', 'later');
  }
  await expect(open()).rejects.toMatchObject({ code: 'vault.passphrase' });
  await using store = await open('another passphrase');
  expect(await store.get('source:1')).toBe('secret');
  expect(await store.get('source:2')).toBe('later');
});

test('a write that fails is an error, and what was there stays', async () => {
  const gone = join(folder, 'gone');
  await expect(openEncryptedFile({ path: join(gone, 'file'), passphrase: async () => passphrase })).rejects.toMatchObject({
    code: 'vault.unavailable',
  });
  await using store = await open();
  await store.set('source:1', 'kept');
  await rm(path);
  // A folder in its place: the rename fails, whoever runs the test.
  await (await import('node:fs/promises')).mkdir(join(path, 'x'), { recursive: true });
  await expect(store.set('source:1', 'lost')).rejects.toMatchObject({ code: 'vault.unavailable' });
  expect(await store.get('source:1')).toBe('kept');
  await rm(path, { recursive: true });
  await store.set('source:2', 'later');
  await chmod(path, 0o600);
  expect(await readdir(folder)).toEqual([vaultFile]);
});

test('the keychain is refused where the file was chosen before', async () => {
  await (await open())[Symbol.asyncDispose]();
  await expect(openVault({ mode: 'keychain', folder })).rejects.toMatchObject({ code: 'argument.invalid', field: 'vault' });
});
