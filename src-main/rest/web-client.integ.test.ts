import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRestWorld } from './testing/rest-world.ts';

let folder: string;
const page = (more = '') =>
  `<!doctype html><html><head>${more}<link rel="stylesheet" nonce="__NONCE__" href="assets/app-ABCDEFG2.css"></head>` +
  `<body data-base="__BASE__" data-nonce="__NONCE__"></body></html>`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-web-'));
  await mkdir(join(folder, 'web', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'planted-secret');
  await writeFile(join(folder, 'web', 'index.html'), page());
  await writeFile(join(folder, 'web', 'icon.svg'), '<svg/>');
  await writeFile(join(folder, 'web', 'assets', 'app-ABCDEFG2.js'), 'export {}');
  await writeFile(join(folder, 'web', 'assets', 'app-ABCDEFG2.js.map'), '{}');
  await writeFile(join(folder, 'web', '.env'), 'planted-secret');
  await symlink(join(folder, 'secret.txt'), join(folder, 'web', 'link.txt'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const open = (more: Parameters<typeof openRestWorld>[0] = {}) => openRestWorld({ webClient: { folder: join(folder, 'web') }, ...more });

test('serves a built client: a fresh nonce and a strict policy each time, assets for good', async () => {
  await using world = await open();
  const get = (path: string, headers: Record<string, string> = {}) => world.ask('GET', `/${path}`, { as: 'nobody', headers });
  const [first, second] = [await get('/'), await get('/index.html')];
  const nonces = [first, second].map((answer) => {
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } });
    const [, nonce = ''] = /data-nonce="([^"]+)"/.exec(answer.text) ?? [];
    expect(answer.text).toContain(`nonce="${nonce}" href`);
    expect(answer.text).toContain('data-base="/"');
    expect(answer.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; ` +
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    return nonce;
  });
  expect(nonces[0]).toMatch(/^[\w+/]{24}$/);
  expect(new Set(nonces).size).toBe(2);
  expect(await get('/assets/app-ABCDEFG2.js')).toMatchObject({
    status: 200,
    text: 'export {}',
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    },
  });
  expect(await get('/icon.svg')).toMatchObject({ status: 200, headers: { 'content-type': 'image/svg+xml', 'cache-control': 'no-store' } });
  expect(await world.ask('HEAD', '//icon.svg', { as: 'nobody' })).toMatchObject({ status: 200, text: '' });
  // The API is what it was.
  expect((await world.ask('GET', '/health', { as: 'nobody' })).status).toBe(200);
  expect((await world.ask('GET', '/nowhere')).json).toMatchObject({ code: 'not.found' });
  expect(await world.ask('POST', '//', { body: {} })).toMatchObject({ status: 404 });
  // Other names and other sites are refused here as well.
  expect((await get('/', { host: 'evil.example.com' })).status).toBe(421);
  expect((await get('/', { origin: 'https://evil.example.com' })).status).toBe(403);
  expect(Object.keys(first.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('nothing but the files of the client is reached, however it is asked for', async () => {
  await using world = await open();
  const { port } = world.server;
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/..%252f..%252fsecret.txt',
    '//secret.txt',
    `/${folder}/secret.txt`,
    '/link.txt',
    '/.env',
    '/assets/app-ABCDEFG2.js.map',
    '/assets',
    '/assets/',
    '/index.html%00.js',
  ]) {
    const answer = await raw(port, path);
    expect(answer, path).toMatch(/^HTTP\/1\.1 40[04]/);
    expect(answer, path).not.toContain('planted-secret');
  }
});

test('behind a prefix the page knows where it is', async () => {
  await using world = await open({ pathPrefix: '/octopus', trustedProxies: ['loopback'] });
  const get = (path: string, headers: Record<string, string> = {}) => world.ask('GET', `/${path}`, { as: 'nobody', headers });
  expect((await get('/octopus/')).text).toContain('data-base="/octopus/"');
  expect((await get('/octopus/', { 'x-forwarded-prefix': '/tools' })).text).toContain('data-base="/tools/octopus/"');
  expect((await get('/octopus/', { 'x-forwarded-prefix': '/"><script>' })).text).toContain('data-base="/octopus/"');
  expect(await get('/octopus')).toMatchObject({ status: 308, headers: { location: '/octopus/' } });
  expect((await get('/octopus/assets/app-ABCDEFG2.js')).status).toBe(200);
  expect((await get('/')).status).toBe(404);
});

test('a page with <base> is allowed its base; a folder without a page is refused', async () => {
  await writeFile(join(folder, 'web', 'index.html'), page('<base href="__BASE__">'));
  {
    await using world = await open({ pathPrefix: '/octopus' });
    const answer = await world.ask('GET', '//octopus/', { as: 'nobody' });
    expect(answer.text).toContain('<base href="/octopus/">');
    expect(answer.headers['content-security-policy']).toContain("base-uri 'self'");
  }
  await expect(open({ webClient: { folder } })).rejects.toMatchObject({ code: 'argument.invalid', field: 'web-client' });
  await using without = await openRestWorld();
  expect((await without.ask('GET', '//', { as: 'nobody' })).status).toBe(404);
});

test('events are read by fetch with a bearer token, and by no page of another site', async () => {
  await using world = await open();
  for (let number = 1; number <= 3; number++) world.events.publish({ number });
  const stop = new AbortController();
  const headers = { authorization: 'Bearer token-of-viewer', 'last-event-id': '1' };
  const answer = await fetch(`${world.server.url}/events`, { headers, signal: stop.signal });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  let told = '';
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  const until = async (id: number) => {
    while (!told.includes(`id: ${id}\n`)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended: ${told}`);
      told += value;
    }
  };
  await until(3);
  expect(told).not.toContain('id: 1\n');
  world.events.publish({ number: 4 });
  await until(4);
  stop.abort();
  await expect(reader.read()).rejects.toThrow();
  expect((await fetch(`${world.server.url}/events`)).status).toBe(401);
  const foreign = await world.ask('GET', '/events', { as: 'viewer', headers: { origin: 'https://evil.example.com' } });
  expect(foreign.status).toBe(403);
  expect(Object.keys(foreign.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

/** As it is: clients tidy paths up. */
function raw(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk;
    });
    socket.on('error', reject).on('close', () => resolve(got));
  });
}
