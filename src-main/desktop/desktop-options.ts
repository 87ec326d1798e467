import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { OctopusError } from '../../workers/octopus-error.ts';

export interface DesktopOptions {
  /** The database and what belongs to it; the same folder as the command line's. */
  dataFolder: string;
  /** Of the encrypted file of secrets. Without one the person is asked where it is needed. */
  passphraseFile: string | undefined;
  /** Into the tray, without a window: for a start with the session. */
  hidden: boolean;
  /** It started itself anew after an error, at this time (milliseconds since 1970). */
  afterError: number | undefined;
}

/** From the command line. What Electron and Chromium understand is theirs and passed over. */
export function readDesktopOptions(args: readonly string[], home = homedir()): DesktopOptions {
  const value = (name: string): string | undefined => {
    const at = args.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
    if (at < 0) return undefined;
    const found = args[at]?.includes('=') ? args[at]?.slice(name.length + 3) : args[at + 1];
    if (!found || found.startsWith('--')) throw new OctopusError('argument.invalid', `--${name} needs a value.`, { field: name });
    return found;
  };
  const vault = value('vault') ?? 'keychain';
  if (vault !== 'keychain' && vault !== 'file') {
    throw new OctopusError('argument.invalid', `--vault is keychain or file, not '${vault}'.`, { field: 'vault' });
  }
  const passphraseFile = value('passphrase-file');
  if ((vault === 'file') !== (passphraseFile !== undefined)) {
    throw new OctopusError('argument.invalid', '--vault file and --passphrase-file belong together.', { field: 'passphrase-file' });
  }
  return {
    dataFolder: resolve(value('data') ?? join(home, '.octopus')),
    passphraseFile,
    hidden: args.includes('--hidden'),
    afterError: Number(value('after-error')) || undefined,
  };
}
