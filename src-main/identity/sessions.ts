import { createHash } from 'node:crypto';
import type { Caller, User } from '../domain/user.ts';
import type { Session, SessionEnd } from '../store/repositories/refresh-tokens.ts';
import type { StoredUser } from '../store/repositories/users.ts';
import { readAccessToken, signAccessToken, signInAgain } from './access-token.ts';
import { type IdentityParts, newId } from './parts.ts';

/** What a person is given who signed in. The two tokens are the only copies. */
export interface SignedIn {
  accessToken: string;
  /** ISO 8601, UTC. */
  accessExpiresAt: string;
  /** Good for one renewal. */
  refreshToken: string;
  refreshExpiresAt: string;
  user: Pick<User, 'id' | 'name' | 'role' | 'mustChangePassword'>;
}

export interface Sessions {
  open(user: StoredUser, address: string): Promise<SignedIn>;
  /** A token that was used before ends its whole family: one of the two who have it stole it, and nobody can tell which. */
  refresh(token: string): Promise<SignedIn>;
  /** Ends the family of this token. One that is not known is no error: it is signed out. */
  signOut(token: string): Promise<void>;
  authenticate(bearer: string): Promise<Caller>;
}

const TOKEN_BYTES = 32;

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function createSessions(parts: IdentityParts): Sessions {
  const { clock, keys, random } = parts;
  const { users, refreshTokens } = parts.store;

  function newRefreshToken(now: Date, session: Pick<Session, 'expiresAt'>) {
    const token = random(TOKEN_BYTES).toString('base64url');
    const expiresAt = earlier(new Date(now.getTime() + parts.settings.refreshTokenMs), session);
    return { token, stored: { hash: hashToken(token), issuedAt: now.toISOString(), expiresAt: expiresAt.toISOString() } };
  }

  async function answer(user: StoredUser, session: Session, refreshToken: string, refreshExpiresAt: string, now: Date): Promise<SignedIn> {
    const accessExpires = earlier(new Date(now.getTime() + parts.settings.accessTokenMs), session);
    const { id, name, role, mustChangePassword } = user;
    return {
      accessToken: await signAccessToken({ userId: id, sessionId: session.id }, keys, now, accessExpires),
      accessExpiresAt: accessExpires.toISOString(),
      refreshToken,
      refreshExpiresAt,
      user: { id, name, role, mustChangePassword },
    };
  }

  /** The user as the directory has them now; a reason where they lost access. Throws where the directory cannot be asked. */
  async function renewed(user: StoredUser): Promise<StoredUser | SessionEnd> {
    if (user.disabled) return 'disabled';
    if (user.source === 'local') return user;
    const directory = await parts.directory();
    const dn = user.directoryDn;
    if (!directory || dn === undefined) return 'directory';
    if (!directory.roleOf) return (await directory.isActive(dn)) ? user : 'directory';
    const role = await directory.roleOf(dn);
    if (!role) return 'directory';
    return role === user.role ? user : ((await users.change(user.id, { role })) ?? 'directory');
  }

  return {
    async open(user, address) {
      const now = clock.now();
      await refreshTokens.prune(now.toISOString());
      const session: Session = {
        id: newId(random),
        userId: user.id,
        address: address.slice(0, 100),
        createdAt: now.toISOString(),
        expiresAt: new Date(now.getTime() + parts.settings.sessionMs).toISOString(),
        endedAt: undefined,
        endedWhy: undefined,
      };
      const { token, stored } = newRefreshToken(now, session);
      // Signed first: without a key nothing is begun.
      const signedIn = await answer(user, session, token, stored.expiresAt, now);
      await refreshTokens.open(session, stored);
      return signedIn;
    },

    async refresh(token) {
      const now = clock.now();
      const at = now.toISOString();
      const found = await refreshTokens.find(hashToken(token));
      if (!found) throw signInAgain('invalid');
      const { session } = found;
      if (session.endedAt !== undefined) throw signInAgain(session.endedWhy === 'reused' ? 'reused' : 'ended');
      const reused = async () => {
        await refreshTokens.end(session.id, 'reused', at);
        return signInAgain('reused');
      };
      if (found.usedAt !== undefined) throw await reused();
      if (found.expiresAt <= at || session.expiresAt <= at) throw signInAgain('expired');
      const user = await users.find(session.userId);
      // Before the token is used up: where the directory or the vault cannot be asked, the same token may be tried again.
      const current = user ? await renewed(user) : 'disabled';
      if (typeof current === 'string') {
        await refreshTokens.end(session.id, current, at);
        throw signInAgain('disabled');
      }
      const next = newRefreshToken(now, session);
      const signedIn = await answer(current, session, next.token, next.stored.expiresAt, now);
      if (await refreshTokens.rotate(found.hash, next.stored)) return signedIn;
      // Lost to another renewal with the same token, or to a sign-out, in between.
      const ended = (await refreshTokens.session(session.id))?.endedAt !== undefined;
      throw ended ? signInAgain('ended') : await reused();
    },

    async signOut(token) {
      const found = await refreshTokens.find(hashToken(token));
      if (found) await refreshTokens.end(found.session.id, 'signed-out', clock.now().toISOString());
    },

    async authenticate(bearer) {
      const token = bearer.replace(/^Bearer +/i, '').trim();
      if (token === '') throw signInAgain('missing');
      const claims = await readAccessToken(token, keys, clock);
      const [session, user] = [await refreshTokens.session(claims.sessionId), await users.find(claims.userId)];
      if (!session || session.userId !== claims.userId || session.endedAt !== undefined) throw signInAgain('ended');
      if (!user || user.disabled) throw signInAgain('disabled');
      const caller: Caller = { userId: user.id, name: user.name, role: user.role, sessionId: session.id };
      // Somebody else knows this password: until it is changed, as little as possible hangs on it.
      return user.mustChangePassword ? { ...caller, role: 'viewer', mustChangePassword: true } : caller;
    },
  };
}

function earlier(time: Date, { expiresAt }: Pick<Session, 'expiresAt'>): Date {
  const end = new Date(expiresAt);
  return time < end ? time : end;
}
