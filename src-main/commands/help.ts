import type { Command } from './command.ts';

const INDENT = '  ';

/** All that `octopus COMMAND --help` shows: each operand and option on a line of its own. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value, help }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  const rows = [...Object.entries(command.operands ?? {}), ...options] as [string, string][];
  const width = rows.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  const lines = rows.flatMap(([name, help]) =>
    help.split('\n').map((line, index) => `${INDENT}${(index === 0 ? name : '').padEnd(width)}${INDENT}${line}`),
  );
  return [`octopus ${command.name} ${command.usage}`, command.summary, '', ...lines].join('\n');
}

export function generalHelp(commands: Command[]): string {
  const parts = commands.map((command) => `  octopus ${command.name} ${command.usage}\n      ${command.summary}`);
  return [
    'Octopus moves virtual machines and proves every copy.',
    '',
    ...parts,
    '',
    'octopus COMMAND --help explains the options of a command; octopus --version says which one this is.',
    'Exit status: 0 done and proven, 1 failed, 2 wrong arguments, 130 interrupted.',
  ].join('\n');
}
