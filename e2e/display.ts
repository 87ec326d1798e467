import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Display extends AsyncDisposable {
  /** For DISPLAY. */
  name: string;
}

/** A display of its own, so that no window shows up on a person's desk. Debian: xvfb. */
export async function startDisplay(size = '1440x900x24'): Promise<Display> {
  // It chooses a number that is free and writes it to the file descriptor.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const failed = once(server, 'error').then(([error]) => {
    throw new Error(`Xvfb could not be started (Debian: xvfb): ${(error as Error).message}`);
  });
  const ended = once(server, 'exit').then(() => {
    throw new Error('Xvfb ended before it had a display.');
  });
  failed.catch(() => undefined);
  ended.catch(() => undefined);
  const [number] = await Promise.race([once(server.stdio[3] as NodeJS.ReadableStream, 'data'), failed, ended]);
  return {
    name: `:${String(number).trim()}`,
    async [Symbol.asyncDispose]() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, 'exit');
      server.kill('SIGTERM');
      await exit;
    },
  };
}
