import type { Problem } from '../../src-preload/contract/errors.ts';
import type { RouteId } from '../../src-preload/contract/routes.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { openEventStream } from './event-stream.ts';
import { createRestSession, type Session } from './rest-session.ts';
import { routeTable } from './route-table.ts';

interface AnyInput {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

export interface RestClientParts {
  /** Up to and with /api/v1. */
  base: string;
  fetch: typeof fetch;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  channel?: BroadcastChannel | undefined;
  newId?: () => string;
  /** Milliseconds; resolves early when the signal aborts. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Routes whose answer is a session: its tokens stay here. */
const signsIn: readonly RouteId[] = ['auth.setup', 'auth.login', 'auth.refresh'];

/** Over HTTP, for a browser. */
export function createRestClient(parts: RestClientParts): Client {
  const newId = parts.newId ?? (() => crypto.randomUUID());
  const signedOut = new Set<() => void>();
  const session = createRestSession({
    storage: parts.storage,
    channel: parts.channel,
    refresh: async (refreshToken) => (await ask('auth.refresh', { body: { refreshToken } }, undefined, undefined)) as Session,
    ended: () => {
      for (const listener of signedOut) listener();
    },
  });

  async function ask(
    id: RouteId,
    input: AnyInput,
    token: string | undefined,
    signal: AbortSignal | undefined,
    key?: string,
  ): Promise<unknown> {
    const { method, path, creates } = routeTable[id];
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (input.body !== undefined) headers['content-type'] = 'application/json';
    if (creates && key !== undefined) headers['idempotency-key'] = key;
    const body = input.body === undefined ? null : JSON.stringify(input.body);
    let response: Response;
    try {
      response = await parts.fetch(`${parts.base}${withParams(path, input.params)}${queryOf(input.query)}`, {
        method,
        headers,
        body,
        signal: signal ?? null,
        cache: 'no-store',
        credentials: 'omit',
      });
      if (!response.ok) throw await refusal(response);
      return response.status === 204 ? undefined : await response.json();
    } catch (error) {
      if (error instanceof ClientError) throw error;
      if (signal?.aborted) throw new ClientError('operation.cancelled', 'The operation was cancelled.');
      throw new ClientError('client.offline', 'Octopus cannot be reached: is it running, and is the network up?', { retryable: true });
    }
  }

  async function authorised(id: RouteId, input: AnyInput, signal: AbortSignal | undefined): Promise<unknown> {
    const key = newId();
    const token = await session.accessToken();
    if (token === undefined) throw new ClientError('auth.required', 'Sign in first.');
    try {
      return await ask(id, input, token, signal, key);
    } catch (error) {
      if (!(error instanceof ClientError && error.code === 'auth.required')) throw error;
      const next = await session.renew(token);
      if (next === undefined) throw error;
      return ask(id, input, next, signal, key);
    }
  }

  return {
    kind: 'web',
    async call(id, input, options = {}) {
      const { signal } = options;
      const given: AnyInput = input;
      if (signsIn.includes(id)) {
        const answer = (await ask(id, given, undefined, signal)) as Session;
        session.take(answer);
        return { ...answer, accessToken: '', refreshToken: '' } as never;
      }
      if (routeTable[id].anonymous) return (await ask(id, given, undefined, signal)) as never;
      if (id === 'auth.logout') {
        const body = { ...(given.body as object | undefined), ...tokenPart(session.refreshToken()) };
        try {
          return (await authorised(id, { body }, signal)) as never;
        } finally {
          session.clear();
        }
      }
      return (await authorised(id, given, signal)) as never;
    },
    subscribe(listener, onGap, onState) {
      return openEventStream({ url: `${parts.base}/events`, fetch: parts.fetch, session, listener, onGap, onState, wait: parts.wait });
    },
    onSignedOut(listener) {
      signedOut.add(listener);
      return () => signedOut.delete(listener);
    },
  };
}

const tokenPart = (refreshToken: string | undefined) => (refreshToken === undefined ? {} : { refreshToken });

function withParams(path: string, params: unknown): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String((params as Record<string, unknown>)[name])));
}

function queryOf(query: unknown): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== '') search.set(name, String(value));
  return search.size === 0 ? '' : `?${search}`;
}

async function refusal(response: Response): Promise<ClientError> {
  const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string') {
    const { code, detail, field, retryable } = problem;
    return new ClientError(code, detail, { field, retryable });
  }
  return new ClientError('client.offline', `Something between here and Octopus answered ${response.status}.`, { retryable: true });
}
