import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeDurably, writeFully } from '../../workers/blocks/durable-file.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { checkNewPassphrase } from './passphrase.ts';
import { deriveSealKey, type RandomBytes, type SealKey, seal, unseal } from './seal.ts';
import { checkReference, checkSecret, type SecretStore } from './secret-store.ts';

export interface EncryptedFile extends SecretStore {
  /** `vault.passphrase` where `current` is wrong. Afterwards only `next` opens the file; killed in between, exactly one of both does. */
  changePassphrase(current: string, next: string): Promise<void>;
}

export interface EncryptedFileOptions {
  path: string;
  /** Asked once: `create` where there is no file yet. */
  passphrase: (why: 'open' | 'create') => Promise<string>;
  random?: RandomBytes;
}

const purpose = 'vault';

/**
 * Secrets in one encrypted file that is replaced whole by each change. The caller holds the lock of its folder: one process at a time.
 * An older copy of the file put in its place is not noticed; what was altered is.
 */
export async function openEncryptedFile(options: EncryptedFileOptions): Promise<EncryptedFile> {
  const { path } = options;
  const random = options.random ?? randomBytes;
  await removeLeftovers(path);
  const sealed = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new OctopusError('vault.unavailable', `The file of secrets ${path} cannot be read: ${cause.message}.`, { cause });
  });
  let secrets = new Map<string, string>();
  let key: SealKey;
  if (sealed === undefined) {
    const passphrase = await options.passphrase('create');
    checkNewPassphrase(passphrase);
    key = await deriveSealKey(passphrase, random(32));
    // Written at once: a folder that cannot be written to, and a passphrase mistyped at the next start, are told now and not later.
    await write(secrets, key);
  } else {
    const opened = await unseal(sealed, await options.passphrase('open'), purpose, path);
    key = opened.key;
    secrets = new Map(Object.entries(JSON.parse(opened.plain.toString()) as Record<string, string>));
    opened.plain.fill(0);
  }

  async function write(content: Map<string, string>, by: SealKey): Promise<void> {
    const plain = Buffer.from(JSON.stringify(Object.fromEntries(content)));
    const bytes = seal(plain, by, purpose, random);
    plain.fill(0);
    try {
      await writeDurably(path, async (handle) => {
        await handle.chmod(0o600);
        await writeFully(handle, bytes, 0);
      });
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'target.full' : 'vault.unavailable';
      throw new OctopusError(code, `The file of secrets ${path} cannot be written: ${(cause as Error).message}.`, { cause });
    }
  }

  // One change after the other; memory follows the file, never the other way round.
  let last: Promise<unknown> = Promise.resolve();
  function change(alter: (content: Map<string, string>) => boolean): Promise<void> {
    const done = last.then(async () => {
      const content = new Map(secrets);
      if (!alter(content)) return;
      await write(content, key);
      secrets = content;
    });
    last = done.catch(() => undefined);
    return done;
  }

  return {
    async get(reference) {
      checkReference(reference);
      await last;
      return secrets.get(reference);
    },
    async set(reference, secret) {
      checkReference(reference);
      checkSecret(secret);
      await change((content) => {
        if (content.get(reference) === secret) return false;
        content.set(reference, secret);
        return true;
      });
    },
    async delete(reference) {
      checkReference(reference);
      await change((content) => content.delete(reference));
    },
    async list() {
      await last;
      return [...secrets.keys()].sort();
    },
    async changePassphrase(current, next) {
      checkNewPassphrase(next);
      const done = last.then(async () => {
        await unseal(await readFile(path), current, purpose, path);
        const renewed = await deriveSealKey(next, random(32));
        await write(secrets, renewed);
        key = renewed;
      });
      last = done.catch(() => undefined);
      await done;
    },
    async [Symbol.asyncDispose]() {
      await last;
      secrets = new Map();
      key.encryption.fill(0);
    },
  };
}

/** What a process that was killed in the middle of a write left beside the file: encrypted, and of no use. */
async function removeLeftovers(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => [] as string[]);
  for (const name of names) {
    if (name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp')) await rm(join(dirname(path), name), { force: true });
  }
}
