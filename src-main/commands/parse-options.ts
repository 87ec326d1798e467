import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type Option, type OptionTable, seeHelp, usageError } from './command.ts';

/** What was given for each option: texts, lists of texts, or true for a switch. */
export type OptionValues<Table extends OptionTable> = {
  [Name in keyof Table]?:
    | (Table[Name] extends { multiple: true } ? string[] : Table[Name] extends { value: string } ? string : boolean)
    | undefined;
};

/** The value of an option that the command cannot do without. */
export function required<Name extends string>(
  command: { name: string; options: Readonly<Record<Name, Option>> },
  values: { [Key in Name]?: string | undefined },
  name: Name,
): string {
  const value = values[name];
  if (value !== undefined) return value;
  throw usageError(name, `--${name} ${command.options[name].value} is missing; ${seeHelp(command.name)}.`);
}

/** Reads a command's arguments by its table. What is wrong is one sentence. */
export function parseOptions<const Table extends OptionTable>(
  command: { name: string; options: Table; operands?: unknown },
  args: string[],
): { values: OptionValues<Table>; operands: string[] } {
  const see = seeHelp(command.name);
  const config: ParseArgsOptionsConfig = {};
  for (const [name, { value, multiple = false }] of Object.entries(command.options)) {
    config[name] = { type: value === undefined ? 'boolean' : 'string', multiple };
  }
  const { values, positionals } = parsed();
  for (const [name, given] of Object.entries(values)) {
    if ([given].flat().includes('')) throw usageError(name, needsValue(name));
  }
  if (command.operands === undefined && positionals.length > 0) {
    throw usageError('arguments', `'${positionals[0]}' belongs to no option; ${see}.`);
  }
  return { values: values as OptionValues<Table>, operands: positionals };

  function parsed() {
    try {
      return parseArgs({ args: joinNegative(args), options: config, allowPositionals: true });
    } catch (caught) {
      const { code, message } = caught as NodeJS.ErrnoException;
      if (!code?.startsWith('ERR_PARSE_ARGS')) throw caught;
      const name = /--([\w-]+)/.exec(message)?.[1] ?? '';
      const known = command.options[name];
      // Its own sentences are long, and some have several lines.
      if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || known === undefined)
        throw usageError(name, `${message.split('. To specify')[0]}; ${see}.`);
      throw usageError(name, known.value === undefined ? `--${name} takes no value; ${see}.` : needsValue(name));
    }
  }

  /** `--machines -1`: the number is the value, so that its own message says what is right. */
  function joinNegative(words: string[]): string[] {
    const joined: string[] = [];
    for (const word of words) {
      const before = joined.at(-1) ?? '';
      const takesValue = before.startsWith('--') && command.options[before.slice(2)]?.value !== undefined;
      if (takesValue && /^-\d/.test(word)) joined.splice(-1, 1, `${before}=${word}`);
      else joined.push(word);
    }
    return joined;
  }

  function needsValue(name: string): string {
    return `--${name} needs a value: --${name} ${command.options[name]?.value}; ${see}.`;
  }
}
