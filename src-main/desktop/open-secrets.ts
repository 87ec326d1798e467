import type { UnlockAnswer, UnlockQuestion } from '../../src-preload/bridge.ts';
import { type OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { texts } from './texts.ts';
import type { UnlockDoor } from './unlock-door.ts';

type Store = 'keychain' | 'file';

export interface SecretsParts {
  door: Pick<UnlockDoor, 'ask' | 'done'>;
  /** There is a file of secrets in the data folder: the encrypted file was chosen, here or on the command line. */
  hasFile: () => Promise<boolean>;
  /** Where they were kept at the last start. */
  before: () => Store | undefined;
  remember: (store: Store) => void;
  openKeychain: () => Promise<SecretStore>;
  /** Makes the file where there is none. */
  openFile: (passphrase: string) => Promise<SecretStore>;
  /** Settles when a keychain that is there would have answered. */
  patience: () => Promise<void>;
  onFailure: (error: OctopusError) => void;
}

/**
 * The keychain, or the encrypted file where it was chosen; the person is asked where neither opens by itself. The keychain is never left for
 * the file, nor the file for the keychain, without their word: what is in the one is not in the other.
 */
export async function openSecrets(parts: SecretsParts): Promise<SecretStore> {
  const { door } = parts;
  let question: UnlockQuestion | undefined;
  if (await parts.hasFile()) question = { ask: 'passphrase' };
  else if (parts.before() === 'file') question = { ask: 'choose', why: texts.fileMissing, before: 'file' };
  let answer: UnlockAnswer | undefined;
  for (;;) {
    answer ??= question ? await door.ask(question) : { with: 'keychain' };
    const store: Store = answer.with;
    const made = answer.with === 'file' && !(await parts.hasFile());
    try {
      const opened = answer.with === 'file' ? await parts.openFile(answer.passphrase) : await withPatience(parts);
      if ('with' in opened) {
        // It was not waited for any longer.
        answer = opened;
        continue;
      }
      parts.remember(store);
      door.done();
      return opened;
    } catch (caught) {
      const error = toOctopusError(caught);
      if (error.code === 'server.stopping') throw error;
      parts.onFailure(error);
      question = next(error, store, made, parts.before());
      answer = undefined;
    }
  }
}

function next(error: OctopusError, store: Store, made: boolean, before: Store | undefined): UnlockQuestion {
  if (store === 'keychain' || made) return { ask: 'choose', why: error.message, ...(before ? { before } : {}) };
  const kind = error.code === 'vault.passphrase' ? 'wrong' : error.code === 'vault.corrupt' ? 'altered' : 'other';
  return { ask: 'passphrase', problem: { kind, message: error.message } };
}

/** A locked keychain asks the person by itself and does not answer until then; meanwhile they may decide otherwise. */
async function withPatience(parts: SecretsParts): Promise<SecretStore | UnlockAnswer> {
  const opening = parts.openKeychain();
  let decided = false;
  const waited = parts.patience().then(async () => {
    if (decided) return new Promise<never>(() => undefined);
    return parts.door.ask({ ask: 'keychain' });
  });
  try {
    const first = await Promise.race([opening, waited]);
    // One that opens late is not used.
    if ('with' in first) opening.then((late) => late[Symbol.asyncDispose]()).catch(() => undefined);
    return first;
  } finally {
    decided = true;
    opening.catch(() => undefined);
    waited.catch(() => undefined);
  }
}
