import { expect, test } from 'vitest';
import type { Bridge, BridgeRequest, Envelope } from '../../src-preload/bridge.ts';
import type { ClientError } from './client-error.ts';
import { createIpcClient } from './ipc-client.ts';

function world(answer: (request: BridgeRequest) => Envelope | Promise<Envelope>) {
  const requests: BridgeRequest[] = [];
  const cancelled: string[] = [];
  let tell: Parameters<Bridge['onEvent']>[0] = () => {};
  const bridge = {
    call: async (request: BridgeRequest) => {
      requests.push(request);
      return answer(request);
    },
    cancel: (requestId: string) => void cancelled.push(requestId),
    onEvent: (listener: typeof tell) => {
      tell = listener;
      return () => {};
    },
  } as unknown as Bridge;
  let id = 0;
  return {
    client: createIpcClient(bridge, () => `r${++id}`),
    requests,
    cancelled,
    tell: (event: Parameters<typeof tell>[0]) => tell(event),
  };
}

const refused = (code: 'auth.required' | 'argument.invalid', more: object = {}): Envelope => ({
  ok: false,
  status: 400,
  error: { code, message: `It is ${code}.`, ...more },
});
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ClientError) => error,
  );

test('a call crosses with its id and comes back as its body', async () => {
  const { client, requests } = world(() => ({ ok: true, status: 200, body: { items: [] } }));
  expect(await client.call('targets.list', {})).toEqual({ items: [] });
  expect(requests).toEqual([{ requestId: 'r1', route: 'targets.list', input: {} }]);
});

test('a failure keeps code, field and sentence', async () => {
  const { client } = world(() => refused('argument.invalid', { field: 'folder', retryable: true }));
  const error = await errorOf(client.call('targets.create', { body: { folder: '/a' } }));
  expect(error).toMatchObject({ code: 'argument.invalid', field: 'folder', retryable: true, message: 'It is argument.invalid.' });
});

test('an aborted call is cancelled on the other side, one aborted before is not made', async () => {
  const controller = new AbortController();
  const { client, cancelled, requests } = world(() => {
    controller.abort();
    return { ok: true, status: 200, body: {} };
  });
  await client.call('health.get', {}, { signal: controller.signal });
  expect(cancelled).toEqual(['r1']);
  expect(await errorOf(client.call('health.get', {}, { signal: controller.signal }))).toMatchObject({ code: 'operation.cancelled' });
  expect(requests).toHaveLength(1);
});

test('a session that ended is told once it is noticed, but not by asking who is signed in', async () => {
  const { client } = world(() => refused('auth.required'));
  let ended = 0;
  client.onSignedOut(() => ended++);
  await errorOf(client.call('auth.me', {}));
  expect(ended).toBe(0);
  await errorOf(client.call('targets.list', {}));
  expect(ended).toBe(1);
});

test('events and gaps are told apart', () => {
  const { client, tell } = world(() => refused('auth.required'));
  const ids: number[] = [];
  let gaps = 0;
  client.subscribe(
    ({ id }) => ids.push(id),
    () => gaps++,
  );
  tell({ id: 7, at: '2030-01-01T00:00:00Z', type: 'run.note', data: {} });
  tell({ gap: true });
  expect([ids, gaps]).toEqual([[7], 1]);
});
