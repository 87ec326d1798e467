import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { toOctopusError } from '../../workers/octopus-error.ts';
import { createAudit } from '../audit/audit.ts';
import { importConfiguration } from '../configuration/import-configuration.ts';
import { systemClock } from '../domain/clock.ts';
import { openSettings } from '../settings/settings.ts';
import { lockFolder } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { passphraseFromFile } from '../vault/passphrase.ts';
import { createSecretKeeper } from '../vault/secret-keeper.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { readNamed } from './named-file.ts';
import { parseOptions, required } from './parse-options.ts';
import { vaultHelp, vaultOption } from './vault-option.ts';

const usage = '--data DIR --from FILE [--passphrase-file F] [--vault keychain|file] [--vault-passphrase-file F]';

const options = {
  data: { value: 'DIR', help: 'the data folder, new or not; no Octopus may be running in it' },
  from: { value: 'FILE', help: 'what octopus export wrote' },
  'passphrase-file': {
    value: 'F',
    help: 'its first line is the passphrase that the secrets were sealed with; without it they are left out',
  },
  vault: { value: 'keychain|file', help: vaultHelp },
  'vault-passphrase-file': { value: 'F', help: "its first line is the passphrase of the vault's file; without it the terminal asks" },
} as const satisfies OptionTable;

export const importCommand: Command & { options: typeof options } = {
  name: 'import',
  usage,
  summary: 'Adds and renews sources, targets, migrations and settings from an exported file; removes nothing.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(importCommand, args);
    const data = required(importCommand, values, 'data');
    const from = required(importCommand, values, 'from');
    const vaultFile = { option: 'vault-passphrase-file', path: values['vault-passphrase-file'] };
    const openVault = await vaultOption(values.vault, vaultFile, data, terminal.signal);
    const sealedBy = values['passphrase-file'];
    const passphrase = sealedBy === undefined ? undefined : await passphraseFromFile(sealedBy)('open');
    const document = await readDocument(from);
    await using _lock = await lockFolder(data);
    await using store = await openStore(join(data, 'octopus.db'));
    // A document without secrets needs no keychain, which may not be there: it is opened when the first secret is touched.
    await using vault = openedWhenUsed(openVault);
    const settings = await openSettings({ variables: store.variables, clock: systemClock, environment: process.env });
    const audit = createAudit({ activity: store.activity, clock: systemClock });
    const act = { action: 'configuration.import', subjectKind: 'configuration' };
    const result = await importConfiguration(document, {
      store,
      keeper: createSecretKeeper({
        vault,
        references: store.secrets,
        now: () => systemClock.now().toISOString(),
        newId: randomUUID,
      }),
      setAll: (given) => settings.setAll(given),
      newId: randomUUID,
      ...(passphrase === undefined ? {} : { passphrase }),
    }).catch(async (caught: unknown) => {
      const { code, message } = toOctopusError(caught);
      await audit.record({ ...act, message, outcome: 'failed', errorCode: code });
      throw caught;
    });
    const { sources, targets, jobs, settings: changed, secrets, passwordsNeeded } = result;
    const what = `${sources} sources, ${targets} targets, ${jobs} migrations, ${changed} settings`;
    await audit.record({ ...act, message: `The command line imported ${what} and ${secrets} secrets.`, outcome: 'succeeded' });
    terminal.out(`Imported ${what}, ${secrets} secrets.`);
    for (const name of passwordsNeeded) terminal.err(`The password of ${name} has to be given again.`);
    return 0;
  },
};

function openedWhenUsed(open: () => Promise<SecretStore>): SecretStore {
  let opened: Promise<SecretStore> | undefined;
  const vault = () => {
    opened ??= open();
    return opened;
  };
  return {
    get: async (reference) => (await vault()).get(reference),
    set: async (reference, secret) => (await vault()).set(reference, secret),
    delete: async (reference) => (await vault()).delete(reference),
    list: async () => (await vault()).list(),
    [Symbol.asyncDispose]: async () => (await opened?.catch(() => undefined))?.[Symbol.asyncDispose](),
  };
}

async function readDocument(path: string): Promise<unknown> {
  const text = await readNamed('from', path);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes what it read.
    throw usageError('from', `--from ${path} is not JSON.`);
  }
}
