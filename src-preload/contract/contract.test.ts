import { expect, test } from 'vitest';
import { z } from 'zod';
import { errorCodes, errorStatus, problem } from './errors.ts';
import { eventData, storedEvent } from './events.ts';
import { accesses, type RouteDefinition } from './route.ts';
import { activityRoutes } from './routes/activity.ts';
import { authRoutes } from './routes/auth.ts';
import { directoryRoutes } from './routes/directory.ts';
import { estimateRoutes } from './routes/estimates.ts';
import { healthRoutes } from './routes/health.ts';
import { labRoutes } from './routes/lab.ts';
import { machineRoutes } from './routes/machines.ts';
import { migrationInsightRoutes } from './routes/migration-insight.ts';
import { migrationRoutes } from './routes/migrations.ts';
import { overviewRoutes } from './routes/overview.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { settingRoutes } from './routes/settings.ts';
import { sourceRoutes } from './routes/sources.ts';
import { targetMachineRoutes } from './routes/target-machines.ts';
import { targetRoutes } from './routes/targets.ts';
import { userRoutes } from './routes/users.ts';
import { routeIds, routeOf, routes } from './routes.ts';

const all = routeIds.map((id) => ({ id, route: routeOf(id) }));

test('no two parts of the contract use the same id, no two routes the same method and path', () => {
  const parts = [
    activityRoutes,
    authRoutes,
    directoryRoutes,
    healthRoutes,
    labRoutes,
    machineRoutes,
    migrationRoutes,
    migrationInsightRoutes,
    estimateRoutes,
    overviewRoutes,
    scheduleRoutes,
    settingRoutes,
    sourceRoutes,
    targetRoutes,
    targetMachineRoutes,
    userRoutes,
  ];
  expect(parts.flatMap(Object.keys).sort()).toEqual(Object.keys(routes).sort());
  const addresses = all.map(({ route }) => `${route.method} ${route.path.replace(/:\w+/g, ':')}`);
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('a route that does not say who may call it does not compile', () => {
  const route = { method: 'GET', path: '/x', tag: 'x', summary: 'X.', response: z.object({}), status: 200 } as const;
  // @ts-expect-error: access is missing
  const refused: RouteDefinition = route;
  expect(refused).not.toHaveProperty('access');
});

test.each(all)('$id is complete', ({ id, route }) => {
  expect(accesses).toContain(route.access);
  expect(route.summary).toMatch(/^[A-Z].*\.$/);
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  expect(Object.keys((route.params as z.ZodObject | undefined)?.shape ?? {})).toEqual(inPath);
  if (route.owned !== undefined) {
    expect(inPath).toContain('id');
    expect(route.access).not.toBe('anonymous');
  }
  if (route.method === 'GET') {
    expect(route.audit).toBeUndefined();
    expect(route.body).toBeUndefined();
  } else {
    expect(route.audit, `${id} changes something and must say how the log names it`).toMatch(/^[a-z]+\.[a-z-]+$/);
    if (['viewer', 'anonymous'].includes(route.access)) expect(id).toMatch(/^auth\./);
  }
  if (route.creates) expect(route.method).toBe('POST');
  if (route.status === 204) expect(route.response.safeParse(undefined).success).toBe(true);
});

test.each(all)('$id can be described in OpenAPI 3.1', ({ route }) => {
  for (const schema of [route.params, route.query, route.body]) {
    if (schema) expect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' })).toBeTypeOf('object');
  }
  if (route.status !== 204) expect(z.toJSONSchema(route.response, { io: 'input' })).toBeTypeOf('object');
});

test('unknown parts of an input are refused', () => {
  for (const { route } of all) {
    for (const schema of [route.params, route.query, route.body]) {
      if (!schema) continue;
      const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }));
      expect(text).toContain('"additionalProperties":false');
    }
  }
});

test('no answer has a place for a secret but the session', () => {
  for (const { id, route } of all) {
    if (route.status === 204 || id.startsWith('auth.')) continue;
    expect(JSON.stringify(z.toJSONSchema(route.response))).not.toMatch(/"(password|secret|token|accessToken)":|writeOnly/i);
  }
});

test('every error code has a status, every event can be described', () => {
  for (const code of errorCodes) expect(errorStatus[code]).toBeGreaterThanOrEqual(400);
  for (const schema of [problem, storedEvent, ...Object.values(eventData)]) expect(z.toJSONSchema(schema)).toBeTypeOf('object');
});

test('the lab inside Octopus is another vCenter than the one that the command line starts', () => {
  expect(routes['lab.start'].body.parse(undefined)).toMatchObject({ seed: 8 });
  // lab/vcenter/world/create-world.ts
  const ofTheCommandLine = 1;
  expect(routes['lab.start'].body.parse({}).seed).not.toBe(ofTheCommandLine);
});
