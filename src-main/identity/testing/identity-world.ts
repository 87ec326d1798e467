import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../store/store.ts';
import { checkReference, checkSecret } from '../../vault/secret-store.ts';
import type { DirectoryLogin } from '../directory-login.ts';
import { createIdentity, type Identity } from '../identity.ts';
import type { IdentitySettings } from '../settings.ts';
import { createSigningKeys, type RotatingKeys, type SecretStore } from '../signing-keys.ts';

export interface IdentityWorld extends AsyncDisposable {
  identity: Identity;
  store: Store;
  keys: RotatingKeys;
  secrets: Map<string, string>;
  databasePath: string;
  /** Milliseconds. */
  pass(time: number): void;
  /** The same database and vault, as the next process opens them. */
  another(settings?: Partial<IdentitySettings>): Identity;
  /** Everything random that was handed out, as a person would meet it. */
  handedOut: Buffer[];
}

/** Hashes that cost next to nothing. */
export const cheap = { logN: 4, r: 1, p: 1 };
export const adminPassword = 'correct horse battery';

export async function createIdentityWorld(
  settings: Partial<IdentitySettings> = {},
  directory?: () => DirectoryLogin | undefined,
): Promise<IdentityWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-identity-'));
  const databasePath = join(folder, 'octopus.db');
  const store = await openStore(databasePath);
  let time = Date.parse('2026-01-02T03:04:05.000Z');
  const clock = { now: () => new Date(time), sleep: async () => {} };
  const handedOut: Buffer[] = [];
  let drawn = 0;
  // Different each time and the same in each test; not for anything but tests.
  const random = (bytes: number) => {
    const made = createHash('shake256', { outputLength: bytes }).update(String(drawn++)).digest();
    handedOut.push(made);
    return made;
  };
  const secrets = new Map<string, string>();
  const secretStore: SecretStore = {
    get: async (name) => secrets.get(name),
    async set(name, value) {
      checkReference(name);
      checkSecret(value);
      secrets.set(name, value);
    },
    delete: async (name) => void secrets.delete(name),
  };
  const keys = createSigningKeys({ secrets: secretStore, random, clock });
  const another = (more: Partial<IdentitySettings> = {}) =>
    createIdentity({
      store,
      clock,
      keys: createSigningKeys({ secrets: secretStore, random, clock }),
      random,
      settings: { passwordCost: cheap, ...settings, ...more },
      ...(directory ? { directory } : {}),
    });
  return {
    identity: createIdentity({
      store,
      clock,
      keys,
      random,
      settings: { passwordCost: cheap, ...settings },
      ...(directory ? { directory } : {}),
    }),
    store,
    keys,
    secrets,
    databasePath,
    pass(milliseconds) {
      time += milliseconds;
    },
    another,
    handedOut,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** With the administrator `root` set up. */
export async function createSetUpWorld(
  settings: Partial<IdentitySettings> = {},
  directory?: () => DirectoryLogin | undefined,
): Promise<IdentityWorld> {
  const world = await createIdentityWorld(settings, directory);
  const token = await world.identity.issueSetUpToken();
  await world.identity.setUp(token, 'root', adminPassword);
  return world;
}
