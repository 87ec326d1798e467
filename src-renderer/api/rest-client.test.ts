import { expect, test } from 'vitest';
import type { ClientError } from './client-error.ts';
import { createRestClient } from './rest-client.ts';

interface Call {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}
type Answer = { status: number; body?: unknown } | Error;

const user = { id: 'u1', name: 'anna', role: 'admin', mustChangePassword: false };
const session = (n: number) => ({
  accessToken: `access-${n}`,
  refreshToken: `refresh-${n}`,
  accessExpiresAt: '2030-01-01T00:00:00Z',
  refreshExpiresAt: '2030-01-01T00:00:00Z',
  user,
});
const problem = (code: string, more: object = {}) => ({ code, detail: `It is ${code}.`, retryable: false, ...more });

function world(answer: (call: Call, nth: number) => Answer | Promise<Answer>) {
  const calls: Call[] = [];
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  let id = 0;
  const client = createRestClient({
    base: 'https://octopus.test/api/v1',
    storage,
    newId: () => `key-${++id}`,
    fetch: async (url, init = {}) => {
      init.signal?.throwIfAborted();
      const call = {
        url: String(url),
        method: init.method ?? 'GET',
        headers: init.headers as Record<string, string>,
        body: init.body ? JSON.parse(String(init.body)) : undefined,
      };
      calls.push(call);
      const given = await answer(call, calls.length);
      init.signal?.throwIfAborted();
      if (given instanceof Error) throw given;
      return new Response(given.body === undefined ? null : JSON.stringify(given.body), { status: given.status });
    },
  });
  return { client, calls, kept };
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ClientError) => error,
  );

test('signing in keeps the tokens from the screens, and the next calls carry them', async () => {
  const { client, calls, kept } = world(({ url }) =>
    url.endsWith('/auth/login') ? { status: 200, body: session(1) } : { status: 200, body: { items: [] } },
  );
  const answer = await client.call('auth.login', { body: { name: 'anna', password: 'x' } });
  expect(answer).toMatchObject({ accessToken: '', refreshToken: '', user });
  expect([...kept.values()]).toEqual(['refresh-1']);
  await client.call('vms.list', { query: { text: 'a b&c', limit: 5 } });
  expect(calls[0]?.headers.authorization).toBeUndefined();
  expect(calls[1]).toMatchObject({
    url: 'https://octopus.test/api/v1/vms?text=a+b%26c&limit=5',
    headers: { authorization: 'Bearer access-1' },
  });
});

test('nobody signed in is told so without asking', async () => {
  const { client, calls } = world(() => ({ status: 200, body: {} }));
  expect(await errorOf(client.call('auth.me', {}))).toMatchObject({ code: 'auth.required' });
  expect(calls).toEqual([]);
});

test('an ended access token is renewed once for all that wait, each call is repeated under its own key', async () => {
  let valid = 'access-1';
  const { client, calls, kept } = world(({ url, headers }) => {
    if (url.endsWith('/auth/login')) return { status: 200, body: session(1) };
    if (url.endsWith('/auth/refresh')) {
      valid = 'access-2';
      return { status: 200, body: session(2) };
    }
    return headers.authorization === `Bearer ${valid}`
      ? { status: 201, body: { id: 'x' } }
      : { status: 401, body: problem('auth.required') };
  });
  await client.call('auth.login', { body: { name: 'anna', password: 'x' } });
  valid = 'none';
  await Promise.all([
    client.call('targets.create', { body: { folder: '/a' } }),
    client.call('targets.get', { params: { id: 'a/b' } }),
    client.call('targets.list', {}),
  ]);
  expect(calls.filter(({ url }) => url.endsWith('/auth/refresh')).map(({ body }) => body)).toEqual([{ refreshToken: 'refresh-1' }]);
  const creates = calls.filter(({ method, url }) => method === 'POST' && url.endsWith('/targets'));
  expect(new Set(creates.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  expect(creates).toHaveLength(2);
  expect(calls.some(({ url }) => url.endsWith('/targets/a%2Fb'))).toBe(true);
  expect([...kept.values()]).toEqual(['refresh-2']);
});

test('after a reload the refresh token signs in again; where it is refused, the session has ended', async () => {
  const good = world(({ url }) => (url.endsWith('/auth/refresh') ? { status: 200, body: session(3) } : { status: 200, body: user }));
  good.kept.set('octopus.refresh', 'refresh-2');
  expect(await good.client.call('auth.me', {})).toEqual(user);
  const bad = world(() => ({ status: 401, body: problem('auth.required') }));
  bad.kept.set('octopus.refresh', 'refresh-2');
  let ended = 0;
  bad.client.onSignedOut(() => ended++);
  expect(await errorOf(bad.client.call('auth.me', {}))).toMatchObject({ code: 'auth.required' });
  expect([ended, bad.kept.size]).toEqual([1, 0]);
});

test('a renewal that does not get through keeps the session', async () => {
  const { client, kept } = world(() => new TypeError('failed to fetch'));
  kept.set('octopus.refresh', 'refresh-2');
  expect(await errorOf(client.call('auth.me', {}))).toMatchObject({ code: 'client.offline', retryable: true });
  expect([...kept.values()]).toEqual(['refresh-2']);
});

test('signing out names the session and forgets it, whatever is answered', async () => {
  const { client, calls, kept } = world(({ url }) =>
    url.endsWith('/auth/login') ? { status: 200, body: session(1) } : new TypeError('offline'),
  );
  await client.call('auth.login', { body: { name: 'anna', password: 'x' } });
  await errorOf(client.call('auth.logout', { body: {} }));
  expect(calls[1]?.body).toEqual({ refreshToken: 'refresh-1' });
  expect(kept.size).toBe(0);
});

test('failures keep their code, field and sentence; what is no answer of ours is told apart', async () => {
  const answers: Answer[] = [
    { status: 400, body: problem('argument.invalid', { field: 'name' }) },
    { status: 502, body: 'not ours' },
    new TypeError('failed to fetch'),
  ];
  const { client } = world((_, nth) => answers[nth - 1] as Answer);
  const login = () => errorOf(client.call('auth.login', { body: { name: 'anna', password: 'x' } }));
  expect(await login()).toMatchObject({ code: 'argument.invalid', field: 'name', message: 'It is argument.invalid.' });
  expect(await login()).toMatchObject({ code: 'client.offline', retryable: true });
  expect(await login()).toMatchObject({ code: 'client.offline', retryable: true });
});

test('an aborted call says that it was cancelled', async () => {
  const controller = new AbortController();
  const { client } = world(() => {
    controller.abort();
    return { status: 200, body: {} };
  });
  expect(await errorOf(client.call('health.get', {}, { signal: controller.signal }))).toMatchObject({ code: 'operation.cancelled' });
});
