import { z } from 'zod';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { RestAnswer, RestApi, RestRoutes } from '../rest-contract.ts';

const thing = z.object({ id: z.string(), name: z.string(), size: z.int(), parent: z.string().optional() }).meta({ id: 'Thing' });
type Thing = z.infer<typeof thing>;
interface Tree {
  name: string;
  children?: Tree[] | undefined;
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree).optional() }));
const params = z.object({ id: z.string().max(100) });

/** A contract of its own: what is tested is the door, not what stands behind it. */
export const testRoutes = {
  health: {
    method: 'GET',
    path: '/health',
    summary: 'Is it up?',
    access: 'anonymous',
    response: z.object({ status: z.string() }),
    status: 200,
  },
  login: {
    method: 'POST',
    path: '/auth/login',
    summary: 'Signs in.',
    access: 'anonymous',
    body: z.object({ name: z.string(), password: z.string() }),
    response: z.object({ token: z.string() }),
    status: 200,
  },
  'things.list': {
    method: 'GET',
    path: '/things',
    summary: 'All of them.',
    access: 'viewer',
    query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(50), search: z.string().optional() }),
    response: z.object({ items: z.array(thing) }),
    status: 200,
  },
  'things.create': {
    method: 'POST',
    path: '/things',
    summary: 'Makes one.',
    access: 'operator',
    body: z.object({ name: z.string().min(1).max(50), size: z.int().min(0).default(0), tags: z.array(z.enum(['a', 'b'])).optional() }),
    response: thing,
    status: 201,
    creates: true,
  },
  'things.read': { method: 'GET', path: '/things/:id', summary: 'One of them.', access: 'viewer', params, response: thing, status: 200 },
  'things.update': {
    method: 'PATCH',
    path: '/things/:id',
    summary: 'Changes one.',
    access: 'operator',
    params,
    body: z.object({ name: z.string().min(1).max(50) }),
    response: thing,
    status: 200,
  },
  'things.remove': {
    method: 'DELETE',
    path: '/things/:id',
    summary: 'Removes one.',
    access: 'admin',
    params,
    response: z.undefined(),
    status: 204,
  },
  'trees.put': {
    method: 'PUT',
    path: '/trees/:id',
    summary: 'A tree.',
    access: 'operator',
    params,
    body: tree,
    response: tree,
    status: 200,
  },
  slow: { method: 'GET', path: '/slow', summary: 'Waits.', access: 'viewer', response: z.object({}), status: 200 },
  broken: {
    method: 'POST',
    path: '/broken',
    summary: 'A defect.',
    access: 'viewer',
    body: z.unknown(),
    response: z.object({}),
    status: 200,
  },
} as const satisfies RestRoutes;

export interface TestApi extends RestApi {
  calls: string[];
  things: Map<string, Thing>;
  /** Settles the calls of `slow` that wait. */
  release(): void;
  aborted: number;
  /** Milliseconds that creating takes. */
  delay: number;
}

/** Parses with the contract and keeps things in memory. */
export function createTestApi(): TestApi {
  const things = new Map<string, Thing>();
  const waiting = new Set<() => void>();
  let next = 1;
  const found = (id: string): Thing => {
    const one = things.get(id);
    if (!one) throw new OctopusError('not.found', 'There is no such thing.');
    return one;
  };
  const api: TestApi = {
    calls: [],
    things,
    aborted: 0,
    delay: 0,
    release() {
      for (const settle of waiting) settle();
      waiting.clear();
    },
    async call(id, input, context): Promise<RestAnswer> {
      api.calls.push(id);
      const route = testRoutes[id as keyof typeof testRoutes];
      const read = (name: 'params' | 'query' | 'body'): Record<string, never> => {
        const schema = (route as { [key: string]: unknown })[name] as z.ZodType | undefined;
        if (!schema) return {};
        const parsed = schema.safeParse(input[name]);
        if (parsed.success) return parsed.data as Record<string, never>;
        const issue = parsed.error.issues[0];
        throw new OctopusError('argument.invalid', issue?.message ?? 'Invalid.', { field: issue?.path.join('.') || name });
      };
      const given = { params: read('params'), query: read('query'), body: read('body') };
      const { status } = route;
      if (id === 'health') return { status, body: { status: 'up' } };
      if (id === 'login') throw new OctopusError('auth.locked', 'Locked.', { details: { retryAfterSeconds: 7 } });
      if (id === 'things.list') return { status, body: { items: [...things.values()].slice(0, given.query.limit) } };
      if (id === 'things.create') {
        if (api.delay > 0) await new Promise((resolve) => setTimeout(resolve, api.delay));
        const made = { id: `t${next++}`, name: given.body.name as unknown as string, size: given.body.size as unknown as number };
        things.set(made.id, made);
        return { status, body: made };
      }
      if (id === 'things.read') return { status, body: found(given.params.id as unknown as string) };
      if (id === 'things.update') {
        const one = found(given.params.id as unknown as string);
        one.name = given.body.name as unknown as string;
        return { status, body: one };
      }
      if (id === 'things.remove') {
        things.delete(found(given.params.id as unknown as string).id);
        return { status, body: undefined };
      }
      if (id === 'trees.put') return { status, body: given.body };
      if (id === 'slow') {
        await new Promise<void>((resolve, reject) => {
          waiting.add(resolve);
          context.signal.addEventListener('abort', () => {
            api.aborted++;
            reject(context.signal.reason);
          });
        });
        return { status, body: {} };
      }
      throw new Error(`a defect that quotes ${JSON.stringify(input.body)}`);
    },
  };
  return api;
}
