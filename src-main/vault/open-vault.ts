import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { OctopusError } from '../../workers/octopus-error.ts';
import { type EncryptedFile, openEncryptedFile } from './encrypted-file.ts';
import { openKeychain } from './keychain.ts';
import type { Passphrase } from './passphrase.ts';
import type { RandomBytes } from './seal.ts';
import type { SecretStore } from './secret-store.ts';

export interface KeychainVault {
  mode: 'keychain';
  /** The data folder; the caller holds its lock. */
  folder: string;
  newId?: () => string;
  timeoutMs?: number;
}

export interface FileVault {
  mode: 'file';
  folder: string;
  passphrase: Passphrase;
  random?: RandomBytes;
}

/** Name of the encrypted file in the data folder. */
export const vaultFile = 'secrets.vault';

/** The encrypted file only where it was chosen: a keychain that cannot be used is an error, never a reason to use the file instead. */
export function openVault(options: FileVault): Promise<EncryptedFile>;
export function openVault(options: KeychainVault | FileVault): Promise<SecretStore>;
export async function openVault(options: KeychainVault | FileVault): Promise<SecretStore> {
  const path = join(options.folder, vaultFile);
  if (options.mode === 'file') {
    const { passphrase, random } = options;
    return openEncryptedFile({ path, passphrase, ...(random ? { random } : {}) });
  }
  const chosenBefore = await access(path).then(
    () => true,
    () => false,
  );
  if (chosenBefore) {
    throw new OctopusError(
      'argument.invalid',
      `The secrets of this data folder are in ${path}: choose the encrypted file, or move it away to start with an empty keychain.`,
      { field: 'vault' },
    );
  }
  return openKeychain(options);
}
