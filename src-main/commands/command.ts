import { OctopusError } from '../../workers/octopus-error.ts';

/** One option of a command: what parses it and what the help says of it. */
export interface Option {
  /** What follows it, as the usage line names it; none for a switch. */
  value?: string;
  /** One line or more: what it does, its unit, its default. */
  help: string;
  /** May be given several times. */
  multiple?: true;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** One word of the command line. */
export interface Command {
  name: string;
  /** One line: the arguments as the help shows them. */
  usage: string;
  /** One sentence. */
  summary: string;
  /** What the words without dashes are, by the names that the usage gives them. */
  operands?: Readonly<Record<string, string>>;
  /** Without their dashes. */
  options: OptionTable;
  /** Answers the exit status. Throws `argument.invalid` for wrong arguments (exit 2), any OctopusError otherwise (exit 1). */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** Where a command talks to a person. Results go to out, progress and notes to err. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Redraws one status line where err is a terminal; prints nothing elsewhere. */
  status(line: string): void;
  readonly interactive: boolean;
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** All of standard input, for passwords. */
  readStdin(): Promise<string>;
}

/** Where the shape of the arguments is explained: a usage line after each small mistake would hide what is wrong. */
export function seeHelp(command: string): string {
  return `see octopus ${command} --help`;
}

export function usageError(field: string, message: string): OctopusError {
  return new OctopusError('argument.invalid', message, { field });
}
