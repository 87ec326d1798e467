import { randomUUID } from 'node:crypto';
import { access, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createAudit } from '../audit/audit.ts';
import { exportConfiguration } from '../configuration/export-configuration.ts';
import { systemClock } from '../domain/clock.ts';
import { lockFolder } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { passphraseFromFile } from '../vault/passphrase.ts';
import { createSecretKeeper } from '../vault/secret-keeper.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { requireFolderOf } from './named-file.ts';
import { parseOptions, required } from './parse-options.ts';
import { vaultHelp, vaultOption } from './vault-option.ts';

const usage = '--data DIR --to FILE [--with-secrets --passphrase-file F [--vault keychain|file] [--vault-passphrase-file F]]';

const options = {
  data: { value: 'DIR', help: 'folder of octopus.db; no Octopus may be running in it' },
  to: { value: 'FILE', help: 'the configuration, JSON; a file that exists is never replaced' },
  'with-secrets': { help: 'passwords of sources and targets go along, sealed under a passphrase' },
  'passphrase-file': { value: 'F', help: 'its first line is the passphrase that seals them: 12 characters or more' },
  vault: { value: 'keychain|file', help: vaultHelp },
  'vault-passphrase-file': { value: 'F', help: "its first line is the passphrase of the vault's file; without it the terminal asks" },
} as const satisfies OptionTable;

export const exportCommand: Command & { options: typeof options } = {
  name: 'export',
  usage,
  summary: 'Writes sources, targets, migrations and settings to a file that another Octopus imports.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(exportCommand, args);
    const data = required(exportCommand, values, 'data');
    const to = required(exportCommand, values, 'to');
    const sealedBy = values['passphrase-file'];
    if (values['with-secrets'] && sealedBy === undefined) throw usageError('passphrase-file', '--with-secrets needs --passphrase-file F.');
    if (!values['with-secrets']) {
      const surplus = (['passphrase-file', 'vault', 'vault-passphrase-file'] as const).find((name) => values[name] !== undefined);
      if (surplus) throw usageError(surplus, `--${surplus} belongs to --with-secrets.`);
    }
    const vaultFile = { option: 'vault-passphrase-file', path: values['vault-passphrase-file'] };
    const openVault = sealedBy === undefined ? undefined : await vaultOption(values.vault, vaultFile, data, terminal.signal);
    const passphrase = sealedBy === undefined ? '' : await passphraseFromFile(sealedBy)('create');
    await requireFolderOf('to', to);
    const database = join(data, 'octopus.db');
    await access(database).catch(() => {
      throw usageError('data', `There is no database ${database}.`);
    });
    await using _lock = await lockFolder(data);
    await using store = await openStore(database);
    await using vault = await openVault?.();
    const now = () => systemClock.now();
    const document = await exportConfiguration({
      store,
      now,
      ...(vault && {
        secrets: {
          keeper: createSecretKeeper({ vault, references: store.secrets, now: () => now().toISOString(), newId: randomUUID }),
          passphrase,
        },
      }),
    });
    await writeNew(resolve(to), `${JSON.stringify(document, undefined, 2)}\n`);
    const sealed = vault ? (await store.secrets.list()).filter(({ owner }) => owner.kind !== 'application').length : 0;
    await createAudit({ activity: store.activity, clock: systemClock }).record({
      action: 'configuration.export',
      subjectKind: 'configuration',
      message: `The command line exported the configuration, ${vault ? `with ${sealed} secrets under a passphrase` : 'without secrets'}.`,
      outcome: 'succeeded',
    });
    const { sources, targets, jobs, settings } = document;
    terminal.out(
      `${to}: ${sources.length} sources, ${targets.length} targets, ${jobs.length} migrations, ${Object.keys(settings).length} settings.`,
    );
    return 0;
  },
};

/** Its owner's alone; complete or not there. */
async function writeNew(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') throw usageError('to', `${path} exists already: give another name.`);
    throw new OctopusError('target.denied', `${path} cannot be written: ${cause.message}.`, { cause });
  });
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (cause) {
    await rm(path, { force: true });
    throw new OctopusError('target.denied', `${path} cannot be written: ${(cause as Error).message}.`, { cause });
  } finally {
    await handle.close();
  }
}
