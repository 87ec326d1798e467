import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import { OctopusError } from '../../workers/octopus-error.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import type { Caller } from '../domain/user.ts';
import { docsPage, docsPolicy } from './docs-page.ts';
import { bearerOf, createDoor, type DoorConfig } from './door.ts';
import { createEventHub } from './event-hub.ts';
import { listenAddress } from './host-check.ts';
import { createIdempotency } from './idempotency.ts';
import { parseJsonBody } from './json-body.ts';
import { type OpenApiDocument, openApi } from './openapi.ts';
import { knownError, problemOf, problemType, retryAfter, statusOf } from './problem.ts';
import { errorText, secretsOf } from './request-log.ts';
import { basePath, type EventSource, type KeptAnswers, type RestApi, type RestRoutes, routerPath } from './rest-contract.ts';
import { createRestMetrics, type RestMetrics } from './rest-metrics.ts';
import { defaultRestSettings, type RestSettings } from './rest-settings.ts';
import { createRouteHandler } from './route-handler.ts';
import { createTrustedProxies } from './trusted-proxies.ts';
import { createTurns } from './turns.ts';
import { indexFile, readWebClient } from './web-client.ts';

export interface RestOptions {
  routes: RestRoutes;
  api: RestApi;
  /** Who holds this token. Rejects with an `auth.` code. */
  authenticate: (bearer: string) => Promise<Caller>;
  events: EventSource;
  log: Logger;
  /** Of Octopus, for the documentation. */
  version: string;
  settings?: Partial<RestSettings> | undefined;
  metrics?: RestMetrics | undefined;
  /** Where answers to calls with an Idempotency-Key are kept, and the key of their fingerprints; in memory unless given. */
  idempotency?: { answers: KeptAnswers; fingerprintKey: Buffer } | undefined;
  /** Called once nobody is served any more: lets runs reach a checkpoint. */
  onShutdown?: (() => Promise<void>) | undefined;
  clock?: Clock | undefined;
  newId?: (() => string) | undefined;
}

export interface RestServer extends AsyncDisposable {
  /** With the port that was chosen, e.g. `http://127.0.0.1:4711/api/v1`. */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing more, ends the event streams, lets open requests end, then calls onShutdown. May be called again. */
  close(): Promise<void>;
}

/** Serves the contract over HTTP: what a route means is the API's, everything of HTTP is here. Resolves once it listens. */
export async function openRestServer(options: RestOptions): Promise<RestServer> {
  const settings: RestSettings = { ...defaultRestSettings, ...options.settings };
  const clock = options.clock ?? systemClock;
  const newId = options.newId ?? randomUUID;
  const { log } = options;
  const metrics = options.metrics ?? createRestMetrics();
  const prefix = checkedPrefix(settings.pathPrefix);
  checkCertificate(settings.tls);
  const address = await listenAddress(settings.address, settings.tls !== undefined);
  const trusts = createTrustedProxies(settings.trustedProxies);
  const callers = new WeakMap<FastifyRequest, Caller>();
  const stopped = new AbortController();
  let stopping = false;

  const app = createApp(settings, trusts, newId);
  const { authenticate } = options;
  const door = createDoor({ address, settings, clock, metrics, authenticate, stopping: () => stopping });
  const hub = createEventHub(options.events, settings.events, {
    streams: (count) => metrics.streams(count),
    cut: (reason) => metrics.streamCut(reason),
    failed: (error) => log.error({ error: errorText(error, []) }, 'events could not be read'),
  });
  const fixedHeaders = securityHeaders(settings.tls !== undefined);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...fixedHeaders, 'x-request-id': request.id });
    const config = (request.routeOptions.config ?? {}) as Partial<DoorConfig>;
    const caller = await door.admit(request, config.access === undefined ? undefined : (config as DoorConfig));
    if (caller) callers.set(request, caller);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => answered(request, reply.statusCode, reply.elapsedTime));

  function answered(request: FastifyRequest, status: number, milliseconds: number): void {
    const route = request.routeOptions.url ?? 'none';
    metrics.answered(route, request.method, status, milliseconds / 1000);
    const path = pathOf(request).slice(0, 300);
    const user = callers.get(request)?.name;
    const took = Math.round(milliseconds * 10) / 10;
    log.info({ requestId: request.id, method: request.method, path, status, milliseconds: took, address: request.ip, user }, 'request');
  }

  function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = knownError(error);
    const status = statusOf(known.code);
    if (status >= 500) {
      const text = errorText(error, secretsOf(request.headers.authorization, request.body));
      log.error({ requestId: request.id, path: pathOf(request).slice(0, 300), code: known.code, error: text }, 'a request failed');
    }
    if (status === 401) reply.header('www-authenticate', 'Bearer realm="Octopus"');
    const wait = retryAfter(known);
    if (wait !== undefined) reply.header('retry-after', wait);
    reply.removeHeader('etag');
    return reply
      .headers({ ...fixedHeaders, 'x-request-id': request.id, 'content-type': problemType })
      .code(status)
      .send(JSON.stringify(problemOf(known, request.id)));
  }

  app.setErrorHandler((error, request, reply) => fail(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(options.routes, `${prefix}${basePath}`, pathOf(request));
    if (allowed.length === 0) return fail(new OctopusError('not.found', 'There is nothing at this path.'), request, reply);
    reply.header('allow', allowed.join(', '));
    return fail(new OctopusError('request.method', `This path takes ${allowed.join(', ')}.`), request, reply);
  });

  /** As the client sees it: a trusted proxy may have taken a prefix away. */
  function root(request: FastifyRequest): string {
    const forwarded = request.headers['x-forwarded-prefix'];
    const believed = typeof forwarded === 'string' && trusts(request.socket.remoteAddress ?? '') && /^(\/[\w.~-]+)+$/.test(forwarded);
    return `${believed ? forwarded : ''}${prefix}`;
  }
  const base = (request: FastifyRequest) => `${root(request)}${basePath}`;

  const handlerParts = {
    routes: options.routes,
    api: options.api,
    idempotency: createIdempotency({ clock, limits: settings.idempotency, ...options.idempotency }),
    turns: createTurns(),
    answerTime: settings.answerTime,
    stopped: stopped.signal,
    callerOf: (request: FastifyRequest) => callers.get(request),
    base,
  };
  for (const [id, route] of Object.entries(options.routes)) {
    const url = `${prefix}${basePath}${routerPath(route.path)}`;
    app.route({ method: route.method, url, config: { access: route.access }, handler: createRouteHandler(id, route, handlerParts) });
  }

  app.get(`${prefix}${basePath}/events`, { config: { access: 'viewer', ownPassword: true }, exposeHeadRoute: false }, (request, reply) => {
    const last = request.headers['last-event-id'];
    if (last !== undefined && last !== '' && !/^\d{1,15}$/.test(String(last))) {
      throw new OctopusError('argument.invalid', 'A Last-Event-ID is a number.', { field: 'Last-Event-ID' });
    }
    const caller = callers.get(request) as Caller;
    // Half of them at most are one user's: a single one, of whatever role, must not keep all others from hearing.
    if (hub.size >= settings.events.streams || hub.sizeOf(caller.userId) >= Math.ceil(settings.events.streams / 2)) {
      throw new OctopusError('rate.limited', 'Too many event streams are open.', { retryable: true, details: { retryAfterSeconds: 30 } });
    }
    const bearer = bearerOf(request) as string;
    reply.hijack();
    request.raw.socket.setTimeout(0);
    const head = { ...fixedHeaders, 'x-request-id': request.id, connection: 'close' };
    hub.add(reply.raw, head, caller, last ? Number(last) : undefined, () => authenticate(bearer));
  });
  /** Written once: only its address depends on who asks. */
  let described: OpenApiDocument | undefined;
  function documentFor(request: FastifyRequest): OpenApiDocument {
    described ??= openApi(options.routes, options.version, '');
    return { ...described, servers: [{ url: base(request) }] };
  }
  app.get(`${prefix}${basePath}/openapi.json`, { config: { access: 'anonymous' } }, (request, reply) => {
    reply.header('cache-control', 'no-cache').header('content-type', 'application/json; charset=utf-8');
    return reply.send(JSON.stringify(documentFor(request)));
  });
  app.get(`${prefix}/api/docs`, { config: { access: 'anonymous' } }, (request, reply) => {
    reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', docsPolicy);
    return reply.send(docsPage(documentFor(request), 'v1/openapi.json'));
  });
  app.get(`${prefix}/metrics`, { config: { access: 'metrics', ownPassword: true } }, async (_request, reply) => {
    return reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  const client = settings.webClient && (await readWebClient(settings.webClient.folder));
  if (client) {
    const open = { config: { access: 'anonymous' as const } };
    for (const path of ['', indexFile]) {
      app.get(`${prefix}/${path}`, open, (request, reply) => {
        const { html, policy } = client.page(`${root(request)}/`);
        return reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', policy).send(html);
      });
    }
    // Without the slash the page's own links would lead elsewhere.
    if (prefix !== '')
      app.get(prefix, open, (request, reply) =>
        reply
          .code(308)
          .header('location', `${root(request)}/`)
          .send(),
      );
    for (const { path, type, cacheControl, content } of client.files) {
      app.get(`${prefix}/${path}`, open, (_request, reply) =>
        reply.header('content-type', type).header('cache-control', cacheControl).send(content),
      );
    }
  }

  await listen(app, settings, address);
  const { port } = app.server.address() as { port: number };
  const shown = address.includes(':') ? `[${address}]` : address;
  const url = `${settings.tls ? 'https' : 'http'}://${shown}:${port}${prefix}${basePath}`;
  log.info({ url }, 'listening');

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= end();
    return closing;
  };
  async function end(): Promise<void> {
    stopping = true;
    hub.close();
    const patience = setTimeout(() => stopped.abort(), settings.shutdownTime);
    const last = setTimeout(() => app.server.closeAllConnections(), settings.shutdownTime + 2000);
    try {
      await app.close();
    } finally {
      clearTimeout(patience);
      clearTimeout(last);
      await options.onShutdown?.();
      log.info('stopped');
    }
  }
  return { url, port, close, [Symbol.asyncDispose]: close };

  /** Fastify's own errors come before any hook: a path that is no URL. */
  function createApp(given: RestSettings, trusted: (address: string) => boolean, id: () => string): FastifyInstance {
    const server = {
      maxHeaderSize: given.headerLimit,
      headersTimeout: given.headerTime,
      connectionsCheckingInterval: 1000,
    };
    const tls = given.tls && { ...given.tls, minVersion: 'TLSv1.2', handshakeTimeout: given.headerTime };
    const made = fastify({
      ...(tls ? { https: { ...server, ...tls } } : { http: server }),
      logger: false,
      trustProxy: (proxy: string) => trusted(proxy),
      bodyLimit: given.bodyLimit,
      requestTimeout: given.requestTime,
      connectionTimeout: given.idleTime,
      keepAliveTimeout: 10_000,
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      requestIdHeader: false,
      genReqId: (request: { headers: Record<string, string | string[] | undefined> }) => {
        const asked = request.headers['x-request-id'];
        return typeof asked === 'string' && /^[\w-]{8,64}$/.test(asked) ? asked : id();
      },
      routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void fail(error, request, reply),
      clientErrorHandler: refuseConnection,
    } as never) as unknown as FastifyInstance;
    made.server.maxConnections = given.connections;
    made.removeAllContentTypeParsers();
    made.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, parseJsonBody(body as Buffer, given.jsonDepth));
      } catch (error) {
        done(error as Error);
      }
    });
    return made;
  }
}

/** What is not HTTP, too big a head, or too slow a request. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const known =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new OctopusError('request.timeout', 'The request did not come in time.', { retryable: true })
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new OctopusError('request.size', 'The head of the request is too large.')
        : new OctopusError('argument.invalid', 'The request is not valid HTTP.');
  const { requestId: _, ...problem } = problemOf(known, '');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // It may never read what it is told.
  setTimeout(() => socket.destroy(), 2000).unref();
}

async function listen(app: FastifyInstance, settings: RestSettings, address: string): Promise<void> {
  try {
    await app.listen({ host: address, port: settings.port });
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    const where = `${address} port ${settings.port}`;
    if (code === 'EADDRINUSE') throw new OctopusError('argument.invalid', `Another program listens on ${where}.`, { field: 'port', cause });
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new OctopusError('argument.invalid', `Octopus may not listen on ${where}.`, { field: 'port', cause });
    throw cause;
  }
}

function checkCertificate(tls: RestSettings['tls']): void {
  if (!tls) return;
  try {
    createSecureContext(tls);
  } catch (error) {
    // OpenSSL's reason names neither text.
    const reason = (error as { reason?: string }).reason ?? 'not PEM';
    throw new OctopusError('argument.invalid', `The TLS certificate and its key cannot be used: ${reason}.`, { field: 'tls-cert' });
  }
}

function checkedPrefix(prefix: string): string {
  const plain = prefix.replace(/\/$/, '');
  if (plain === '' || /^(\/[\w.~-]+)+$/.test(plain)) return plain;
  throw new OctopusError('argument.invalid', `'${prefix}' is no path prefix; it reads /octopus.`, { field: 'path-prefix' });
}

function securityHeaders(tls: boolean): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

const pathOf = (request: FastifyRequest) => request.url.split('?')[0] as string;

function methodsOf(routes: RestRoutes, base: string, path: string): string[] {
  if (!path.startsWith(`${base}/`)) return [];
  const parts = path.slice(base.length).split('/');
  const fits = (pattern: string[]) =>
    pattern.length === parts.length && pattern.every((part, at) => part.startsWith(':') || part === parts[at]);
  const found = Object.values(routes).filter((route) => fits(routerPath(route.path).split('/')));
  return [...new Set(found.map((route) => route.method))];
}
