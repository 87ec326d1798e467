import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SerializedError } from '../../workers/octopus-error.ts';
import { secretStoreConformance } from './conformance/secret-store.ts';
import { openVault, vaultFile } from './open-vault.ts';
import { type Session, startSession } from './testing/gnome-keyring.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-vault-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a real gnome-keyring', () => {
  let session: Session;
  const before = process.env.DBUS_SESSION_BUS_ADDRESS;
  beforeAll(async () => {
    session = await startSession('unlocked');
    process.env.DBUS_SESSION_BUS_ADDRESS = session.address;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.DBUS_SESSION_BUS_ADDRESS;
    else process.env.DBUS_SESSION_BUS_ADDRESS = before;
    await session[Symbol.asyncDispose]();
  });

  secretStoreConformance('keychain', () => openVault({ mode: 'keychain', folder }));

  test('two installations do not see each other, and one that is moved keeps its secrets', async () => {
    const other = await mkdtemp(join(tmpdir(), 'octopus-vault-'));
    try {
      await using one = await openVault({ mode: 'keychain', folder });
      await using two = await openVault({ mode: 'keychain', folder: other });
      await one.set('source:1', 'first');
      expect(await two.get('source:1')).toBeUndefined();
      await two.set('source:1', 'second');
      await two.delete('source:1');
      expect(await one.get('source:1')).toBe('first');
      await writeFile(join(other, 'keychain.id'), await readFile(join(folder, 'keychain.id')));
      await using moved = await openVault({ mode: 'keychain', folder: other });
      expect(await moved.get('source:1')).toBe('first');
      expect(await readdir(folder)).toEqual(['keychain.id']);
      await moved.delete('source:1');
      await writeFile(join(other, 'keychain.id'), '../x');
      await expect(openVault({ mode: 'keychain', folder: other })).rejects.toMatchObject({ code: 'vault.corrupt' });
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});

/** How opening ends in another process with this session bus. */
async function probe(address: string | undefined): Promise<SerializedError> {
  const environment: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: folder };
  delete environment.DISPLAY;
  if (address === undefined) delete environment.DBUS_SESSION_BUS_ADDRESS;
  else environment.DBUS_SESSION_BUS_ADDRESS = address;
  const script = join(import.meta.dirname, 'testing', 'probe-keychain.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder], { env: environment });
  return JSON.parse(stdout) as SerializedError;
}

test('no session bus, a bus without a keyring, and a locked keyring say what to do; no file is made instead', async () => {
  await using bare = await startSession('none');
  await using locked = await startSession('locked');
  for (const address of [undefined, 'unix:path=/nowhere', bare.address, locked.address]) {
    const error = await probe(address);
    expect(error, address).toMatchObject({ code: 'vault.unavailable', message: expect.stringMatching(/gnome-keyring|unlock/) as string });
    expect(error.message).toMatch(/encrypted file/);
    expect(error.message).not.toMatch(/transport|address|autolaunch|D-Bus|\.service files/i);
    expect(await readdir(folder)).toEqual(['keychain.id']);
  }
});

test('killed in the middle of writes, every answered secret is there', async () => {
  const path = join(folder, vaultFile);
  const script = join(import.meta.dirname, 'testing', 'write-secrets.ts');
  let next = 0;
  for (let round = 0; round < 3; round++) {
    const writer = spawn(process.execPath, [script, path, 'correct horse battery', String(next)], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Not its exit: what it said may still be on the way then.
    const closed = once(writer, 'close');
    let said = '';
    writer.stdout.on('data', (data) => {
      said += String(data);
    });
    await once(writer.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 37 + 53 * round));
    writer.kill('SIGKILL');
    await closed;
    const answered = Number(said.trim().split('\n').at(-1));
    await using store = await openVault({ mode: 'file', folder, passphrase: async () => 'correct horse battery' });
    const newest = Math.max(
      ...(await Promise.all((await store.list()).map(async (reference) => Number.parseInt((await store.get(reference)) ?? '', 10)))),
    );
    // The one that was under way may be there as well.
    expect([answered, answered + 1]).toContain(newest);
    expect(await readdir(folder)).toEqual([vaultFile]);
    next = newest + 1;
  }
});
