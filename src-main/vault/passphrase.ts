import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { OctopusError } from '../../workers/octopus-error.ts';
import { whyUnreadable } from '../domain/why-unreadable.ts';

/** Characters. A file can be guessed at without limit, so it is more than what a log-in needs. */
export const shortestPassphrase = 12;

export type Passphrase = (why: 'open' | 'create') => Promise<string>;

export function checkNewPassphrase(passphrase: string): void {
  if ([...passphrase].length < shortestPassphrase) {
    throw new OctopusError('argument.invalid', `A passphrase has at least ${shortestPassphrase} characters.`, { field: 'passphrase' });
  }
}

/**
 * The first line of a file that only its owner reads, and that this option names. There is no passphrase argument: every user of the machine
 * can read those.
 */
export function passphraseFromFile(
  path: string,
  what: 'passphrase' | 'password' = 'passphrase',
  option: string = `${what}-file`,
): Passphrase {
  return async () => {
    const refuse = (why: string, cause?: unknown) =>
      new OctopusError('argument.invalid', `--${option} ${path} ${why}`, { field: option, cause });
    // O_NONBLOCK: a named pipe that nobody writes to must not hang the start.
    const { O_RDONLY, O_NONBLOCK = 0 } = (await import('node:fs')).constants;
    const handle = await open(path, O_RDONLY | O_NONBLOCK).catch((cause: Error) => {
      throw refuse(`cannot be read: ${whyUnreadable(cause)}.`, cause);
    });
    try {
      const { mode, uid, size, ...kind } = await handle.stat().then((stat) => ({ ...stat, isFile: stat.isFile() }));
      if (!kind.isFile) throw refuse('is not a file.');
      if (size > 4096) throw refuse('is longer than 4096 bytes.');
      if (process.platform !== 'win32') {
        const mine = uid === process.getuid?.();
        if (!mine && uid !== 0) throw refuse('belongs to another user: make it yours (chown).');
        // Root hands credentials to a service by the group or an access list, which shows as the group's bits; others never may.
        if ((mode & (mine ? 0o077 : 0o037)) !== 0) throw refuse(`can be read or changed by other users: chmod 600 ${path}`);
      }
      const line = (await handle.readFile('utf8')).split(/\r?\n/, 1)[0] ?? '';
      if (line === '') throw refuse(`is empty: its first line is the ${what}.`);
      return line;
    } finally {
      await handle.close();
    }
  };
}

export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/** Asks on the terminal, without echo; twice for a new one. */
export function passphraseFromPrompt(
  what: string,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
  signal?: AbortSignal,
): Passphrase {
  return async (why) => {
    if (!terminal.input.isTTY) {
      throw new OctopusError('argument.invalid', `There is no terminal to ask for the passphrase of ${what}: give a passphrase file.`, {
        field: 'passphrase-file',
      });
    }
    const first = await ask(`${why === 'create' ? 'New passphrase' : 'Passphrase'} for ${what}: `, terminal, signal);
    if (why === 'create') {
      checkNewPassphrase(first);
      if ((await ask('Once more: ', terminal, signal)) !== first) {
        throw new OctopusError('argument.invalid', 'The two passphrases are not the same.', { field: 'passphrase' });
      }
    }
    return first;
  };
}

/** Asks twice for a new password of a user; `check` refuses one that is none before it is asked again. */
export async function newPasswordFromPrompt(
  user: string,
  check: (password: string) => void,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
  signal?: AbortSignal,
): Promise<string> {
  if (!terminal.input.isTTY) {
    throw new OctopusError('argument.invalid', 'There is no terminal to ask for the password: give --password-file.', {
      field: 'password-file',
    });
  }
  const first = await ask(`New password for ${user}: `, terminal, signal);
  check(first);
  if ((await ask('Once more: ', terminal, signal)) !== first) {
    throw new OctopusError('argument.invalid', 'The two passwords are not the same.', { field: 'password' });
  }
  return first;
}

async function ask(question: string, { input, output }: Terminal, signal?: AbortSignal): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 });
  const stop = new AbortController();
  lines.once('SIGINT', () => stop.abort());
  lines.once('close', () => stop.abort());
  output.write(question);
  try {
    return await lines.question('', { signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal });
  } catch (cause) {
    throw new OctopusError('operation.cancelled', 'Nothing was given.', { cause });
  } finally {
    lines.close();
    output.write('\n');
  }
}
