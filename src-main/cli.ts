/** The headless entry. Exit status: 0 done and proven, 1 failed (the message says why), 2 wrong arguments, 130 interrupted. */
import { setFlagsFromString } from 'node:v8';
import { OctopusError, toOctopusError } from '../workers/octopus-error.ts';
import { type Command, usageError } from './commands/command.ts';
import { openTerminal } from './commands/terminal.ts';

// Node 24 can hang for ever at its end when V8 is just compiling in the background (nodejs/node#54918; measured: one of a hundred short
// copies). Compiling in the foreground costs nothing that could be measured.
setFlagsFromString('--no-concurrent-recompilation');

const commands: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  lab: async () => (await import('./commands/lab.ts')).labCommand,
  inventory: async () => (await import('./commands/inventory.ts')).inventoryCommand,
  copy: async () => (await import('./commands/copy.ts')).copyCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  replicate: async () => (await import('./commands/replicate.ts')).replicateCommand,
};

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  return `Octopus moves virtual machines and proves every copy.\n\n${all.map((command) => `  octopus ${command.name} ${command.usage}\n      ${command.summary}`).join('\n')}`;
}

async function main(args: string[]): Promise<number> {
  const terminal = openTerminal();
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      terminal.out(await help());
      return name === undefined ? 2 : 0;
    }
    const load = commands[name];
    if (!load) throw usageError('command', `There is no command '${name}'; the commands are ${Object.keys(commands).join(', ')}.`);
    const command = await load();
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(`octopus ${command.name} ${command.usage}\n${command.summary}`);
      return 0;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    const known = parseArgsError(error) ?? toOctopusError(error);
    terminal.err(`octopus${name ? ` ${name}` : ''}: ${known.message}`);
    if (known.code === 'internal.unexpected' && process.env.OCTOPUS_DEBUG) terminal.err(String(known.stack));
    if (known.code === 'operation.cancelled') return 130;
    return known.code === 'argument.invalid' ? 2 : 1;
  }
}

/** node:util's parseArgs refuses unknown options with its own codes. */
function parseArgsError(error: unknown): OctopusError | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS')) return undefined;
  return new OctopusError('argument.invalid', (error as Error).message.split('. To specify')[0] ?? '', { cause: error });
}

// Commands leave nothing running; a stray timer must not keep a finished command alive.
process.exit(await main(process.argv.slice(2)));
