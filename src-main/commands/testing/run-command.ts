import type { OctopusError } from '../../../workers/octopus-error.ts';
import type { Command, Terminal } from '../command.ts';

/** A terminal without a person, which keeps what is printed; what is given hears each line as well. */
export function keepingTerminal(given: Partial<Terminal> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const drawn: string[] = [];
  const terminal: Terminal = {
    interactive: false,
    signal: new AbortController().signal,
    readStdin: async () => '',
    ...given,
    out(line) {
      out.push(line);
      given.out?.(line);
    },
    err(line) {
      err.push(line);
      given.err?.(line);
    },
    status(line) {
      drawn.push(line);
      given.status?.(line);
    },
  };
  return { terminal, out, err, drawn };
}

/** Throws what the command throws. */
export async function runCommand(command: Command, args: string[], given?: Partial<Terminal>) {
  const { terminal, out, err } = keepingTerminal(given);
  return { status: await command.run(args, terminal), out, err };
}

/** Answers what the command throws, with what was printed until then. */
export async function tryCommand(command: Command, args: string[], given?: Partial<Terminal>) {
  const { terminal, out, err } = keepingTerminal(given);
  const error = await command.run(args, terminal).then(
    () => undefined,
    (caught: OctopusError) => caught,
  );
  return { error, out, err };
}
