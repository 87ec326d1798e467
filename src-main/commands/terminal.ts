import type { Terminal } from './command.ts';

/** A terminal sends Ctrl+C to every process of its group, and npm and the script that started this one pass it on: that is one, not two. */
const SAME_SIGNAL = 1000;

/** The process's own streams as a Terminal. Call once. */
export function openTerminal(): Terminal {
  const interactive = process.stderr.isTTY === true;
  const abort = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one is a person who does not want to wait for a clean end.
      if (abort.signal.aborted) {
        if (performance.now() - first > SAME_SIGNAL) process.exit(130);
        return;
      }
      first = performance.now();
      abort.abort(new DOMException(`Stopped by ${signal}`, 'AbortError'));
    });
  }
  // A reader that went away (octopus … | head) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let statusShown = false;
  const clear = () => {
    if (statusShown) process.stderr.write('\r\x1b[2K');
    statusShown = false;
  };
  return {
    interactive,
    signal: abort.signal,
    out(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    err(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    status(line) {
      if (!interactive) return;
      const width = (process.stderr.columns ?? 80) - 1;
      process.stderr.write(`\r\x1b[2K${line.slice(0, width)}`);
      statusShown = true;
    },
    async readStdin() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
