import { createHash } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';
import { nameKey } from '../domain/user.ts';
import type { SignInDelay } from './settings.ts';

/** Of one name. */
export interface Failures {
  /** In a row. */
  count: number;
  /** ISO 8601: no password is looked at before this. */
  until: string | undefined;
}

export const noFailures: Failures = { count: 0, until: undefined };

export function failedAgain({ count }: Failures, now: Date, delay: SignInDelay): Failures {
  const failures = count + 1;
  const pause = pauseAfter(failures, delay);
  return { count: failures, until: pause === 0 ? undefined : new Date(now.getTime() + pause).toISOString() };
}

/** Milliseconds. */
function pauseAfter(failures: number, { free, lockAfter, lockMs }: SignInDelay): number {
  if (failures >= lockAfter) return lockMs;
  return failures < free ? 0 : Math.min(1000 * 2 ** (failures - free), lockMs);
}

/** Milliseconds. A pause that is longer than any was given by a clock that was set back since: it must not keep the person out for years. */
export function pauseLeft({ until }: Pick<Failures, 'until'>, now: Date, { lockMs }: SignInDelay): number {
  const left = until === undefined ? 0 : Date.parse(until) - now.getTime();
  return left > lockMs ? 0 : Math.max(0, left);
}

/** `auth.locked` while the pause lasts. A try within it does not make it longer: a stranger could keep the person out with no effort. */
export function refuseWithinPause(failures: Failures, now: Date, delay: SignInDelay): void {
  const left = pauseLeft(failures, now, delay);
  if (left === 0) return;
  const seconds = Math.ceil(left / 1000);
  throw new OctopusError('auth.locked', `Too many failed sign-ins: try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`, {
    retryable: true,
    details: { retryAfterSeconds: seconds },
  });
}

/**
 * The failures of names that no user has: they are slowed down the same way, so that a pause does not tell which users there are. Kept in
 * memory and hashed, since what is typed there may be a password; the oldest are forgotten, so that made-up names cannot fill it.
 */
export function createStrangers(most = 10_000) {
  const failures = new Map<string, Failures>();
  const key = (name: string) => createHash('sha256').update(nameKey(name)).digest('base64');
  return {
    of: (name: string): Failures => failures.get(key(name)) ?? noFailures,
    set(name: string, state: Failures): void {
      failures.delete(key(name));
      failures.set(key(name), state);
      if (failures.size > most) failures.delete(failures.keys().next().value as string);
    },
    clear: (name: string): void => {
      failures.delete(key(name));
    },
  };
}
