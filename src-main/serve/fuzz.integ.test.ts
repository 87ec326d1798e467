import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RouteDefinition } from '../../src-preload/contract/route.ts';
import { routes } from '../../src-preload/contract/routes.ts';
import type { Answer } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';
import { arbitraryOf, damaged, strangeText } from './testing/arbitrary-of-schema.ts';

const seed = Number(process.env.OCTOPUS_FUZZ_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.OCTOPUS_FUZZ_RUNS ?? 20);
const plenty = { burst: 1e9, perSecond: 1e9 };

let world: ApplicationWorld;
beforeAll(async () => {
  const rates = { address: plenty, user: plenty, signIn: plenty };
  world = await openApplicationWorld({ rates, headerTime: 1000, requestTime: 1500 });
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** What changes who may do what goes last, so that the others meet a caller who is allowed. */
const last = ['auth.', 'users.', 'settings.'];
/** Hashing a password takes half a second. */
const dear = new Set(['auth.setup', 'auth.login', 'auth.password', 'users.create', 'users.resetPassword']);

test(`bytes that are no request end in an answer or a closed connection (seed ${seed})`, async () => {
  const { port } = world.application.rest;
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc
      .tuple(fc.constantFrom('GET', 'POST', 'BREW', '\0', 'get'), strangeText, fc.constantFrom('HTTP/1.1', 'HTTP/9', ''), strangeText)
      .map(([method, path, version, header]) =>
        Buffer.from(`${method} /api/v1/${path} ${version}\r\nHost: localhost\r\nX-Y: ${header}\r\n\r\n`),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 8, maxLength: 8 }), async (pieces) => {
      const answers = await Promise.all(pieces.map((piece) => exchange(port, piece)));
      for (const answer of answers) {
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
        expect(answer).not.toMatch(/node_modules|\.ts:\d/);
      }
    }),
    { seed, numRuns: 3, endOnFailure: true },
  );
  expect((await world.call('GET', '/health')).status).toBe(200);
});

test(`no route fails, leaks or hangs, whatever it is sent (seed ${seed})`, async () => {
  console.log(`OCTOPUS_FUZZ_SEED=${seed}`);
  const known = await knownValues(world);
  const all = Object.entries(routes) as [string, RouteDefinition][];
  const rank = ([id]: [string, RouteDefinition]) => (last.some((start) => id.startsWith(start)) ? 1 : 0);
  const reached = new Set<string>();
  for (const [index, [id, route]] of all.sort((a, b) => rank(a) - rank(b)).entries()) {
    const body = arbitraryOf(route.body, known);
    const query = arbitraryOf(route.query, known);
    const request = fc.record({
      as: fc.constantFrom('admin' as const, 'admin' as const, 'operator' as const, 'viewer' as const, 'nobody' as const),
      params: fc.oneof(
        { weight: 4, arbitrary: known[`${id.split('.')[0]} id`] ?? strangeText },
        known.id as fc.Arbitrary<unknown>,
        strangeText,
      ),
      query: fc.oneof({ weight: 2, arbitrary: query }, damaged(query)),
      body: fc.oneof({ weight: 2, arbitrary: body }, damaged(body)),
    });
    const numRuns = dear.has(id) ? 3 : runs;
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const path = route.path.replace(/:\w+/g, encode(String(asked.params)));
        const answer = await world.call(route.method, `${path}${queryOf(asked.query)}`, {
          as: asked.as,
          ...(route.body && asked.body !== undefined ? { body: asked.body } : {}),
        });
        check(id, answer);
        if (answer.status < 300) reached.add(id);
      }),
      // Shrinking would ask an application that has changed meanwhile.
      { seed: seed + index, numRuns, endOnFailure: true },
    );
  }
  // The generator is worth something only if it gets past the checks.
  console.log(`${reached.size} of ${all.length} routes were reached`);
  expect(reached.size).toBeGreaterThan(all.length / 4);
  expect((await world.call('GET', '/health')).status).toBe(200);
  expect(world.logLines.filter((line) => line.includes('internal.unexpected'))).toEqual([]);
});

function check(id: string, answer: Answer): void {
  const said = `${id}: ${answer.status} ${answer.text.slice(0, 500)}`;
  // Behind the API is a vCenter: that it cannot be reached is no failure of ours.
  if (answer.status >= 500 && !/^(source|target|directory)\./.test(answer.json?.code)) throw new Error(said);
  if (/node_modules|\n\s+at |\.ts:\d|\.mjs:\d|SQLITE|ZodError/.test(answer.text)) throw new Error(`leaks: ${said}`);
  if (answer.status >= 400) expect(answer.headers['content-type'], said).toMatch(/^application\/problem\+json/);
  expect(answer.headers['x-content-type-options'], said).toBe('nosniff');
}

async function knownValues(world: ApplicationWorld): Promise<Record<string, fc.Arbitrary<unknown>>> {
  const { url, username, password, thumbprint } = world.lab;
  const ok = (answer: Answer) => {
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.json;
  };
  const source = ok(await world.call('POST', '/sources', { body: { url, username, password, thumbprint } }));
  ok(await world.call('POST', `/sources/${source.id}/sync`));
  const target = ok(await world.call('POST', '/targets', { body: { folder: join(world.folder, 'target') } }));
  const machine = ok(await world.call('GET', '/vms')).items[0];
  const migration = ok(await world.call('POST', '/migrations', { body: { machineId: machine.id, targetId: target.id } }));
  const viewer = ok(await world.call('GET', '/admin/users')).items.find(({ name }: { name: string }) => name === 'viewer');
  const ids = [source.id, target.id, machine.id, migration.id, 'rest.port', 'scheduler.concurrentRuns'];
  const either = (value: unknown) => fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, strangeText);
  return {
    id: fc.constantFrom(...ids),
    'sources id': fc.constant(source.id),
    'targets id': fc.constant(target.id),
    'vms id': fc.constant(machine.id),
    'migrations id': fc.constant(migration.id),
    'settings id': fc.constantFrom('replication.parallelDisksPerHost', 'scheduler.concurrentRuns'),
    'users id': fc.constant(viewer.id),
    machineId: either(machine.id),
    targetId: either(target.id),
    migrationId: either(migration.id),
    sourceId: either(source.id),
    // Folders are made where the test may make them, and machines not by the thousand.
    folder: fc.nat(5).map((n) => join(world.folder, `folder-${n}`)),
    machines: fc.integer({ min: -1, max: 2 }),
    url: either(url),
    username: either(username),
    thumbprint: either(thumbprint),
    password: either(password),
    // Cursors are opaque; these are none.
    cursor: fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), minLength: 1, maxLength: 30 }),
    shutdownDeadlineMs: fc.constant(1000),
  };
}

const encode = (text: string) => encodeURIComponent(text.toWellFormed()) || '%20';

function queryOf(query: unknown): string {
  if (typeof query !== 'object' || query === null) return query === undefined ? '' : `?${encode(String(query))}`;
  const parts = Object.entries(query).map(
    ([key, value]) => `${encode(key)}=${encode(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return parts.length === 0 ? '' : `?${parts.join('&').slice(0, 8000)}`;
}

function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`hangs on ${JSON.stringify(bytes.toString('latin1'))}`));
    }, 15_000);
    socket.on('data', (chunk) => {
      got += chunk;
      // A good answer keeps the connection open for the next request.
      if (got.startsWith('HTTP/1.1 ') && /connection: keep-alive/i.test(got)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(late);
      resolve(got);
    });
    socket.write(bytes);
  });
}
