import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { problem } from '../../src-preload/contract/errors.ts';
import { storedEvent } from '../../src-preload/contract/events.ts';
import { type RestRoute, type RestRoutes, templatePath } from './rest-contract.ts';

type Json = Record<string, unknown>;

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  security: Json[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Json; securitySchemes: Json };
}

export interface OpenApiOperation {
  operationId: string;
  summary: string;
  tags: string[];
  security: Json[];
  'x-octopus-access': string;
  parameters: { name: string; in: string; required: boolean; schema: Json; description?: string }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Json }>; headers?: Json }>;
}

/** The whole contract as OpenAPI 3.1, whose schemas are JSON Schema 2020-12 as zod writes it. */
export function openApi(routes: RestRoutes, version: string, server: string): OpenApiDocument {
  const schemas: Json = {};
  const paths: OpenApiDocument['paths'] = {};
  const convert = (schema: z.ZodType, io: 'input' | 'output', name: string) => schemaOf(schema, io, name, schemas);
  const problemSchema = convert(problem, 'output', 'Problem');
  const failure = { description: 'A problem (RFC 9457).', content: { 'application/problem+json': { schema: problemSchema } } };
  for (const [id, route] of Object.entries(routes)) {
    const path = templatePath(route.path);
    const operation = operationOf(id, route, convert, readable(routes, route));
    operation.responses.default = failure;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  paths['/events'] = { ...paths['/events'], get: eventsOperation(convert(storedEvent, 'output', 'Event'), failure) };
  return {
    openapi: '3.1.0',
    info: { title: 'Octopus', version, description: 'Replicates VMware vSphere machines, and proves every copy.' },
    servers: [{ url: server }],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'The access token that signing in answers.' } },
    },
  };
}

/** The reading route of the thing that this route changes: its tag is what If-Match is compared with. */
export function readable(routes: RestRoutes, route: RestRoute): string | undefined {
  if (!['PUT', 'PATCH', 'DELETE'].includes(route.method)) return undefined;
  const path = templatePath(route.path);
  return Object.entries(routes).find(([, other]) => other.method === 'GET' && templatePath(other.path) === path)?.[0];
}

type Convert = (schema: z.ZodType, io: 'input' | 'output', name: string) => Json;

function operationOf(id: string, route: RestRoute, convert: Convert, reads: string | undefined): OpenApiOperation {
  const parameters: OpenApiOperation['parameters'] = [...route.path.matchAll(/:(\w+)|\{(\w+)\}/g)].map(([, colon, brace]) => {
    const name = colon ?? brace ?? '';
    const schema = route.params ? property(convert(route.params, 'input', `${id}.params`), name) : undefined;
    return { name, in: 'path', required: true, schema: schema ?? { type: 'string' } };
  });
  if (route.query) {
    const query = convert(route.query, 'input', `${id}.query`);
    const required = new Set((query.required as string[] | undefined) ?? []);
    for (const [name, schema] of Object.entries((query.properties as Record<string, Json> | undefined) ?? {})) {
      parameters.push({ name, in: 'query', required: required.has(name), schema });
    }
  }
  const header = (name: string, description: string) =>
    parameters.push({ name, in: 'header', required: false, schema: { type: 'string' }, description });
  if (route.creates) header('Idempotency-Key', 'The same key with the same request is acted on once, and answered alike for 24 hours.');
  if (route.method === 'GET') header('If-None-Match', 'The ETag of what is known: 304 where it is still the same.');
  if (reads) header('If-Match', 'The ETag of what was read: 412 where it has changed since.');
  const described = STATUS_CODES[route.status] ?? 'Done';
  return {
    operationId: id,
    summary: route.summary,
    tags: [(route as { tag?: string }).tag ?? route.path.split('/').find((part) => part !== '') ?? 'octopus'],
    security: route.access === 'anonymous' ? [] : [{ bearer: [] }],
    'x-octopus-access': route.access,
    parameters,
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: convert(route.body, 'input', `${id}.body`) } } } }
      : {}),
    responses: {
      [route.status]: {
        description: described,
        ...(route.status === 204
          ? {}
          : { content: { [mediaType(route)]: { schema: convert(route.response, 'output', `${id}.response`) } } }),
      },
      ...(route.method === 'GET' ? { 304: { description: STATUS_CODES[304] as string } } : {}),
    },
  };
}

/** A route may answer something else than JSON, a table for one. */
export function mediaType(route: RestRoute): string {
  return (route as { mediaType?: string }).mediaType ?? 'application/json';
}

function eventsOperation(event: Json, failure: OpenApiOperation['responses'][string]): OpenApiOperation {
  return {
    operationId: 'events.stream',
    summary:
      'Tells what happens as server-sent events. With Last-Event-ID it goes on after that event. A last event `stream.end` says why a stream ends.',
    tags: ['events'],
    security: [{ bearer: [] }],
    'x-octopus-access': 'viewer',
    parameters: [
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        schema: { type: 'integer', minimum: 0 },
        description: 'The last id that came.',
      },
    ],
    responses: {
      200: { description: 'Each `data:` line is one event.', content: { 'text/event-stream': { schema: event } } },
      default: failure,
    },
  };
}

function property(schema: Json, name: string): Json | undefined {
  return (schema.properties as Record<string, Json> | undefined)?.[name];
}

/** JSON Schema of one part; what zod puts under $defs becomes a component of the document. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', name: string, components: Json): Json {
  const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any', cycles: 'ref' }) as Json;
  const { $schema: _, $defs: defs = {}, ...root } = made;
  const names = new Map<string, string>();
  for (const key of Object.keys(defs as Record<string, Json>)) names.set(key, componentName(key, io));
  // A schema with an id is its own component, one that refers to itself must be.
  const own = typeof root.id === 'string' ? componentName(root.id, io) : undefined;
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        if (key === '$ref' && typeof item === 'string') return [[key, reference(item)]];
        if (key === 'id' && typeof item === 'string') return [];
        return [[key, rewrite(item)]];
      }),
    );
  };
  let recursive = false;
  const reference = (text: string): string => {
    if (text === '#') {
      recursive = true;
      return `#/components/schemas/${own ?? safe(name)}`;
    }
    const key = text.replace('#/$defs/', '');
    return `#/components/schemas/${names.get(key) ?? safe(key)}`;
  };
  for (const [key, value] of Object.entries(defs as Record<string, Json>)) components[names.get(key) as string] = rewrite(value);
  const rewritten = rewrite(root) as Json;
  if (own === undefined && !recursive) return rewritten;
  const component = own ?? safe(name);
  components[component] = rewritten;
  return { $ref: `#/components/schemas/${component}` };
}

/** What goes in may look otherwise than what comes out (defaults, transforms): two components. */
function componentName(key: string, io: 'input' | 'output'): string {
  return io === 'input' ? `${safe(key)}.input` : safe(key);
}

const safe = (name: string) => name.replace(/[^A-Za-z0-9._-]/g, '_');
