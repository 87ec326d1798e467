import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { openRestWorld } from './testing/rest-world.ts';

/** Writes bytes as they are and answers all that comes back until the server ends it. */
async function raw(port: number, text: string | Buffer, hold = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  if (!hold) socket.end();
  await once(socket, 'close');
  return got;
}

test('answers with its request id, security headers and a tag; the same tag is answered with 304', async () => {
  await using world = await openRestWorld();
  const first = await world.ask('GET', '/things', { headers: { 'x-request-id': 'asked-for-1' } });
  expect(first).toMatchObject({ status: 200, json: { items: [] } });
  expect(first.headers).toMatchObject({
    'x-request-id': 'asked-for-1',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cache-control': 'private, no-cache',
  });
  expect(first.headers).not.toHaveProperty('access-control-allow-origin');
  const again = await world.ask('GET', '/things', { headers: { 'if-none-match': `"x", W/${first.headers.etag}` } });
  expect(again).toMatchObject({ status: 304, text: '' });
  expect((await world.ask('HEAD', '/things')).headers.etag).toBe(first.headers.etag);
  await world.ask('POST', '/things', { body: { name: 'one' } });
  expect((await world.ask('GET', '/things', { headers: { 'if-none-match': first.headers.etag! } })).status).toBe(200);
  // An id that could break a log line is not taken over.
  expect((await world.ask('GET', '/health', { headers: { 'x-request-id': 'a b' } })).headers['x-request-id']).toMatch(/^request-/);
});

test('failures are problems with our code and the request id, and hide what a defect says', async () => {
  await using world = await openRestWorld();
  const wrong = await world.ask('POST', '/things', { body: { name: '' } });
  expect(wrong.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(wrong.json).toMatchObject({
    type: 'urn:octopus:argument.invalid',
    status: 400,
    code: 'argument.invalid',
    field: 'name',
    retryable: false,
  });
  expect(wrong.json.requestId).toBe(wrong.headers['x-request-id']);
  const none = await world.ask('GET', '/things', { as: 'nobody' });
  expect(none).toMatchObject({ status: 401, json: { code: 'auth.required' } });
  expect(none.headers['www-authenticate']).toMatch(/^Bearer/);
  expect(await world.ask('GET', '/nowhere')).toMatchObject({ status: 404, json: { code: 'not.found' } });
  expect(await world.ask('PUT', '/things/1', { body: {} })).toMatchObject({ status: 405, headers: { allow: 'GET, PATCH, DELETE' } });
  expect(await world.ask('GET', '/things/%zz')).toMatchObject({ status: 400, json: { code: 'argument.invalid' } });
  expect(await world.ask('POST', '/auth/login', { as: 'nobody', body: { name: 'a', password: 'b' } })).toMatchObject({
    status: 429,
    headers: { 'retry-after': '7' },
  });
  const defect = await world.ask('POST', '/broken', { body: { password: 'hunter2-planted', note: 'fine' } });
  expect(defect).toMatchObject({ status: 500, json: { code: 'internal.unexpected' } });
  expect(defect.text).not.toMatch(/hunter2|defect|\.ts|node_modules|at /);
  const log = world.logLines.join('');
  expect(log).toContain(defect.json.requestId);
  expect(log).toContain('a defect that quotes');
  expect(log).not.toMatch(/hunter2|token-of-/);
});

test('bodies: JSON only, bounded in size and depth, well-formed', async () => {
  await using world = await openRestWorld();
  const post = (rawBody: string | Buffer, headers = {}) => world.ask('POST', '/things', { raw: rawBody, headers });
  expect(await post('{"name":')).toMatchObject({ status: 400, json: { field: 'body' } });
  expect(await post('name=1', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
    status: 415,
    json: { code: 'request.type' },
  });
  expect(await post('{"name":"x"}', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
  expect(await post(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 400, json: { detail: 'The body is not UTF-8.' } });
  expect(await post('{"name":"\\ud800"}')).toMatchObject({ status: 400 });
  expect(await post('{"name":"a\\u0000b"}')).toMatchObject({ status: 400 });
  expect(await post('{"__proto__":{"name":"x"}}')).toMatchObject({ status: 400 });
  expect(await post('['.repeat(500_000))).toMatchObject({ status: 400, json: { detail: 'The body is nested deeper than 32 levels.' } });
  const deep = `${'{"name":"x","children":['.repeat(15)}${']}'.repeat(15)}`;
  expect(await world.ask('PUT', '/trees/1', { raw: deep })).toMatchObject({ status: 200 });
  expect(await world.ask('PUT', '/trees/1', { raw: `{"name":"${'['.repeat(100)}"}` })).toMatchObject({ status: 200 });
  const big = await post(JSON.stringify({ name: 'x'.repeat(2 ** 20) })).catch((error: NodeJS.ErrnoException) => error.code);
  // The server does not wait for the rest: the client may meet the end of the connection first.
  if (typeof big === 'string' || big === undefined) expect(big).toMatch(/ECONNRESET|EPIPE/);
  else expect(big).toMatchObject({ status: 413, json: { code: 'request.size' } });
  expect(await post('')).toMatchObject({ status: 400 });
});

test('names: Host against DNS rebinding, Origin against other sites, no CORS', async () => {
  await using world = await openRestWorld({ hostNames: ['octopus.example.org'] });
  const health = (headers: Record<string, string>) => world.ask('GET', '/health', { as: 'nobody', headers });
  expect((await health({ host: 'evil.example.com' })).json).toMatchObject({ status: 421, code: 'request.host' });
  expect((await health({ host: `127.0.0.1.evil.com:${world.server.port}` })).status).toBe(421);
  expect((await health({ host: 'user@localhost' })).status).toBe(421);
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:99', '[::1]:80', 'octopus.example.org', 'Octopus.Example.org.:443']) {
    expect((await health({ host })).status, host).toBe(200);
  }
  expect((await health({ origin: 'https://evil.example.com' })).json).toMatchObject({ status: 403, code: 'request.origin' });
  expect((await health({ origin: 'null' })).status).toBe(403);
  expect((await health({ origin: world.origin })).status).toBe(200);
  const preflight = await world.ask('OPTIONS', '/things', { headers: { origin: world.origin, 'access-control-request-method': 'POST' } });
  expect(preflight.status).toBe(405);
  expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(await raw(world.server.port, 'GET /api/v1/health HTTP/1.0\r\n\r\n')).toContain('421');
});

test('creating with an Idempotency-Key acts once; a user has keys of their own', async () => {
  await using world = await openRestWorld();
  const make = (key: string, name: string, as: 'admin' | 'operator' = 'admin') =>
    world.ask('POST', '/things', { as, body: { name }, headers: { 'idempotency-key': key } });
  world.api.delay = 50;
  const [one, same] = await Promise.all([make('k', 'one'), make('k', 'one')]);
  expect(one).toMatchObject({ status: 201, headers: { location: '/api/v1/things/t1' } });
  expect(same.text).toBe(one.text);
  world.api.delay = 0;
  expect(world.api.things.size).toBe(1);
  expect(await make('k', 'two')).toMatchObject({ status: 422, json: { code: 'conflict.idempotency' } });
  expect((await make('k', 'two', 'operator')).json.id).toBe('t2');
  // What failed was not done: the key is free again.
  expect((await make('f', '')).status).toBe(400);
  expect((await make('f', 'three')).status).toBe(201);
  expect((await make('bad key', 'x')).status).toBe(400);
  world.clock.advance(24 * 3600_000);
  expect((await make('k', 'later')).json.name).toBe('later');
});

test('creating that took too long to be waited for still goes on under its key, and is not done twice', async () => {
  await using world = await openRestWorld({ answerTime: 200 });
  const make = () => world.ask('POST', '/things', { body: { name: 'one' }, headers: { 'idempotency-key': 'k' } });
  world.api.delay = 1500;
  expect(await make()).toMatchObject({ status: 408, json: { code: 'request.timeout', retryable: true } });
  await expect.poll(async () => (await make()).status, { timeout: 60_000 }).toBe(201);
  expect(world.api.things.size).toBe(1);
});

test('If-Match: a change of what was changed since is refused, also in a race', async () => {
  await using world = await openRestWorld();
  await world.ask('POST', '/things', { body: { name: 'a' } });
  const { etag } = (await world.ask('GET', '/things/t1')).headers;
  const rename = (name: string) => world.ask('PATCH', '/things/t1', { body: { name }, headers: { 'if-match': etag! } });
  const results = await Promise.all([rename('b'), rename('c'), rename('d')]);
  expect(results.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  expect(results.find(({ status }) => status === 412)?.json.code).toBe('conflict.version');
  expect((await world.ask('DELETE', '/things/t1', { headers: { 'if-match': '"x"' } })).status).toBe(412);
  expect((await world.ask('DELETE', '/things/t1', { headers: { 'if-match': '*' } })).status).toBe(204);
  expect((await world.ask('DELETE', '/things/t1', { headers: { 'if-match': '*' } })).status).toBe(404);
});

test('rate limits by address and by user, dearer for wrong tokens and for signing in', async () => {
  const rate = { burst: 1000, perSecond: 1000 };
  {
    await using world = await openRestWorld({
      rates: { address: rate, user: { burst: 3, perSecond: 1 }, signIn: { burst: 2, perSecond: 0.1 } },
    });
    const statuses = async (path: string, as: 'admin' | 'viewer', count: number) => {
      const all = [];
      for (let index = 0; index < count; index++) all.push((await world.ask('GET', path, { as })).status);
      return all;
    };
    expect(await statuses('/things', 'admin', 4)).toEqual([200, 200, 200, 429]);
    expect(await statuses('/things', 'viewer', 1)).toEqual([200]);
    world.clock.advance(1000);
    expect(await statuses('/things', 'admin', 2)).toEqual([200, 429]);
    const login = () => world.ask('POST', '/auth/login', { as: 'nobody', body: { name: 'a', password: 'b' } });
    expect([await login(), await login(), await login()].map(({ json }) => json.code)).toEqual([
      'auth.locked',
      'auth.locked',
      'rate.limited',
    ]);
    expect((await login()).headers['retry-after']).toBe('10');
  }
  await using world = await openRestWorld({ rates: { address: { burst: 25, perSecond: 1 }, user: rate, signIn: rate } });
  const wrong = () => world.ask('GET', '/things', { as: 'nobody', headers: { authorization: 'Bearer guess' } });
  expect([await wrong(), await wrong(), await wrong(), await wrong(), await wrong()].map(({ status }) => status)).toEqual([
    401, 401, 401, 429, 429,
  ]);
});

test('metrics need their token or an administrator, and count by the path of the contract', async () => {
  await using world = await openRestWorld();
  await world.ask('GET', '/things/some-id');
  const metrics = (token: string) => world.ask('GET', '//metrics', { as: 'nobody', headers: { authorization: `Bearer ${token}` } });
  expect((await world.ask('GET', '//metrics', { as: 'nobody' })).status).toBe(401);
  expect((await metrics('token-of-viewer')).status).toBe(403);
  expect((await metrics('token-of-admin')).status).toBe(200);
  const { text, headers } = await metrics('token-of-prometheus');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(text).toContain('octopus_http_request_duration_seconds_count{route="/api/v1/things/:id",method="GET",status="404"} 1');
  expect(text).not.toContain('some-id');
  expect((await world.ask('GET', '/things', { as: 'nobody', headers: { authorization: 'Bearer token-of-prometheus' } })).status).toBe(401);
});

test('OpenAPI 3.1 and a page without script tell of every route', async () => {
  await using world = await openRestWorld({ trustedProxies: ['loopback'] });
  const { json } = await world.ask('GET', '/openapi.json', { as: 'nobody', headers: { 'x-forwarded-prefix': '/octopus' } });
  expect(json).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/octopus/api/v1' }] });
  expect(Object.keys(json.paths)).toEqual([
    '/health',
    '/auth/login',
    '/things',
    '/things/{id}',
    '/trees/{id}',
    '/slow',
    '/broken',
    '/events',
  ]);
  expect(json.paths['/things'].get.parameters.map((one: { name: string }) => one.name)).toEqual(['limit', 'search', 'If-None-Match']);
  expect(json.paths['/health'].get.security).toEqual([]);
  const references = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference!);
  expect(references).toContain('#/components/schemas/Thing');
  for (const reference of references) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce((at, key) => at?.[key], json);
    expect(found, reference).toBeDefined();
  }
  const page = await world.ask('GET', '//api/docs', { as: 'nobody' });
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; style-src 'sha256-");
  expect(page.text).not.toMatch(/<script|https?:\/\//);
  for (const id of Object.keys(world.server ? (await import('./testing/test-contract.ts')).testRoutes : {}))
    expect(page.text).toContain(`id="${id}"`);
});

test('behind a proxy: a prefix, and forwarded addresses only from a trusted one', async () => {
  {
    await using world = await openRestWorld({ pathPrefix: '/octopus/' });
    expect(new URL(world.server.url).pathname).toBe('/octopus/api/v1');
    expect((await world.ask('GET', '/health')).status).toBe(200);
    expect((await world.ask('GET', '//octopus/api/docs', { as: 'nobody' })).status).toBe(200);
    expect((await world.ask('GET', '//api/v1/health')).status).toBe(404);
    await world.ask('GET', '/health', { headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-prefix': '/evil' } });
    expect(world.logLines.join('')).not.toContain('203.0.113.9');
    expect((await world.ask('GET', '/openapi.json', { headers: { 'x-forwarded-prefix': '/evil' } })).json.servers[0].url).toBe(
      '/octopus/api/v1',
    );
  }
  await using world = await openRestWorld({ trustedProxies: ['127.0.0.0/8'] });
  await world.ask('GET', '/health', { headers: { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' } });
  expect(world.logLines.join('')).toContain('"address":"203.0.113.9"');
});

test('another address than the loopback only with TLS', async () => {
  await expect(openRestWorld({ address: '0.0.0.0' })).rejects.toMatchObject({ code: 'argument.invalid', field: 'address' });
  await expect(openRestWorld({ address: '192.0.2.1' })).rejects.toMatchObject({ field: 'address' });
  await expect(openRestWorld({ tls: { cert: 'x', key: 'planted-key' } })).rejects.toMatchObject({ field: 'tls-cert' });
  await using world = await openRestWorld({ address: 'localhost' });
  await expect(
    openRestWorld({ port: world.server.port, address: new URL(world.origin).hostname.replace(/[[\]]/g, '') }),
  ).rejects.toMatchObject({
    field: 'port',
  });
});

test('slow clients are told and cut', async () => {
  await using impatient = await openRestWorld({ headerTime: 300, requestTime: 600, connections: 50 });
  // For what is answered at once: on a busy machine that would be too late for the other.
  await using world = await openRestWorld();
  const [{ port: short }, { port }] = [impatient.server, world.server];
  const began = performance.now();
  const head = `POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-admin\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
  const [slowHead, slowBody, garbage, bigHead] = await Promise.all([
    raw(short, 'GET /api/v1/health HTTP/1.1\r\nHost: loc', true),
    raw(short, head, true),
    raw(port, Buffer.from('\x16\x03\x01\x02garbage\r\n\r\n', 'latin1'), true),
    raw(port, `GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, true),
  ]);
  // Milliseconds; without these settings a body may take 30 s.
  expect(performance.now() - began).toBeLessThan(25_000);
  expect(slowHead).toContain('"code":"request.timeout"');
  expect(slowBody).toMatch(/^HTTP\/1.1 408/);
  expect(garbage).toMatch(/^HTTP\/1.1 400/);
  expect(bigHead).toMatch(/^HTTP\/1.1 413/);
});

test('an answer that takes too long, or that nobody waits for, is stopped', async () => {
  await using world = await openRestWorld({ answerTime: 200 });
  expect(await world.ask('GET', '/slow')).toMatchObject({ status: 408, json: { code: 'request.timeout', retryable: true } });
  expect(world.api.aborted).toBe(1);
  await using patient = await openRestWorld();
  await raw(patient.server.port, 'GET /api/v1/slow HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-admin\r\n\r\n');
  await expect.poll(() => patient.api.aborted).toBe(1);
});

test('shutting down: no new request, open ones end, then the hook is waited for', async () => {
  const order: string[] = [];
  const onShutdown = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push('checkpoint');
  };
  const world = await openRestWorld({ shutdownTime: 300_000 }, { onShutdown });
  const open = world.ask('GET', '/slow').then((answer) => order.push(`answer ${answer.status} ${answer.headers.connection}`));
  await expect.poll(() => world.api.calls).toContain('slow');
  const closed = world.server.close().then(() => order.push('closed'));
  await expect(world.ask('GET', '/health')).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) });
  world.api.release();
  await Promise.all([open, closed, world.server.close()]);
  expect(order).toEqual(['answer 200 close', 'checkpoint', 'closed']);
  const stubborn = await openRestWorld({ shutdownTime: 100 });
  const cancelled = stubborn.ask('GET', '/slow');
  await expect.poll(() => stubborn.api.calls).toContain('slow');
  await stubborn.server.close();
  expect(await cancelled).toMatchObject({ status: 503, json: { code: 'server.stopping' } });
});
