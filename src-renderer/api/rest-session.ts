import type { Output } from '../../src-preload/contract/routes.ts';
import { ClientError } from './client-error.ts';

export type Session = Output<'auth.login'>;
type Tokens = Pick<Session, 'accessToken' | 'refreshToken'>;

const KEY = 'octopus.refresh';

export interface RestSession {
  /** Undefined: nobody is signed in. Renews first where only a refresh token is there. */
  accessToken(): Promise<string | undefined>;
  /** After `stale` was refused. Undefined: the session has ended. */
  renew(stale: string | undefined): Promise<string | undefined>;
  refreshToken(): string | undefined;
  take(session: Tokens): void;
  clear(): void;
}

/**
 * The tokens of this tab: access in memory, refresh where a reload finds it. A refresh token is good for one renewal, and a second one with
 * it ends the session: all who wait share one renewal, and a duplicated tab, which has the same token, is told of the next.
 */
export function createRestSession(parts: {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  refresh: (refreshToken: string) => Promise<Session>;
  ended: () => void;
  channel?: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'> | undefined;
}): RestSession {
  const { storage } = parts;
  let access: string | undefined;
  let renewing: Promise<string | undefined> | undefined;

  parts.channel?.addEventListener('message', (message) => {
    const { used, next } = (message as MessageEvent<{ used: string; next: Tokens }>).data;
    if (storage.getItem(KEY) === used) keep(next);
  });

  function keep(tokens: Tokens): void {
    access = tokens.accessToken;
    storage.setItem(KEY, tokens.refreshToken);
  }

  function clear(): void {
    access = undefined;
    storage.removeItem(KEY);
  }

  async function renewOnce(used: string): Promise<string | undefined> {
    try {
      const next = await parts.refresh(used);
      keep(next);
      parts.channel?.postMessage({ used, next: { accessToken: next.accessToken, refreshToken: next.refreshToken } });
      return next.accessToken;
    } catch (error) {
      // Another tab may have been quicker with the same token.
      if (storage.getItem(KEY) !== used) return access;
      if (!(error instanceof ClientError && error.code.startsWith('auth.'))) throw error;
      clear();
      parts.ended();
      return undefined;
    }
  }

  function renew(stale: string | undefined): Promise<string | undefined> {
    if (renewing) return renewing;
    if (access !== undefined && access !== stale) return Promise.resolve(access);
    const used = storage.getItem(KEY);
    if (used === null) {
      if (access !== undefined) {
        clear();
        parts.ended();
      }
      return Promise.resolve(undefined);
    }
    renewing = renewOnce(used).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  return {
    accessToken: () => (access === undefined ? renew(undefined) : Promise.resolve(access)),
    renew,
    refreshToken: () => storage.getItem(KEY) ?? undefined,
    take: keep,
    clear,
  };
}
