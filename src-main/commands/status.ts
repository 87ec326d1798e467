import type { Terminal } from './command.ts';

/** Without a terminal, one line this often while something takes long. Milliseconds. */
export const PLAIN_INTERVAL = 5000;

/** What is being done now: redrawn on a terminal; elsewhere a plain line every five seconds, also when nothing moves. */
export interface Status extends Disposable {
  show(text: string): void;
  /** Whatever was shown is over. */
  clear(): void;
}

export function openStatus(terminal: Terminal): Status {
  let text = '';
  let since = 0;
  let printed = '';
  const print = () => {
    if (text === '') return;
    // The same line again looks like a hang; how long it takes does not.
    terminal.err(text === printed ? `${text} (for ${Math.round((Date.now() - since) / 1000)} s)` : text);
    printed = text;
  };
  const timer = terminal.interactive ? undefined : setInterval(print, PLAIN_INTERVAL).unref();
  return {
    show(now) {
      if (now !== text) since = Date.now();
      text = now;
      terminal.status(now);
    },
    clear() {
      text = '';
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
