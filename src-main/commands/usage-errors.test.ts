import { describe, expect, it } from 'vitest';
import { auditCommand } from './audit.ts';
import { backupCommand } from './backup.ts';
import type { Command } from './command.ts';
import { copyCommand } from './copy.ts';
import { inventoryCommand } from './inventory.ts';
import { replicateCommand } from './replicate.ts';
import { tryCommand } from './testing/run-command.ts';
import { verifyCommand } from './verify.ts';

const replicated = ['--info', 'lab.json', '--machine', 'web', '--to', 'replicas'];

async function messageOf(command: Command, args: string[]): Promise<string> {
  const { error } = await tryCommand(command, args);
  expect(error).toMatchObject({ code: 'argument.invalid' });
  return error!.message;
}

describe('a mistake in the arguments is told in one short line', () => {
  const ofShape: [Command, string[], string][] = [
    [replicateCommand, replicated.slice(2), '--info FILE.json is missing'],
    [replicateCommand, replicated.slice(0, 4), '--to FOLDER is missing'],
    [copyCommand, [], 'The SOURCE is missing'],
    [copyCommand, ['a.raw'], 'The TARGET is missing'],
    [copyCommand, ['a.raw', 'b.raw', 'c.raw'], "'c.raw' is one argument too many"],
    [verifyCommand, ['--manifest', 'm'], 'The IMAGE is missing'],
    [verifyCommand, ['a.raw'], '--manifest FILE is missing'],
    [verifyCommand, ['a.raw', 'b.raw', '--manifest', 'm'], "'b.raw' is one argument too many"],
    [auditCommand, [], 'Give verify or export'],
    [auditCommand, ['verify', 'more', '--data', '.'], "'more' is one argument too many"],
    [backupCommand, ['--data', '.'], '--to FILE is missing'],
    [inventoryCommand, [], '--url URL is missing'],
    [inventoryCommand, ['--url', 'h'], '--username USER is missing'],
  ];
  it.each(ofShape.map(([command, args, said]) => ({ command, name: command.name, args, said })))(
    'octopus $name $args: names the help, which tells the shape',
    async ({ command, name, args, said }) => {
      expect(await messageOf(command, args)).toBe(`${said}; see octopus ${name} --help.`);
    },
  );

  it.each([
    [['--keep', '0'], "--keep takes a number of recovery points from 1 to 1000, not '0'."],
    [['--expect-console', 'x', '--boot-timeout', 'soon'], "--boot-timeout takes a number of seconds, not 'soon'."],
    [['--boot-timeout', '9'], '--boot-timeout is how long --expect-console TEXT waits, and that is missing.'],
    [['--accept', 'all'], '--accept belongs to --cutover.'],
    [['--cutover', '--rollback'], '--cutover and --rollback exclude each other.'],
  ])('replicate %j: what is right for the value, no more', async (args, said) => {
    expect(await messageOf(replicateCommand, [...replicated, ...args])).toBe(said);
  });
});
