import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably, writeFully } from '../../workers/blocks/durable-file.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { checkReference, checkSecret, type SecretStore } from './secret-store.ts';

export interface KeychainOptions {
  /** The data folder: each has entries of its own. */
  folder: string;
  newId?: () => string;
  /** Milliseconds that a call may take; a person may have to unlock the keychain in that time. */
  timeoutMs?: number;
}

const probe = 'octopus-probe';

/** The keychain of the user's system: Secret Service, macOS Keychain or Windows Credential Manager. `vault.unavailable` where it is not there. */
export async function openKeychain(options: KeychainOptions): Promise<SecretStore> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const keytar = await loadKeytar();
  const service = `octopus (${await installationId(options.folder, options.newId ?? randomUUID)})`;

  async function call<Answer>(promise: Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(unavailable(`did not answer within ${timeoutMs / 1000} s. It may be locked: unlock it`, undefined)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([promise, late]);
    } catch (cause) {
      if (cause instanceof OctopusError) throw cause;
      // The keychains' messages speak of buses and collections, not of what was stored.
      if (saysNoBus((cause as Error).message)) throw noKeychain(cause);
      throw unavailable(`refused: ${(cause as Error).message.replace(/[.\s]+$/, '')}. ${advice}`, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  // A keychain that is there but locked answers questions and refuses entries; found now, not at the first secret.
  await call(keytar.setPassword(service, probe, 'probe'));
  await call(keytar.deletePassword(service, probe));

  return {
    async get(reference) {
      checkReference(reference);
      return (await call(keytar.getPassword(service, reference))) ?? undefined;
    },
    async set(reference, secret) {
      checkReference(reference);
      checkSecret(secret);
      await call(keytar.setPassword(service, reference, secret));
    },
    async delete(reference) {
      checkReference(reference);
      await call(keytar.deletePassword(service, reference));
    },
    async list() {
      const entries = await call(keytar.findCredentials(service));
      return entries
        .map(({ account }) => account)
        .filter((account) => account !== probe)
        .sort();
    },
    async [Symbol.asyncDispose]() {},
  };
}

const advice =
  process.platform === 'linux'
    ? 'Install the Debian packages gnome-keyring and dbus-user-session and run Octopus in a session where the keyring is unlocked'
    : 'Unlock it';

function unavailable(what: string, cause: unknown): OctopusError {
  return new OctopusError('vault.unavailable', `The system's keychain ${what}; or choose the encrypted file for secrets.`, { cause });
}

/** What libsecret says where there is no session bus, or nobody on it who keeps secrets: nothing that helps a person. */
const saysNoBus = (message: string): boolean =>
  /transport|autolaunch|D-?Bus|org\.freedesktop\.secrets|session bus|could not connect|connection (is closed|refused)/i.test(message);

function noKeychain(cause: unknown): OctopusError {
  const text = `This system has no keychain that is running. ${advice}; or choose the encrypted file for secrets.`;
  return new OctopusError('vault.unavailable', text, { cause });
}

async function loadKeytar(): Promise<typeof import('keytar')> {
  try {
    const loaded = (await import('keytar')) as typeof import('keytar') & { default?: typeof import('keytar') };
    return loaded.default ?? loaded;
  } catch (cause) {
    const missing = /libsecret-1\.so/.test((cause as Error).message)
      ? 'cannot be reached: install the Debian package libsecret-1-0'
      : "cannot be reached, because keytar is not compiled: install what its compilation needs (Debian: build-essential, libsecret-1-dev, pkg-config, python3) and run 'npm rebuild keytar'";
    throw unavailable(missing, cause);
  }
}

/** An id in the data folder, not its path: the folder may be moved. Only a name for entries, no secret. */
async function installationId(folder: string, newId: () => string): Promise<string> {
  const path = join(folder, 'keychain.id');
  const known = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  });
  if (known !== undefined) {
    if (!/^[\w-]{8,64}\n?$/.test(known)) {
      throw new OctopusError('vault.corrupt', `${path} names the keychain's entries and was altered: put it back from a backup.`);
    }
    return known.trim();
  }
  const id = newId();
  try {
    await writeDurably(path, (handle) => writeFully(handle, Buffer.from(`${id}\n`), 0));
  } catch (cause) {
    throw unreadable(path, cause as Error);
  }
  return id;
}

function unreadable(path: string, cause: Error): OctopusError {
  return new OctopusError('vault.unavailable', `${path} cannot be used: ${cause.message}.`, { cause });
}
