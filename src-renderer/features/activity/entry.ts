import type { Output } from '../../../src-preload/contract/routes.ts';

export type Entry = Output<'activity.list'>['items'][number];

/** What the entry is about, by its name where one is known, and what it says. */
export function toldOf({ message, errorCode, subjectKind, subjectId, after, before }: Entry, names: ReadonlyMap<string, string>): string {
  const told = { ...(before as object | undefined), ...(after as object | undefined) } as { name?: unknown; machineName?: unknown };
  const called = [told.machineName, told.name].find((one) => typeof one === 'string') as string | undefined;
  const known = subjectId === undefined ? undefined : names.get(subjectId);
  const subject = known ?? called ?? (subjectId === undefined ? undefined : `${subjectKind ?? ''} ${subjectId.slice(0, 8)}`.trim());
  // Messages name their machine themselves.
  if (message !== undefined && (subject === undefined || message.includes(subject))) return message;
  return [subject, message ?? errorCode].filter((part) => part !== undefined && part !== '').join(' · ') || '–';
}
