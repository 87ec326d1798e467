import { openVault } from '../vault/open-vault.ts';
import { passphraseFromFile, passphraseFromPrompt } from '../vault/passphrase.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { usageError } from './command.ts';

export const vaultHelp = "where secrets are kept: the system's keychain (default), or a file encrypted with a passphrase";

/**
 * Where a command's secrets are, by its `--vault` and the option that names the file with the passphrase. Wrong options, and a file that
 * is refused, are refused at once: before anything is made.
 */
export async function vaultOption(
  mode: string | undefined,
  passphraseFile: { option: string; path: string | undefined },
  folder: string,
  signal: AbortSignal,
): Promise<() => Promise<SecretStore>> {
  const chosen = mode ?? 'keychain';
  if (chosen !== 'keychain' && chosen !== 'file') throw usageError('vault', `--vault is keychain or file, not '${mode}'.`);
  const { option, path } = passphraseFile;
  if (chosen === 'keychain') {
    if (path !== undefined) throw usageError(option, `--${option} belongs to --vault file.`);
    return () => openVault({ mode: chosen, folder });
  }
  const passphrase =
    path === undefined
      ? passphraseFromPrompt('the encrypted file of secrets', undefined, signal)
      : passphraseFromFile(path, 'passphrase', option);
  if (path !== undefined) await passphrase('open');
  return () => openVault({ mode: chosen, folder, passphrase });
}
