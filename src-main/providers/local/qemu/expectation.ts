import { OctopusError } from '../../../../workers/octopus-error.ts';
import type { Firmware } from '../../../domain/machine.ts';
import type { Qmp } from './qmp.ts';
import { findDeadEnd, findSystemLine, isTextMode, type Screen, takeScreen, takeTextLines } from './screen.ts';

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
 * Judges the screen, once a second: passes when a system (not the firmware) shows something twice in a row, fails at once when the
 * firmware or a boot loader says that nothing will start. Undefined: not decided yet.
 */
export function createScreenJudge(firmware: Firmware): (qmp: Qmp, folder: string, console: string) => Promise<Verdict | undefined> {
  /** Frames that are the firmware's own. */
  const firmwareFrames = new Set<string>();
  let promising = 0;
  return async (qmp, folder, console) => {
    const screen = await takeScreen(qmp, folder);
    const lines = screen !== undefined && isTextMode(screen) ? await takeTextLines(qmp, folder) : [];
    const deadEnd = findDeadEnd([...lines, ...console.split('\n').slice(-40)]);
    if (deadEnd !== undefined) return { passed: false, evidence: `The machine did not start: ${deadEnd.trim()}` };
    const shown = screen === undefined || screen.blank ? undefined : shownBySystem(firmware, screen, lines, console, firmwareFrames);
    promising = shown === undefined ? 0 : promising + 1;
    return promising >= 2 && shown !== undefined ? { passed: true, evidence: `The screen showed a started system: ${shown}` } : undefined;
  };
}

function shownBySystem(
  firmware: Firmware,
  screen: Screen,
  lines: string[],
  console: string,
  firmwareFrames: Set<string>,
): string | undefined {
  const size = `${screen.width}x${screen.height}`;
  if (firmware === 'bios') {
    // The BIOS itself never leaves text mode.
    return isTextMode(screen) ? findSystemLine(lines) : `a picture of ${size}`;
  }
  // OVMF writes to the serial port when it hands over; until then, and once more as it does so, what is shown is its own.
  if (!/BdsDxe: starting Boot/.test(console) || firmwareFrames.size === 0) {
    firmwareFrames.add(screen.digest);
    return undefined;
  }
  return firmwareFrames.has(screen.digest) ? undefined : `a picture of ${size} that is not the firmware's`;
}
