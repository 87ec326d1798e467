import { OctopusError } from '../../workers/octopus-error.ts';
import { quietUntil } from '../domain/quiet-until.ts';
import type { QuietWindow } from '../domain/schedule.ts';
import { checkZone } from './timing.ts';

const DAY_MS = 86_400_000;

/** `argument.invalid` with the field's name. */
export function checkWindows(windows: readonly QuietWindow[]): void {
  for (const [index, window] of windows.entries()) {
    const field = (name: string) => ({ field: `windows.${index}.${name}` });
    checkZone(window.zone, `windows.${index}.zone`);
    for (const name of ['from', 'to'] as const) {
      if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(window[name])) {
        throw new OctopusError('argument.invalid', `"${window[name]}" is not a time of day such as 18:30.`, field(name));
      }
    }
    if (window.days.length === 0 || !window.days.every((day) => Number.isInteger(day) && day >= 1 && day <= 7)) {
      throw new OctopusError('argument.invalid', 'The days of a window are numbers from 1 (Monday) to 7 (Sunday).', field('days'));
    }
  }
  // Any week will do: one without a change of the clocks in use anywhere today.
  const week = Date.UTC(2024, 0, 1);
  const end = quietUntil(windows, new Date(week));
  if (end !== undefined && end.getTime() >= week + 8 * DAY_MS) {
    throw new OctopusError('argument.invalid', 'These windows leave no time to run at all.', { field: 'windows' });
  }
}
