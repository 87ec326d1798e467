import { tasksTexts as texts } from '../../texts/schedules.ts';

/** What a person can do about an error: by its code, else by the code's area. */
export function adviceOn(code: string): string {
  const { advice } = texts;
  return advice[code] ?? advice[code.slice(0, code.indexOf('.'))] ?? (advice.other as string);
}
