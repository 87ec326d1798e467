import type { ScryptCost } from './passwords.ts';

export interface IdentitySettings {
  /** Milliseconds that an access token is good for. */
  accessTokenMs: number;
  /** Milliseconds after which a refresh token that nobody used is worth nothing. */
  refreshTokenMs: number;
  /** Milliseconds after which a person signs in again, however often the session was renewed. */
  sessionMs: number;
  /** Of new password hashes; a stored one that cost less is renewed at the next sign-in. */
  passwordCost: ScryptCost;
  /** Hashes computed at once: each takes 128 * 2^logN * r bytes, 128 MiB by default. */
  hashesAtOnce: number;
  /** Sign-ins that may wait for those; more are refused with `rate.limited`. */
  hashesWaiting: number;
  delay: SignInDelay;
  /** False: whoever comes first sets up. Only for a program that nobody else can reach. */
  setUpNeedsToken: boolean;
}

export interface SignInDelay {
  /** Failures in a row that cost nothing; from then on each doubles the pause, from one second on. */
  free: number;
  /** Failures in a row after which each costs `lockMs`. */
  lockAfter: number;
  /** Milliseconds. */
  lockMs: number;
}

const minute = 60_000;

export const defaultIdentitySettings: IdentitySettings = {
  accessTokenMs: 10 * minute,
  refreshTokenMs: 7 * 24 * 60 * minute,
  sessionMs: 30 * 24 * 60 * minute,
  passwordCost: { logN: 17, r: 8, p: 1 },
  hashesAtOnce: 2,
  hashesWaiting: 32,
  delay: { free: 3, lockAfter: 10, lockMs: 15 * minute },
  setUpNeedsToken: true,
};
