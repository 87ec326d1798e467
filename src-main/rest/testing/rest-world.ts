import { request as httpRequest, type IncomingMessage } from 'node:http';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Caller, Role } from '../../domain/user.ts';
import { createLog } from '../request-log.ts';
import type { EventSource, StreamEvent } from '../rest-contract.ts';
import { openRestServer, type RestOptions, type RestServer } from '../rest-server.ts';
import type { RestSettings } from '../rest-settings.ts';
import { createTestApi, type TestApi, testRoutes } from './test-contract.ts';

export interface TestEvents extends EventSource {
  publish(data: unknown, type?: string): StreamEvent;
  /** Drops all but the newest. */
  keep(count: number): void;
  listeners: number;
}

export function createTestEvents(): TestEvents {
  let stored: StreamEvent[] = [];
  const listeners = new Set<(event: StreamEvent) => void>();
  let last = 0;
  return {
    publish(data, type = 'run.progress') {
      const event = { id: ++last, at: new Date(0).toISOString(), type, data };
      stored.push(event);
      for (const listener of listeners) listener(event);
      return event;
    },
    keep(count) {
      stored = stored.slice(-count);
    },
    async since(id, limit) {
      return stored.filter((event) => event.id > id).slice(0, limit);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get listeners() {
      return listeners.size;
    },
    mayRead: (caller, event) => caller.role === 'admin' || (event.data as { secretOf?: string }).secretOf === undefined,
  };
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what came
  json: any;
}

export interface RestWorld extends AsyncDisposable {
  server: RestServer;
  api: TestApi;
  events: TestEvents;
  clock: Clock & { advance(milliseconds: number): void };
  logLines: string[];
  /** Tokens that authenticate() takes; a test may take one away. */
  tokens: Map<string, Caller>;
  origin: string;
  /** Under the base path; `as` is a role's token. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
}

export interface AskOptions {
  as?: Role | 'nobody';
  body?: unknown;
  /** Sent as it is. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

export async function openRestWorld(
  settings: Partial<RestSettings> = {},
  options: Partial<Pick<RestOptions, 'routes' | 'api' | 'onShutdown' | 'idempotency'>> & { events?: TestEvents } = {},
): Promise<RestWorld> {
  const api = createTestApi();
  const events = options.events ?? createTestEvents();
  const logLines: string[] = [];
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => new Date(now),
    sleep: async () => {},
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
  const roles: Role[] = ['admin', 'operator', 'viewer'];
  const tokens = new Map<string, Caller>(roles.map((role) => [`token-of-${role}`, { userId: `id-${role}`, name: role, role }]));
  let ids = 0;
  const server = await openRestServer({
    routes: testRoutes,
    api,
    events,
    clock,
    version: '0.0.0-test',
    newId: () => `request-${++ids}`,
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    async authenticate(bearer) {
      const caller = tokens.get(bearer);
      if (!caller) throw new OctopusError('auth.required', 'The token has ended: sign in again.');
      return caller;
    },
    settings: { metricsToken: 'token-of-prometheus', ...settings },
    ...options,
  });
  return {
    server,
    api,
    events,
    clock,
    logLines,
    tokens,
    origin: new URL(server.url).origin,
    ask: (method, path, asked = {}) =>
      ask(path.startsWith('//') ? new URL(path.slice(1), server.url).href : `${server.url}${path}`, method, asked),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Plain node:http: fetch would not send some of these headers. */
export function ask(url: string, method: string, { as = 'admin', body, raw, headers = {} }: AskOptions): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      {
        method,
        timeout: 120_000,
        agent: false,
        headers: {
          ...(as === 'nobody' ? {} : { authorization: `Bearer token-of-${as}` }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
          ...headers,
        },
      },
      (response) => void read(response).then(resolve, reject),
    );
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${method} ${url} hangs`)));
    request.end(payload);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  const json = headers['content-type']?.includes('json') && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.statusCode ?? 0, headers, text, json };
}
