import type { Clock } from '../domain/clock.ts';
import type { Caller } from '../domain/user.ts';

type Access<Event> = (caller: Caller, event: Event) => Promise<boolean>;

/** Milliseconds for which an answer holds: so long may a user go on hearing of a migration that was taken from them. */
const HOLDS = 2000;
const MOST = 10_000;

/** Asks once for many events about the same thing: with 200 clients on the stream the database would be asked 200 times for each event. */
export function createRememberedAccess<Event extends { type: string; data: unknown }>(access: Access<Event>, clock: Clock): Access<Event> {
  const answers = new Map<string, { until: number; answer: Promise<boolean> }>();
  return (caller, event) => {
    const { migrationId } = (event.data ?? {}) as { migrationId?: unknown };
    if (typeof migrationId !== 'string') return access(caller, event);
    const key = JSON.stringify([caller.userId, caller.role, event.type.split('.')[0], migrationId]);
    const now = clock.now().getTime();
    const known = answers.get(key);
    // A clock that was set back ends it too.
    if (known && known.until > now && known.until <= now + HOLDS) return known.answer;
    const answer = access(caller, event);
    answers.delete(key);
    answers.set(key, { until: now + HOLDS, answer });
    if (answers.size > MOST) answers.delete(answers.keys().next().value as string);
    answer.catch(() => answers.delete(key));
    return answer;
  };
}
