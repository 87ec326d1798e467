/** The headless entry. Exit status: 0 done and proven, 1 failed (the message says why), 2 wrong arguments, 130 interrupted. */
import packageFile from '../package.json' with { type: 'json' };
import { toOctopusError } from '../workers/octopus-error.ts';
import { type Command, usageError } from './commands/command.ts';
import { openTerminal } from './commands/terminal.ts';

const commands: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  lab: async () => (await import('./commands/lab.ts')).labCommand,
  inventory: async () => (await import('./commands/inventory.ts')).inventoryCommand,
  copy: async () => (await import('./commands/copy.ts')).copyCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  'reset-password': async () => (await import('./commands/reset-password.ts')).resetPasswordCommand,
  backup: async () => (await import('./commands/backup.ts')).backupCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  import: async () => (await import('./commands/import.ts')).importCommand,
  replicate: async () => (await import('./commands/replicate.ts')).replicateCommand,
};

async function help(): Promise<string> {
  const { generalHelp } = await import('./commands/help.ts');
  return generalHelp(await Promise.all(Object.values(commands).map((load) => load())));
}

async function main(args: string[]): Promise<number> {
  const terminal = openTerminal();
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      terminal.out(await help());
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-V' || name === 'version') {
      terminal.out(packageFile.version);
      return 0;
    }
    const load = commands[name];
    if (!load)
      throw usageError(
        'command',
        `There is no command '${name}'; the commands are ${Object.keys(commands).join(', ')}; see octopus --help.`,
      );
    const command = await load();
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out((await import('./commands/help.ts')).commandHelp(command));
      return 0;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    const known = toOctopusError(error);
    terminal.err(`octopus${name ? ` ${name}` : ''}: ${known.message}`);
    if (known.code === 'internal.unexpected' && process.env.OCTOPUS_DEBUG) terminal.err(String(known.stack));
    if (known.code === 'operation.cancelled') return 130;
    return known.code === 'argument.invalid' ? 2 : 1;
  }
}

// Commands leave nothing running; a stray timer must not keep a finished command alive.
process.exit(await main(process.argv.slice(2)));
