import { join } from 'node:path';
import { systemClock } from '../domain/clock.ts';
import { restoreDatabase } from '../store/backup.ts';
import type { Command, OptionTable } from './command.ts';
import { requireReadable } from './named-file.ts';
import { parseOptions, required } from './parse-options.ts';

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
    const data = required(restoreCommand, values, 'data');
    const from = required(restoreCommand, values, 'from');
    await requireReadable('from', from);
    const { schema, replaced } = await restoreDatabase(from, join(data, 'octopus.db'), () => systemClock.now());
    terminal.out(`Restored ${from}, schema ${schema}.`);
    if (replaced !== undefined) terminal.out(`What was there before is ${replaced}`);
    terminal.out('Everybody is signed out. Users, roles and passwords are as they were in the backup: look at those changed since.');
    terminal.out('The scheduler is paused, so that nothing begins by itself: what was planned in the backup may be done already.');
    terminal.out('Look at its schedules, then let it go on: on the page Schedules, or by PUT /api/v1/admin/scheduler {"state":"running"}.');
    return 0;
  },
};
