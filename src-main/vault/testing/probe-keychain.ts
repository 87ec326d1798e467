// Run as a process of its own, because a process keeps the session bus that it first found. Says how opening the keychain ended.
import { serializeError } from '../../../workers/octopus-error.ts';
import { openVault } from '../open-vault.ts';

try {
  await openVault({ mode: 'keychain', folder: process.argv[2] ?? '', timeoutMs: 5000 });
  process.stdout.write('opened');
} catch (error) {
  process.stdout.write(JSON.stringify(serializeError(error)));
}
process.exit();
