import { createHmac, randomBytes } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import { createMemoryAnswers } from './memory-answers.ts';
import type { KeptAnswers, RestAnswer } from './rest-contract.ts';

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
   * kept; a request that failed may be sent again with its key. One that a crash interrupted is refused from then on, since nobody knows
   * whether it was done.
   */
  once(
    user: string,
    key: string,
    request: { method: string; url: string; body: unknown },
    act: () => Promise<RestAnswer>,
  ): Promise<RestAnswer>;
}

export interface IdempotencyParts {
  clock: Clock;
  limits?: IdempotencyLimits;
  /** In memory unless given. */
  answers?: KeptAnswers | undefined;
  /**
   * Of the fingerprints: a body may hold a password, which a plain hash in the database would let people guess at. One that is not the same
   * in the next process makes the keys of this one worthless there.
   */
  fingerprintKey?: Buffer | undefined;
}

export function createIdempotency({ clock, limits = defaultIdempotencyLimits, ...parts }: IdempotencyParts): Idempotency {
  const answers = parts.answers ?? createMemoryAnswers();
  const fingerprintKey = parts.fingerprintKey ?? randomBytes(32);
  const running = new Map<string, { fingerprint: string; answer: Promise<RestAnswer> }>();

  function checkSame(fingerprint: string, known: string): void {
    if (fingerprint === known) return;
    throw new OctopusError('conflict.idempotency', 'This Idempotency-Key was used for another request: take a new one.');
  }

  async function perform(userId: string, key: string, fingerprint: string, act: () => Promise<RestAnswer>): Promise<RestAnswer> {
    const now = clock.now();
    const known = await answers.find(userId, key);
    if (known && known.expiresAt > now.toISOString()) {
      checkSame(fingerprint, known.fingerprint);
      if (known.answer) return known.answer;
      throw new OctopusError(
        'conflict.idempotency',
        'Octopus stopped while it worked on the request with this Idempotency-Key: look whether it was done, then take a new key.',
      );
    }
    await answers.prune(now.toISOString(), userId, limits);
    const kept = { userId, key, fingerprint, expiresAt: new Date(now.getTime() + limits.keep).toISOString() };
    await answers.put({ ...kept, answer: undefined });
    const answer = await act().catch(async (error: unknown) => {
      await answers.remove(userId, key);
      throw error;
    });
    // It is done: that this cannot be noted is no reason to say that it failed.
    await answers.put({ ...kept, answer }).catch(() => {});
    return answer;
  }

  return {
    async once(user, key, request, act) {
      if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
        throw new OctopusError('argument.invalid', 'An Idempotency-Key has 1 to 255 printable ASCII characters.', {
          field: 'Idempotency-Key',
        });
      }
      const fingerprint = createHmac('sha256', fingerprintKey)
        .update(JSON.stringify([request.method, request.url, request.body ?? null]))
        .digest('base64');
      const name = JSON.stringify([user, key]);
      const other = running.get(name);
      if (other) {
        checkSame(fingerprint, other.fingerprint);
        return other.answer;
      }
      const answer = perform(user, key, fingerprint, act).finally(() => running.delete(name));
      running.set(name, { fingerprint, answer });
      return answer;
    },
  };
}
