import type { Clock } from '../domain/clock.ts';
import type { RefreshTokenRepository } from '../store/repositories/refresh-tokens.ts';
import type { UserRepository } from '../store/repositories/users.ts';
import type { DirectoryLogin } from './directory-login.ts';
import type { createTurns } from './gate.ts';
import type { PasswordHasher } from './passwords.ts';
import type { IdentitySettings } from './settings.ts';
import type { SigningKeys } from './signing-keys.ts';

/** What the parts of identity share. */
export interface IdentityParts {
  store: { users: UserRepository; refreshTokens: RefreshTokenRepository };
  clock: Clock;
  keys: SigningKeys;
  /** Cryptographically strong. */
  random: (bytes: number) => Buffer;
  /** As they are now: not to be copied. */
  readonly settings: IdentitySettings;
  hasher: PasswordHasher;
  /** Sign-ins and changes of one name, one after the other: guesses cannot race the count of failures, nor a sign-in a new password. */
  inTurn: ReturnType<typeof createTurns>;
  /** Asked each time, since an administrator may switch it on, off or to another server. */
  directory: () => Promise<DirectoryLogin | undefined>;
}

/** A version 4 UUID. */
export function newId(random: IdentityParts['random']): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
