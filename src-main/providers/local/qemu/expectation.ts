import { OctopusError } from '../../../../workers/octopus-error.ts';
import type { Qmp } from './qmp.ts';
import { findDeadEnd, findSystemLine, isKernelRunning, isTextMode, takeScreen, takeTextLines } from './screen.ts';

export interface Verdict {
  passed: boolean;
  evidence: string;
}

/** `text`, or `/expression/flags`. Answers a function that finds the line which fulfils it. */
export function consoleMatcher(expected: string): (text: string) => string | undefined {
  const form = /^\/(.+)\/([a-z]*)$/s.exec(expected);
  if (expected.trim() === '')
    throw new OctopusError('argument.invalid', 'The text that the console should show is empty.', { field: 'console' });
  if (form === null) {
    return (text) => {
      const at = text.indexOf(expected);
      return at < 0 ? undefined : lineAt(text, at);
    };
  }
  let expression: RegExp;
  try {
    expression = new RegExp(form[1] as string, (form[2] as string).replace(/[gy]/g, ''));
  } catch (cause) {
    throw new OctopusError('argument.invalid', `The console cannot be compared with ${expected}: ${(cause as Error).message}`, {
      field: 'console',
      cause,
    });
  }
  return (text) => {
    const found = expression.exec(text);
    return found === null ? undefined : lineAt(text, found.index);
  };
}

function lineAt(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return text.slice(start, end < 0 ? undefined : end).trim();
}

/**
 * Judges the screen, called again and again. Passes when the kernel of a system runs and the screen has come to show, twice in a row,
 * something that it did not show before that kernel ran; fails as soon as the firmware or a boot loader says that nothing will start.
 * Undefined: not decided yet.
 */
export function createScreenJudge(): (qmp: Qmp, folder: string, console: string) => Promise<Verdict | undefined> {
  /** What firmware and boot loader showed. */
  const before = new Set<string>();
  let kernelRan = false;
  let promising = 0;
  return async (qmp, folder, console) => {
    const screen = await takeScreen(qmp, folder);
    const lines = screen !== undefined && isTextMode(screen) ? await takeTextLines(qmp, folder) : undefined;
    const deadEnd = findDeadEnd([...(lines ?? []), ...console.split('\n').slice(-40)]);
    if (deadEnd !== undefined) return { passed: false, evidence: `The machine did not start: ${deadEnd.trim()}` };
    if (screen === undefined) return undefined;
    // The cursor of a text screen blinks: its text is compared, not its picture.
    const content = lines === undefined ? screen.digest : lines.join('\n');
    if (!kernelRan) {
      kernelRan = isKernelRunning(await qmp.execute<string>('human-monitor-command', { 'command-line': 'info registers -a' }));
      if (lines === undefined || findSystemLine(lines) === undefined) before.add(content);
    }
    const shown =
      lines === undefined ? (screen.blank ? undefined : `a picture of ${screen.width}x${screen.height}`) : findSystemLine(lines);
    promising = kernelRan && shown !== undefined && !before.has(content) ? promising + 1 : 0;
    return promising >= 2 ? { passed: true, evidence: `A kernel runs, and the screen shows: ${shown}` } : undefined;
  };
}
