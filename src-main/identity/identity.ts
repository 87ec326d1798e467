import { timingSafeEqual } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import { type Caller, nameKey } from '../domain/user.ts';
import type { Session } from '../store/repositories/refresh-tokens.ts';
import type { DirectoryLogin } from './directory-login.ts';
import { createTurns } from './gate.ts';
import { createUserManagement, newLocalUser, type UserManagement } from './manage-users.ts';
import type { IdentityParts } from './parts.ts';
import { checkNewPassword, createPasswordHasher } from './passwords.ts';
import { createSessions, hashToken, type SignedIn } from './sessions.ts';
import { defaultIdentitySettings, type IdentitySettings } from './settings.ts';
import { createSignIn } from './sign-in.ts';
import type { RotatingKeys } from './signing-keys.ts';

export interface IdentityOptions {
  store: IdentityParts['store'];
  clock: Clock;
  keys: RotatingKeys;
  /** Cryptographically strong: node:crypto's randomBytes unless a test gives another. */
  random: (bytes: number) => Buffer;
  /** Read at each use, but for how passwords are hashed. */
  settings?: Partial<IdentitySettings>;
  /** The directory as it is configured now; undefined where there is none. */
  directory?: () => Promise<DirectoryLogin | undefined> | DirectoryLogin | undefined;
}

export interface Identity extends UserManagement {
  /** Whether there is a user already. */
  isSetUp(): Promise<boolean>;
  /** Makes the token that the first start asks for, in place of an earlier one; undefined where there is a user. Show it once. */
  issueSetUpToken(): Promise<string | undefined>;
  /** Makes the first administrator and signs them in; works once. */
  setUp(setUpToken: string | undefined, name: string, password: string, address?: string): Promise<SignedIn>;
  /** `address` is where the call comes from. `auth.denied`, or `auth.locked` with the seconds to wait. */
  signIn(name: string, password: string, address: string): Promise<SignedIn>;
  /** Uses the token up and answers the next one. `auth.required` where it is worth nothing. */
  refresh(refreshToken: string): Promise<SignedIn>;
  /** Ends the session of a refresh token, or all sessions of a caller. */
  signOut(whose: string | Caller): Promise<void>;
  /** Proves the current password, then ends all sessions of the user but the caller's own. */
  changePassword(caller: Caller, current: string, next: string): Promise<void>;
  /** Of an access token, with or without the word Bearer. `auth.required` where it is worth nothing. */
  authenticate(bearer: string): Promise<Caller>;
  /** From now on another key signs access tokens; those that were issued stay good until they end. */
  rotateKey(): Promise<void>;
  /** The sessions of a caller, newest first. */
  sessions(caller: Caller): Promise<Session[]>;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { store, clock, keys, random } = options;
  const settingsNow = (): IdentitySettings => ({ ...defaultIdentitySettings, ...options.settings });
  const { users, refreshTokens } = store;
  const { passwordCost: cost, hashesAtOnce: atOnce, hashesWaiting: waiting } = settingsNow();
  const parts: IdentityParts = {
    store,
    clock,
    keys,
    random,
    get settings() {
      return settingsNow();
    },
    hasher: createPasswordHasher({ random, cost, atOnce, waiting }),
    inTurn: createTurns(waiting),
    directory: async () => options.directory?.(),
  };
  const sessions = createSessions(parts);
  const signIn = createSignIn(parts);
  const now = () => clock.now().toISOString();

  async function checkSetUpToken(token: string | undefined): Promise<void> {
    if (!settingsNow().setUpNeedsToken) return;
    const expected = await users.setUpTokenHash();
    const same =
      token !== undefined && expected !== undefined && timingSafeEqual(Buffer.from(hashToken(token), 'hex'), Buffer.from(expected, 'hex'));
    if (!same) throw new OctopusError('auth.denied', 'The set-up token is wrong: use the one that was shown at the latest start.');
  }
  const alreadySetUp = () => new OctopusError('conflict.set-up', 'Octopus is set up already: sign in.');

  return {
    ...createUserManagement(parts),
    isSetUp: async () => !(await users.isEmpty()),
    async issueSetUpToken() {
      if (!(await users.isEmpty())) return undefined;
      const token = random(24).toString('base64url');
      await users.putSetUpToken(hashToken(token), now());
      return token;
    },
    async setUp(token, name, password, address = '') {
      if (!(await users.isEmpty())) throw alreadySetUp();
      await checkSetUpToken(token);
      // Whoever sets up is signed in with it.
      const user = { ...(await newLocalUser(parts, { name, role: 'admin', password, mustChangePassword: false })), lastSignInAt: now() };
      if (!(await users.addFirst(user))) throw alreadySetUp();
      return sessions.open(user, address);
    },
    signIn: (name, password, address) => signIn.prove(name, password, (user) => sessions.open(user, address)),
    refresh: sessions.refresh,
    signOut: (whose) => (typeof whose === 'string' ? sessions.signOut(whose) : refreshTokens.endAll(whose.userId, 'signed-out', now())),
    changePassword: (caller, current, next) =>
      parts.inTurn(nameKey(caller.name), async () => {
        const user = await users.find(caller.userId);
        if (!user || user.disabled) throw new OctopusError('auth.required', 'Sign in again.');
        if (user.source === 'directory') {
          throw new OctopusError('argument.invalid', 'The directory keeps your password: change it there.', { field: 'next' });
        }
        const wrong = new OctopusError('argument.invalid', 'This is not your current password.', { field: 'current' });
        await signIn.proveLocal(user, current, wrong);
        checkNewPassword(user.name, next, 'next');
        if (next === current) throw new OctopusError('argument.invalid', 'The new password is the current one.', { field: 'next' });
        const passwordHash = await parts.hasher.hash(next);
        await users.change(user.id, { passwordHash, mustChangePassword: false, failedLogins: 0, lockedUntil: undefined });
        await refreshTokens.endAll(user.id, 'password', now(), caller.sessionId);
      }),
    authenticate: sessions.authenticate,
    rotateKey: () => keys.rotate(),
    sessions: (caller) => refreshTokens.openSessions(caller.userId, now()),
  };
}
