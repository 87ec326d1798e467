import { type RouteId, routeOf } from '../../src-preload/contract/routes.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Api, CallContext } from '../api/create-api.ts';
import type { Clock } from '../domain/clock.ts';
import type { Caller } from '../domain/user.ts';
import type { Identity } from '../identity/identity.ts';
import type { SignedIn } from '../identity/sessions.ts';
import type { SecretStore } from '../vault/secret-store.ts';

export interface SessionInput {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

export interface DesktopSession {
  /** Like the API's own, as whoever is signed in. Tokens stay here: answers carry empty ones. */
  call(route: RouteId, input: SessionInput, context: Omit<CallContext, 'caller' | 'address'>): ReturnType<Api['call']>;
  /** Who is signed in, as far as is known without asking. */
  caller(): Caller | undefined;
  /** Who is signed in, asked anew; undefined also where that cannot be found out. */
  ask(): Promise<Caller | undefined>;
  /** Signs in with what the vault kept from an earlier start. Settles also where that is not to be. */
  restore(): Promise<void>;
}

/** In the vault; others that this application keeps there begin with `kept:`. */
const REFERENCE = 'desktop/refresh-token';
/** Renewed this long before it ends, so that it does not end under way. Milliseconds. */
const AHEAD = 30_000;

export interface DesktopSessionParts {
  api: Api;
  identity: Pick<Identity, 'authenticate' | 'issueSetUpToken' | 'signOut'>;
  vault: Pick<SecretStore, 'get' | 'set' | 'delete'>;
  clock: Clock;
  newId: () => string;
  onFailure: (what: string, error: OctopusError) => void;
  onChange?: () => void;
}

export function createDesktopSession(parts: DesktopSessionParts): DesktopSession {
  const { api, identity, vault } = parts;
  let tokens: Pick<SignedIn, 'accessToken' | 'accessExpiresAt' | 'refreshToken'> | undefined;
  let known: Caller | undefined;
  // What changes the tokens goes one after the other: a token that is used twice ends the session.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const next = turn.then(act);
    turn = next.catch(() => undefined);
    return next;
  };

  async function keep(signedIn: SignedIn): Promise<void> {
    tokens = signedIn;
    known = undefined;
    try {
      await vault.set(REFERENCE, signedIn.refreshToken);
    } catch (error) {
      // Signed in all the same, until the application ends.
      parts.onFailure('the sign-in could not be kept for the next start', toOctopusError(error));
    }
    known = await identity.authenticate(signedIn.accessToken);
    parts.onChange?.();
  }

  async function forget(): Promise<void> {
    tokens = undefined;
    known = undefined;
    parts.onChange?.();
    await vault.delete(REFERENCE).catch((error) => parts.onFailure('the kept sign-in could not be removed', toOctopusError(error)));
  }

  /** In turn. Who has lost access is signed out; where it merely cannot be asked now, the next call asks again. */
  async function renew(refreshToken: string): Promise<void> {
    const context = { caller: undefined, address: 'desktop', requestId: parts.newId(), signal: new AbortController().signal };
    try {
      await keep((await api.call('auth.refresh', { body: { refreshToken } }, context)).body as SignedIn);
    } catch (caught) {
      const error = toOctopusError(caught);
      if (error.code.startsWith('auth.')) await forget();
      throw error;
    }
  }

  const isOld = () => tokens !== undefined && Date.parse(tokens.accessExpiresAt) - AHEAD <= parts.clock.now().getTime();

  async function current(): Promise<Caller | undefined> {
    if (isOld()) {
      await inTurn(async () => {
        if (tokens && isOld()) await renew(tokens.refreshToken);
      });
    }
    if (!tokens) return undefined;
    try {
      known = await identity.authenticate(tokens.accessToken);
      return known;
    } catch (error) {
      if (toOctopusError(error).code.startsWith('auth.')) await inTurn(forget);
      throw error;
    }
  }

  async function begin(route: 'auth.setup' | 'auth.login' | 'auth.refresh', input: SessionInput, context: CallContext) {
    let body = (input.body ?? {}) as Record<string, unknown>;
    // Whoever sits at this desktop may make the administrator: the token is for those who come from elsewhere.
    if (route === 'auth.setup') body = { ...body, token: await identity.issueSetUpToken() };
    if (route === 'auth.refresh') {
      if (!tokens) throw new OctopusError('auth.required', 'Sign in first.');
      body = { refreshToken: tokens.refreshToken };
    }
    const before = route === 'auth.login' ? tokens?.refreshToken : undefined;
    const answer = await api.call(route, { body }, context);
    await keep(answer.body as SignedIn);
    // Another person signs in at the same window: the session before must not live on.
    if (before !== undefined) {
      await identity.signOut(before).catch((error) => parts.onFailure('the sign-in before could not be ended', toOctopusError(error)));
    }
    return { ...answer, body: { ...(answer.body as SignedIn), accessToken: '', refreshToken: '' } };
  }

  return {
    caller: () => known,
    ask: () => current().catch(() => undefined),

    async call(route, input, given) {
      const context = { ...given, address: 'desktop', caller: undefined };
      if (route === 'auth.setup' || route === 'auth.login' || route === 'auth.refresh') return inTurn(() => begin(route, input, context));
      const caller = routeOf(route).access === 'anonymous' ? known : await current();
      if (route !== 'auth.logout') return api.call(route, input, { ...context, caller });
      return inTurn(async () => {
        try {
          return await api.call(route, { body: tokens ? { refreshToken: tokens.refreshToken } : {} }, { ...context, caller });
        } finally {
          await forget();
        }
      });
    },

    async restore() {
      await inTurn(async () => {
        const kept = await vault.get(REFERENCE);
        if (kept !== undefined && !tokens) await renew(kept);
      }).catch((error) => parts.onFailure('nobody is signed in from before', toOctopusError(error)));
    },
  };
}
