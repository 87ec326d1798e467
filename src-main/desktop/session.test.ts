import { describe, expect, it } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { CallContext } from '../api/create-api.ts';
import { createDesktopSession } from './session.ts';

const start = Date.parse('2026-01-02T03:00:00.000Z');
const user = { id: 'u1', name: 'ann', role: 'admin' as const, mustChangePassword: false };
const minutes = 60_000;

/** An API that issues numbered tokens, takes each refresh token once, and says who called. */
function world(vault = new Map<string, string>()) {
  let now = start;
  let issued = 0;
  let delay = Promise.resolve();
  const live = new Set<string>();
  const calls: { id: string; body: unknown; caller: string | undefined; address: string }[] = [];
  const failures: string[] = [];
  const signedIn = () => {
    issued++;
    live.add(`refresh-${issued}`);
    return {
      accessToken: `access-${issued}`,
      refreshToken: `refresh-${issued}`,
      accessExpiresAt: new Date(now + 10 * minutes).toISOString(),
      refreshExpiresAt: new Date(now + 100 * minutes).toISOString(),
      user,
    };
  };
  const state = { down: false, refused: false };
  const session = createDesktopSession({
    api: {
      async call(id, input, context: CallContext) {
        calls.push({ id, body: input.body, caller: context.caller?.name, address: context.address });
        await delay;
        const body = input.body as { password?: string; refreshToken?: string } | undefined;
        if (id === 'auth.login' && body?.password !== 'right') throw new OctopusError('auth.denied', 'No.');
        if (id === 'auth.refresh') {
          if (state.down) throw new OctopusError('directory.unreachable', 'No answer.');
          if (!live.delete(body?.refreshToken as string)) throw new OctopusError('auth.required', 'Used before.');
        }
        return { status: 200, body: id.startsWith('auth.') && id !== 'auth.me' ? signedIn() : { caller: context.caller?.name } };
      },
    },
    identity: {
      async authenticate(bearer) {
        if (state.refused) throw new OctopusError('auth.required', 'Disabled.');
        return { userId: 'u1', name: `ann of ${bearer}`, role: 'admin' };
      },
      issueSetUpToken: async () => 'the set-up token',
      signOut: async (token) => void live.delete(String(token)),
    },
    vault: {
      get: async (reference) => vault.get(reference),
      set: async (reference, secret) => void vault.set(reference, secret),
      delete: async (reference) => void vault.delete(reference),
    },
    clock: { now: () => new Date(now), sleep: async () => {} },
    newId: () => 'id',
    onFailure: (what) => void failures.push(what),
  });
  const context = { requestId: 'r', signal: new AbortController().signal };
  return {
    session,
    vault,
    calls,
    failures,
    live,
    state,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    slow: (until: Promise<void>) => {
      delay = until;
    },
    call: (id: Parameters<typeof session.call>[0], body?: unknown) => session.call(id, { body }, context),
  };
}

describe('the session of the desktop', () => {
  it('keeps the tokens to itself and acts as whoever signed in', async () => {
    const { call, vault, calls } = world();
    const answer = await call('auth.login', { name: 'ann', password: 'right' });
    expect(answer.body).toMatchObject({ accessToken: '', refreshToken: '', user });
    expect(JSON.stringify(answer)).not.toMatch(/access-|refresh-/);
    expect([...vault.values()]).toEqual(['refresh-1']);
    expect((await call('sources.list')).body).toEqual({ caller: 'ann of access-1' });
    expect(calls.at(-1)?.address).toBe('desktop');
  });

  it('fills the set-up token in', async () => {
    const { call, calls } = world();
    await call('auth.setup', { name: 'ann', password: 'a long sentence' });
    expect(calls[0]?.body).toEqual({ name: 'ann', password: 'a long sentence', token: 'the set-up token' });
  });

  it('renews once for many calls, and is signed in again after a restart', async () => {
    const first = world();
    await first.call('auth.login', { password: 'right' });
    first.pass(10 * minutes);
    const answers = await Promise.all(Array.from({ length: 5 }, () => first.call('sources.list')));
    expect(new Set(answers.map(({ body }) => (body as { caller: string }).caller))).toEqual(new Set(['ann of access-2']));
    expect(first.calls.filter(({ id }) => id === 'auth.refresh')).toHaveLength(1);
    expect([...first.vault.values()]).toEqual(['refresh-2']);

    const second = world(new Map([['desktop/refresh-token', 'refresh-0']]));
    second.live.add('refresh-0');
    await second.session.restore();
    expect(second.session.caller()?.name).toBe('ann of access-1');
  });

  it('forgets a kept sign-in that is worth nothing, but not one that merely cannot be renewed now', async () => {
    const dead = world(new Map([['desktop/refresh-token', 'stolen']]));
    await dead.session.restore();
    expect(dead.session.caller()).toBeUndefined();
    expect(dead.vault.size).toBe(0);

    const down = world(new Map([['desktop/refresh-token', 'refresh-0']]));
    down.live.add('refresh-0');
    down.state.down = true;
    await down.session.restore();
    expect(down.vault.size).toBe(1);
    expect(down.failures).toHaveLength(1);
  });

  it('signs out whoever lost access', async () => {
    const { call, state, vault, session } = world();
    await call('auth.login', { password: 'right' });
    state.refused = true;
    await expect(call('sources.list')).rejects.toMatchObject({ code: 'auth.required' });
    expect(session.caller()).toBeUndefined();
    expect(vault.size).toBe(0);
  });

  it('knows when asked that access was lost, without a call', async () => {
    const { call, state, session } = world();
    await call('auth.login', { password: 'right' });
    expect((await session.ask())?.name).toBe('ann of access-1');
    state.refused = true;
    expect(await session.ask()).toBeUndefined();
    expect(session.caller()).toBeUndefined();
  });

  it('ends the session before when another person signs in, and keeps it when they fail to', async () => {
    const { call, live } = world();
    await call('auth.login', { password: 'right' });
    await expect(call('auth.login', { password: 'wrong' })).rejects.toMatchObject({ code: 'auth.denied' });
    expect(live).toContain('refresh-1');
    await call('auth.login', { password: 'right' });
    expect([...live]).toEqual(['refresh-2']);
  });

  it('signs out here also where the core fails to', async () => {
    const { call, vault, calls, session } = world();
    await call('auth.login', { password: 'right' });
    await call('auth.logout');
    expect(calls.at(-1)).toMatchObject({ body: { refreshToken: 'refresh-1' }, caller: 'ann of access-1' });
    expect(vault.size).toBe(0);
    expect(session.caller()).toBeUndefined();
    expect((await call('health.get')).body).toEqual({ caller: undefined });
  });

  it('does not hand a refresh token to whoever asks for a renewal without a session', async () => {
    const { call } = world();
    await expect(call('auth.refresh', { refreshToken: 'guessed' })).rejects.toMatchObject({ code: 'auth.required' });
  });
});
