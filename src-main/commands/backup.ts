import { join } from 'node:path';
import { backupDatabaseFile } from '../store/backup.ts';
import type { Command, OptionTable } from './command.ts';
import { requireFolderOf } from './named-file.ts';
import { parseOptions, required } from './parse-options.ts';

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
    const data = required(backupCommand, values, 'data');
    const to = required(backupCommand, values, 'to');
    await requireFolderOf('to', to);
    const { path, size, schema } = await backupDatabaseFile(join(data, 'octopus.db'), to, terminal.signal);
    terminal.out(`${path}: ${size} bytes, schema ${schema}, checked.`);
    return 0;
  },
};
