import type { Terminal } from './command.ts';

/** Without a terminal, one line of progress this often. Milliseconds. */
const PLAIN_INTERVAL = 5000;
const BAR = 30;

interface Progress {
  activity: 'copy' | 'verify';
  done: number;
  total: number;
  counts: { sent: number };
}

/**
 * Draws how far a copy is: a bar on a terminal, a plain line now and then elsewhere. Where the copy is limited, its rate is of what was sent:
 * that is what the limit is of, and what is zero or there already would seem to break it.
 */
export function progressOf(terminal: Terminal, limited = false): (progress: Progress) => void {
  let began = performance.now();
  let activity = '';
  let first = 0;
  let plain = began;
  return (progress) => {
    const ofSent = limited && progress.activity === 'copy';
    const moved = ofSent ? progress.counts.sent : progress.done;
    const now = performance.now();
    if (progress.activity !== activity) {
      activity = progress.activity;
      began = now;
      plain = now;
      first = moved;
    }
    const part = progress.total === 0 ? 1 : progress.done / progress.total;
    const rate = (moved - first) / Math.max((now - began) / 1000, 0.001);
    const word = activity === 'copy' ? 'Copying' : 'Verifying';
    const percent = `${Math.floor(part * 100)} %`.padStart(5);
    const text = `${percent}  ${bytes(progress.done)} of ${bytes(progress.total)}  ${bytes(rate)}/s${ofSent ? ' sent' : ''}`;
    if (terminal.interactive) {
      const filled = Math.round(part * BAR);
      terminal.status(`${word} [${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] ${text}`);
    } else if (now - plain > PLAIN_INTERVAL) {
      plain = now;
      terminal.err(`${word} ${text.trimStart()}`);
    }
  };
}

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
