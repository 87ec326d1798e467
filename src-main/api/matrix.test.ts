import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { errorStatus } from '../../src-preload/contract/errors.ts';
import { accesses, type RouteDefinition } from '../../src-preload/contract/route.ts';
import { type RouteId, routeIds, routeOf } from '../../src-preload/contract/routes.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { malformedInputs, type SampleInput, sampleInput } from './testing/sample-input.ts';
import { openWorld, type World } from './testing/world.ts';

const roles = ['anonymous', 'viewer', 'operator', 'admin'] as const;
type Role = (typeof roles)[number];
const situations = ['own', 'foreign', 'missing', 'malformed'] as const;
type Situation = (typeof situations)[number];

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Whether the route is about a migration: by its parameter, or by a reference in its body or query. */
function isOwned(route: RouteDefinition): boolean {
  const refers = [route.body, route.query].some(
    (part) => part && JSON.stringify(z.toJSONSchema(part, { io: 'input' })).includes('"migrationId"'),
  );
  return route.owned !== undefined || refers;
}

/** What the definition alone says. */
function expected(route: RouteDefinition, role: Role, situation: Situation): number {
  if (accesses.indexOf(role) < accesses.indexOf(route.access)) return role === 'anonymous' ? 401 : 403;
  if (situation === 'malformed') return 400;
  if (situation === 'missing') return 404;
  if (situation === 'foreign' && isOwned(route) && role !== 'admin') return 404;
  return route.status;
}

function inputs(route: RouteDefinition, situation: Situation): SampleInput[] {
  if (situation === 'malformed') return malformedInputs(route, 'own');
  if (situation !== 'missing') return [sampleInput(route, situation)];
  const { params, ...rest } = sampleInput(route, 'own');
  if (params) return [{ ...rest, params: Object.fromEntries(Object.keys(params).map((key) => [key, 'missing'])) }];
  return isOwned(route) ? [sampleInput(route, 'missing')] : [];
}

async function statusOf(id: RouteId, role: Role, input: SampleInput): Promise<{ status: number; told: string }> {
  const caller = role === 'anonymous' ? undefined : world.callers[role];
  try {
    const context = { caller, address: '192.0.2.1', requestId: 'r', signal: new AbortController().signal };
    const { status } = await world.api.call(id, input, context);
    return { status, told: '' };
  } catch (error) {
    if (!(error instanceof OctopusError)) throw error;
    return { status: errorStatus[error.code], told: `${error.code}: ${error.message}` };
  }
}

describe.each(routeIds)('%s', (id) => {
  const route = routeOf(id);
  test.each(roles.flatMap((role) => situations.map((situation) => [role, situation] as const)))('%s, %s', async (role, situation) => {
    for (const input of inputs(route, situation)) {
      await world.restore();
      world.recorded.length = 0;
      world.calls.length = 0;
      const { status, told } = await statusOf(id, role, input);
      expect(status, `${JSON.stringify(input)} ${told}`).toBe(expected(route, role, situation));
      if (status < 300) {
        // Every change leaves an entry, in the caller's name.
        const entry = world.recorded.find(({ action }) => action === route.audit);
        if (route.audit !== undefined && id !== 'auth.refresh') {
          expect(entry?.outcome).toBe('succeeded');
          if (role !== 'anonymous') expect(entry?.actor?.name).toBe(route.access === 'anonymous' ? 'operator' : role);
        }
      } else {
        expect(world.calls, 'nothing may have been done').toEqual([]);
        expect(world.recorded.filter(({ outcome }) => outcome === 'succeeded')).toEqual([]);
      }
    }
  });
});

test('a foreign thing answers exactly like one that is not there', async () => {
  for (const id of routeIds) {
    const route = routeOf(id);
    if (route.owned === undefined || route.access === 'admin') continue;
    const answer = async (thing: string) => (await statusOf(id, 'operator', sampleInput(route, thing))).told.replaceAll(thing, 'ID');
    expect(await answer('foreign')).toBe(await answer('nothing'));
  }
});

test('no input whatsoever makes a defect of ours', async () => {
  const part = fc.oneof(
    fc.anything(),
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom('id', 'name', 'limit', 'cursor', 'sort', 'from'), fc.anything()),
  );
  const input = fc.record({ params: part, query: part, body: part }, { requiredKeys: [] });
  for (const id of routeIds) {
    const good = sampleInput(routeOf(id), 'own');
    await fc.assert(
      fc.asyncProperty(input, fc.boolean(), async (given, partly) => {
        const { status, told } = await statusOf(id, 'admin', partly ? { ...good, ...given } : given);
        expect(status, told).toBeLessThan(500);
      }),
      { numRuns: 25, seed: Number(process.env.OCTOPUS_SEED ?? 7) },
    );
  }
});
