import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endMachines } from '../../e2e/end-machines.ts';
import type { RouteDefinition } from '../../src-preload/contract/route.ts';
import { routes } from '../../src-preload/contract/routes.ts';
import type { Role } from '../domain/user.ts';
import { type Answer, openRestWorld } from '../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './testing/application-world.ts';
import { arbitraryOf, damaged, strangeText } from './testing/arbitrary-of-schema.ts';
import { createFuzzValues, encode } from './testing/fuzz-values.ts';

const seed = Number(process.env.OCTOPUS_SEED ?? 20_260_401);
const runs = Number(process.env.OCTOPUS_FUZZ_RUNS ?? 20);
const plenty = { burst: 1e9, perSecond: 1e9 };

let world: ApplicationWorld;
beforeAll(async () => {
  const rates = { address: plenty, user: plenty, signIn: plenty };
  world = await openApplicationWorld({ rates });
});
afterAll(async () => {
  // A cutover that came through starts a machine, which runs on when Octopus ends.
  if (world) await endMachines(world.folder);
  await world?.[Symbol.asyncDispose]();
});

/** What removes (a schedule goes with its migration as well, so it comes before), and what changes who may do what, goes last, so that the others meet a caller who is allowed. */
const last = [/^(?!schedules)\w+\.remove$/, /^settings\./, /^users\./, /^auth\./];
/** Hashing a password takes half a second. */
const dear = new Set(['auth.setup', 'auth.login', 'auth.password', 'users.create', 'users.update']);
/** Tries until a valid input of an administrator's goes well. */
const TRIES = 60;
/** Routes that no valid input gets through to in this world, each with its reason. Every other one must be reached. */
const outOfReach: Record<string, string> = {
  'auth.setup': 'works once, and that was how the world was made',
  'targets.stopMachine': 'needs a machine that was left running at the target: target-machines.integ.test.ts',
  'migrations.rollback': 'needs a machine that runs at the target: octopus.integ.test.ts',
};

test(`bytes that are no request end in an answer or a closed connection (seed ${seed})`, async () => {
  // Of its own: requests that never come to an end are cut soon.
  await using rest = await openRestWorld({ headerTime: 1000, requestTime: 1500, rates: { address: plenty, user: plenty, signIn: plenty } });
  const { port } = rest.server;
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
  expect((await rest.ask('GET', '/health')).status).toBe(200);
});

test(`no route fails, leaks or hangs, whatever it is sent (seed ${seed})`, async () => {
  console.log(`OCTOPUS_SEED=${seed}`);
  const known = await createFuzzValues(world);
  const all = Object.entries(routes) as [string, RouteDefinition][];
  const rank = ([id]: [string, RouteDefinition]) => last.findIndex((kind) => kind.test(id));
  const reached = new Set<string>();
  const refused = new Map<string, string>();
  for (const [index, [id, route]] of all.sort((a, b) => rank(a) - rank(b)).entries()) {
    await known.settle();
    const values = await known.fields(id, route);
    const path = known.path(route, values);
    const [body, query] = [arbitraryOf(route.body, values), arbitraryOf(route.query, values)];
    const send = async (asked: { as: Role | 'nobody'; path: string; query: unknown; body: unknown }) => {
      const answer = await world.call(route.method, `${asked.path}${queryOf(asked.query)}`, {
        as: asked.as,
        ...(route.body && asked.body !== undefined ? { body: asked.body } : {}),
      });
      check(id, answer);
      if (answer.status < 300) reached.add(id);
      return answer;
    };
    const valid = fc.record({ as: fc.constant('admin' as const), path, query, body });
    for (const asked of fc.sample(valid, { seed: seed + index, numRuns: dear.has(id) ? 8 : TRIES })) {
      if (reached.has(id) || id in outOfReach) break;
      let answer = await send(asked);
      // Wrong passwords of other routes count, too.
      if (answer.json?.code === 'auth.locked') {
        await sleep(answer.json.details.retryAfterSeconds * 1000);
        answer = await send(asked);
      }
      refused.set(id, `${answer.status} ${answer.text.slice(0, 300)}`);
    }
    const request = fc.record({
      as: fc.constantFrom('admin' as const, 'admin' as const, 'operator' as const, 'viewer' as const, 'nobody' as const),
      path: fc.oneof(
        { weight: 4, arbitrary: path },
        strangeText.map((text) => route.path.replace(/:\w+/g, encode(text))),
      ),
      query: fc.oneof({ weight: 2, arbitrary: query }, damaged(query)),
      body: fc.oneof({ weight: 2, arbitrary: body }, damaged(body)),
    });
    // Shrinking would ask an application that has changed meanwhile.
    await fc.assert(
      fc.asyncProperty(request, async (asked) => void (await send(asked))),
      { seed: seed + index, numRuns: dear.has(id) ? 3 : runs, endOnFailure: true },
    );
  }
  // The generator is worth something only if it gets past the checks: of every route, also of one that is new.
  const missed = all.map(([id]) => id).filter((id) => !reached.has(id) && !(id in outOfReach));
  console.log(`${reached.size} of ${all.length} routes were reached`);
  expect(missed.map((id) => `${id}: ${refused.get(id)}`)).toEqual([]);
  for (const id of Object.keys(outOfReach)) expect(routes).toHaveProperty([id]);
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
    }, 120_000);
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
