import type { WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import { channels, type Envelope } from '../../src-preload/bridge.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { bindIpc, type IpcParts } from './ipc.ts';

type Listener = (event: unknown, ...args: unknown[]) => unknown;

function world(perform: (route: string, input: unknown, signal: AbortSignal) => Promise<unknown>) {
  const listeners = new Map<string, Listener>();
  const refusals: string[] = [];
  const failures: string[] = [];
  const frame = { url: 'app://octopus/#/machines' };
  const ours = { mainFrame: frame } as unknown as WebContents;
  const chosen: unknown[] = [];
  const add = (name: string, listener: Listener) => void listeners.set(name, listener);
  const bound = bindIpc({
    ipcMain: { handle: add, on: add } as unknown as IpcParts['ipcMain'],
    contents: () => ours,
    session: async () => ({
      call: async (route, input, { signal }) => ({ status: 200, body: await perform(route, input, signal) }),
    }),
    newId: () => 'id',
    desktop: {
      pickFolder: async (title) => title,
      pickFiles: async () => [],
      openExternal: async () => undefined,
      saveDiagnostics: async () => '/chosen',
    },
    setAppearance: (mode) => void chosen.push(mode),
    onRefused: (channel) => void refusals.push(channel),
    onFailure: (route) => void failures.push(route),
  });
  const event = { sender: ours, senderFrame: frame };
  const say = (channel: string, args: unknown[], from: unknown = event) => listeners.get(channel)?.(from, ...args);
  const call = (request: unknown, from?: unknown) => say(channels.call, [request], from) as Promise<Envelope>;
  return { ...bound, say, call, event, ours, frame, refusals, failures, chosen };
}

const request = { requestId: 'one', route: 'sources.list', input: { query: { limit: 5 } } };
const never = (_route: string, _input: unknown, signal: AbortSignal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('messages of the window', () => {
  it('come to the API as a route with its input, and the answer goes back in an envelope', async () => {
    const seen: unknown[] = [];
    const { call } = world(async (...args) => {
      seen.push(args.slice(0, 2));
      return { items: [] };
    });
    expect(await call(request)).toEqual({ ok: true, status: 200, body: { items: [] } });
    expect(seen).toEqual([['sources.list', { params: undefined, query: { limit: 5 }, body: undefined }]]);
  });

  it('answer errors with their code, and inner ones without their words', async () => {
    const errors = [
      new OctopusError('argument.invalid', 'Too short.', { field: 'name' }),
      new OctopusError('source.unreachable', 'No answer.', { retryable: true }),
      new Error('/home/ann/secret.txt'),
    ];
    const { call, failures } = world(async () => {
      throw errors.shift();
    });
    expect(await call(request)).toEqual({
      ok: false,
      status: 400,
      error: { code: 'argument.invalid', message: 'Too short.', field: 'name' },
    });
    expect(await call(request)).toMatchObject({ status: 502, error: { code: 'source.unreachable', retryable: true } });
    const inner = await call(request);
    expect(inner).toMatchObject({ status: 500, error: { code: 'internal.unexpected' } });
    expect(JSON.stringify(inner)).not.toContain('ann');
    expect(failures).toEqual(['sources.list']);
  });

  it('are heard from our page in the top frame of our window, and from nowhere else', async () => {
    let called = 0;
    const { call, say, event, ours, frame, refusals, chosen } = world(async () => called++);
    const others = [
      { ...event, sender: { mainFrame: frame } },
      { ...event, senderFrame: null },
      { ...event, senderFrame: { url: 'app://octopus/' } },
      ...['https://example.com/', 'app://octopus.example/', 'app://other/', 'file:///etc/passwd', 'about:blank', ''].map((url) => {
        const mainFrame = { url };
        return { sender: Object.assign(ours, { mainFrame }), senderFrame: mainFrame };
      }),
    ];
    for (const other of others) {
      if (other.senderFrame && 'mainFrame' in other.sender) Object.assign(ours, { mainFrame: other.senderFrame });
      if (other.senderFrame?.url === 'app://octopus/') Object.assign(ours, { mainFrame: frame });
      expect(await call(request, other)).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
      await expect(say(channels.desktop, ['pickFolder'], other)).rejects.toThrow();
      say(channels.appearance, ['dark'], other);
    }
    expect(called).toBe(0);
    expect(chosen).toEqual([]);
    expect(refusals).toHaveLength(others.length * 3);
  });

  it.each([
    ['no object', undefined, 'argument.invalid'],
    ['no id', { route: 'sources.list', input: {} }, 'argument.invalid'],
    ['an id of strange characters', { ...request, requestId: '../x' }, 'argument.invalid'],
    ['an unknown route', { ...request, route: 'sources.steal' }, 'not.found'],
    ['a route that every object has', { ...request, route: 'constructor' }, 'not.found'],
    ['a route that is no text', { ...request, route: ['sources.list'] }, 'not.found'],
    ['what JSON cannot hold', { ...request, input: { body: 5n } }, 'argument.invalid'],
    ['too much', { ...request, input: { body: 'x'.repeat(2 ** 20) } }, 'request.size'],
  ])('are refused with %s', async (_what, bad, code) => {
    const { call } = world(async () => 'done');
    expect(await call(bad)).toMatchObject({ ok: false, error: { code } });
  });

  it('can be cancelled, also where the work does not heed it', async () => {
    const { call, say } = world(() => new Promise(() => {}));
    const answer = call(request);
    say(channels.cancel, ['another']);
    say(channels.cancel, ['one']);
    expect(await answer).toMatchObject({ ok: false, error: { code: 'operation.cancelled' } });
  });

  it('that only read end with their page; a change is finished', async () => {
    const ends: (() => void)[] = [];
    const { call, pageGone } = world((route, input, signal) =>
      route === 'lab.start' ? new Promise((resolve) => ends.push(() => resolve('made'))) : never(route, input, signal),
    );
    const reading = call(request);
    const changing = call({ requestId: 'two', route: 'lab.start', input: {} });
    await new Promise((resolve) => setImmediate(resolve));
    pageGone();
    expect(await reading).toMatchObject({ ok: false, error: { code: 'operation.cancelled' } });
    for (const end of ends) end();
    expect(await changing).toMatchObject({ ok: true, body: 'made' });
  });

  it('of one id are one call, and there is an end to how many go at once', async () => {
    const { call, pageGone } = world(never);
    const all = Array.from({ length: 200 }, (_one, at) => call({ ...request, requestId: `r${at}` }));
    expect(await call({ ...request, requestId: 'r0' })).toMatchObject({ error: { code: 'argument.invalid' } });
    expect(await call({ ...request, requestId: 'more' })).toMatchObject({ error: { code: 'rate.limited', retryable: true } });
    pageGone();
    expect((await Promise.all(all)).every(({ ok }) => !ok)).toBe(true);
  });

  it('reach only the actions of the desktop that there are', async () => {
    const { say, chosen } = world(async () => 'done');
    expect(await say(channels.desktop, ['pickFolder', 'Here'])).toBe('Here');
    for (const action of ['constructor', 'quit', undefined, {}]) await expect(say(channels.desktop, [action])).rejects.toThrow();
    say(channels.appearance, ['dark']);
    say(channels.appearance, ['purple']);
    expect(chosen).toEqual(['dark']);
  });
});
