import { join } from 'node:path';
import { systemClock } from '../domain/clock.ts';
import { restoreDatabase } from '../store/backup.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { parseOptions } from './parse-options.ts';

const usage = '--data DIR --from FILE';

const options = {
  data: { value: 'DIR', help: 'the data folder, new or not; no Octopus may be running in it' },
  from: { value: 'FILE', help: 'what octopus backup wrote' },
} as const satisfies OptionTable;

export const restoreCommand: Command & { options: typeof options } = {
  name: 'restore',
  usage,
  summary: 'Puts a backup in the place of the database, which is kept beside it under another name.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(restoreCommand, args);
    if (values.data === undefined) throw usageError('data', `--data DIR is missing: octopus restore ${usage}`);
    if (values.from === undefined) throw usageError('from', `--from FILE is missing: octopus restore ${usage}`);
    const { schema, replaced } = await restoreDatabase(values.from, join(values.data, 'octopus.db'), () => systemClock.now());
    terminal.out(`Restored ${values.from}, schema ${schema}.`);
    if (replaced !== undefined) terminal.out(`What was there before is ${replaced}`);
    return 0;
  },
};
