import jwt from 'jsonwebtoken';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import type { SigningKeys } from './signing-keys.ts';

const ISSUER = 'octopus';
const AUDIENCE = 'octopus-api';
// Named when verifying as well, so that a token cannot choose its own (RFC 8725).
const ALGORITHM = 'HS256';

/** Names the user and the session, nothing else: role and name are looked up, so that a change counts at once. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
}

export async function signAccessToken(claims: AccessClaims, keys: SigningKeys, issuedAt: Date, expiresAt: Date): Promise<string> {
  const { kid, secret } = await keys.current();
  const seconds = (time: Date) => Math.floor(time.getTime() / 1000);
  const payload = { sub: claims.userId, sid: claims.sessionId, iat: seconds(issuedAt), exp: seconds(expiresAt) };
  return jwt.sign(payload, secret, { algorithm: ALGORITHM, keyid: kid, issuer: ISSUER, audience: AUDIENCE });
}

/** `auth.required` for anything that this key ring did not sign or that is over. */
export async function readAccessToken(token: string, keys: SigningKeys, clock: Clock): Promise<AccessClaims> {
  const kid = keyId(token);
  const key = kid === undefined ? undefined : await keys.byId(kid);
  if (!key) throw signInAgain('invalid');
  try {
    const payload = jwt.verify(token, key.secret, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp: Math.floor(clock.now().getTime() / 1000),
    }) as jwt.JwtPayload;
    const { sub, sid } = payload;
    if (typeof sub !== 'string' || typeof sid !== 'string' || payload.exp === undefined) throw signInAgain('invalid');
    return { userId: sub, sessionId: sid };
  } catch (error) {
    // The library's error is not passed on: it may quote the token.
    throw signInAgain(error instanceof jwt.TokenExpiredError ? 'expired' : 'invalid');
  }
}

function keyId(token: string): string | undefined {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

export type Refusal = 'missing' | 'invalid' | 'expired' | 'ended' | 'reused' | 'disabled';

/** Says why to a program; to a person it is all one. */
export function signInAgain(reason: Refusal): OctopusError {
  const sentence =
    reason === 'reused'
      ? 'This session was ended because one of its tokens was used twice: sign in again, and change the password if that was not you.'
      : 'Sign in again.';
  return new OctopusError('auth.required', sentence, { details: { reason } });
}
