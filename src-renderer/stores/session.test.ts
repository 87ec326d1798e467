import { beforeEach, expect, test } from 'vitest';
import type { Client } from '../api/client.ts';
import { ClientError } from '../api/client-error.ts';
import { loadSession, mayDo, useSession } from './session.ts';

const user = { id: 'u1', name: 'anna', role: 'operator', mustChangePassword: false };
const health = { status: 'ok', version: '1.2.3', setupNeeded: false };

function client(answers: Record<string, unknown>): Client {
  return {
    call: async (id: string) => {
      const answer = answers[id];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Client;
}

beforeEach(() => useSession.setState({ session: { state: 'starting' }, version: '' }));

test.each([
  ['somebody is signed in', { 'health.get': health, 'auth.me': user }, { state: 'signed-in', user }],
  ['nobody is', { 'health.get': health, 'auth.me': new ClientError('auth.required', 'x') }, { state: 'signed-out' }],
  ['the first start', { 'health.get': { ...health, setupNeeded: true } }, { state: 'first-start' }],
  ['out of reach', { 'health.get': new ClientError('client.offline', 'x') }, { state: 'unreachable', error: { code: 'client.offline' } }],
  ['out of reach in between', { 'health.get': health, 'auth.me': new ClientError('client.offline', 'x') }, { state: 'unreachable' }],
])('%s', async (_, answers, wanted) => {
  await loadSession(client(answers));
  expect(useSession.getState().session).toMatchObject(wanted);
});

test('roles rank', () => {
  expect([mayDo('admin', 'viewer'), mayDo('operator', 'operator'), mayDo('viewer', 'operator')]).toEqual([true, true, false]);
});
