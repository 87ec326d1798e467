import { createHash } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import type { RestAnswer } from './rest-contract.ts';

interface Kept {
  fingerprint: string;
  answer: Promise<RestAnswer>;
  /** Milliseconds since the epoch. */
  expires: number;
}

export interface IdempotencyLimits {
  /** Milliseconds that an answer is kept. */
  keep: number;
  /** Answers kept for one user, and for all; the oldest go first. */
  perUser: number;
  inAll: number;
}

export const defaultIdempotencyLimits: IdempotencyLimits = { keep: 24 * 3600_000, perUser: 1000, inAll: 10_000 };

export interface Idempotency {
  /**
   * Acts once for a user's key: the same request again gets the answer of the first, also while that one still runs. Only what went well is
   * kept; a request that failed may be sent again with its key.
   */
  once(
    user: string,
    key: string,
    request: { method: string; url: string; body: unknown },
    act: () => Promise<RestAnswer>,
  ): Promise<RestAnswer>;
}

/** In memory only: an answer may hold what must never reach the database, a token for one. */
export function createIdempotency(clock: Clock, limits: IdempotencyLimits = defaultIdempotencyLimits): Idempotency {
  const users = new Map<string, Map<string, Kept>>();
  let count = 0;

  function forget(user: string, key: string): void {
    const keys = users.get(user);
    if (keys?.delete(key)) count--;
    if (keys?.size === 0) users.delete(user);
  }

  function makeRoom(user: string): void {
    const now = clock.now().getTime();
    // Entries stand in the order they were made, so that the expired ones come first.
    for (const [name, keys] of users) {
      for (const [key, kept] of keys) {
        if (kept.expires > now) break;
        forget(name, key);
      }
    }
    const mine = users.get(user);
    if (mine && mine.size >= limits.perUser) forget(user, mine.keys().next().value as string);
    if (count >= limits.inAll) {
      const [name, keys] = users.entries().next().value as [string, Map<string, Kept>];
      forget(name, keys.keys().next().value as string);
    }
  }

  return {
    async once(user, key, request, act) {
      if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
        throw new OctopusError('argument.invalid', 'An Idempotency-Key has 1 to 255 printable ASCII characters.', {
          field: 'Idempotency-Key',
        });
      }
      const fingerprint = createHash('sha256')
        .update(JSON.stringify([request.method, request.url, request.body ?? null]))
        .digest('base64');
      const known = users.get(user)?.get(key);
      if (known && known.expires > clock.now().getTime()) {
        if (known.fingerprint !== fingerprint) {
          throw new OctopusError('conflict.idempotency', 'This Idempotency-Key was used for another request: take a new one.');
        }
        return known.answer;
      }
      forget(user, key);
      makeRoom(user);
      const answer = act();
      const kept = { fingerprint, answer, expires: clock.now().getTime() + limits.keep };
      const keys = users.get(user) ?? new Map<string, Kept>();
      users.set(user, keys.set(key, kept));
      count++;
      answer.catch(() => {
        if (users.get(user)?.get(key) === kept) forget(user, key);
      });
      return answer;
    },
  };
}
