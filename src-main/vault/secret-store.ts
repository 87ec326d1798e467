import { OctopusError } from '../../workers/octopus-error.ts';

/**
 * Where secrets are kept: the system's keychain or an encrypted file. Errors name references, never secrets. Each call may be repeated;
 * a `set` or `delete` that was answered is durable, one that failed left what was there. Whoever opens it closes it.
 */
export interface SecretStore extends AsyncDisposable {
  /** undefined where there is none. */
  get(reference: string): Promise<string | undefined>;
  /** Adds or replaces. Not empty, at most `secretLimit` bytes of UTF-8, without NUL; anything else is `argument.invalid`. */
  set(reference: string, secret: string): Promise<void>;
  /** No error where there is none. */
  delete(reference: string): Promise<void>;
  /** The references, sorted; no secrets. */
  list(): Promise<string[]>;
}

/** Bytes. More than any key or account file needs; a store of secrets is not one of documents. */
export const secretLimit = 64 * 1024;

export function checkReference(reference: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$/.test(reference)) {
    throw new OctopusError('argument.invalid', 'A reference to a secret is 1 to 200 letters, digits or . _ : / @ -', {
      field: 'reference',
    });
  }
}

/** The same limits for every store, so that a secret can always move from one to the other. */
export function checkSecret(secret: string): void {
  const refuse = (why: string) => new OctopusError('argument.invalid', `The secret cannot be kept: ${why}.`, { field: 'secret' });
  if (secret === '') throw refuse('it is empty');
  // The keychains hold it as a C string, which ends at NUL, in UTF-8, which has no lone surrogates.
  if (secret.includes('\0')) throw refuse('it holds a NUL character');
  if (!secret.isWellFormed()) throw refuse('it is not valid Unicode');
  if (Buffer.byteLength(secret) > secretLimit) throw refuse(`it is longer than ${secretLimit} bytes`);
}
