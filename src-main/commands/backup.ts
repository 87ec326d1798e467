import { join } from 'node:path';
import { backupDatabaseFile } from '../store/backup.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { parseOptions } from './parse-options.ts';

const usage = '--data DIR --to FILE';

const options = {
  data: { value: 'DIR', help: 'folder of octopus.db; Octopus may be running in it' },
  to: { value: 'FILE', help: 'the backup, a SQLite database in one file; one that exists is never replaced' },
} as const satisfies OptionTable;

export const backupCommand: Command & { options: typeof options } = {
  name: 'backup',
  usage,
  summary: 'Copies the database as it is at one moment, checked; secrets are not in it (keep secrets.vault and its passphrase too).',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(backupCommand, args);
    if (values.data === undefined) throw usageError('data', `--data DIR is missing: octopus backup ${usage}`);
    if (values.to === undefined) throw usageError('to', `--to FILE is missing: octopus backup ${usage}`);
    const { path, size, schema } = await backupDatabaseFile(join(values.data, 'octopus.db'), values.to, terminal.signal);
    terminal.out(`${path}: ${size} bytes, schema ${schema}, checked.`);
    return 0;
  },
};
