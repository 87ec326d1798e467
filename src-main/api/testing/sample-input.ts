import { z } from 'zod';
import type { RouteDefinition } from '../../../src-preload/contract/route.ts';

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  examples?: unknown[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
}

/** A valid value as the schema describes it: what is required, and every reference to a thing (a property that ends in Id), which becomes `id`. */
export function sampleOf(schema: z.ZodType, id: string): unknown {
  const root = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

  function value(part: JsonSchema, name: string): unknown {
    if (part.$ref !== undefined) return value(root.$defs?.[part.$ref.replace('#/$defs/', '')] ?? {}, name);
    if (name === 'id' || /[a-z]Id$/.test(name)) return id;
    if (/[a-z]Ids$/.test(name) && part.type === 'string') return id;
    if (part.examples?.length) return part.examples[0];
    if (part.const !== undefined) return part.const;
    if (part.enum) return part.enum[0];
    const choice = part.anyOf ?? part.oneOf;
    if (choice) return value(choice[0] as JsonSchema, name);
    switch (part.type) {
      case 'object': {
        const wanted = Object.keys(part.properties ?? {}).filter((key) => part.required?.includes(key) || /[a-z]Id$/.test(key));
        return Object.fromEntries(wanted.map((key) => [key, value(part.properties?.[key] as JsonSchema, key)]));
      }
      case 'array':
        return Array.from({ length: part.minItems ?? 0 }, () => value(part.items ?? {}, name));
      case 'integer':
      case 'number':
        return Math.max(part.minimum ?? 1, 1);
      case 'boolean':
        return true;
      case 'string':
        return 'Text-'.padEnd(Math.max(part.minLength ?? 0, 5), 'x');
      default:
        return part.allOf ? value(part.allOf[0] as JsonSchema, name) : 'x';
    }
  }
  return value(root, '');
}

export interface SampleInput {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

/** A valid input of the route about the thing of this id. */
export function sampleInput(route: RouteDefinition, id: string): SampleInput {
  return {
    ...(route.params ? { params: sampleOf(route.params, id) } : {}),
    ...(route.query ? { query: sampleOf(route.query, id) } : {}),
    ...(route.body ? { body: sampleOf(route.body, id) } : {}),
  };
}

/** Inputs with one part that is wrong. */
export function malformedInputs(route: RouteDefinition, id: string): SampleInput[] {
  const good = sampleInput(route, id) as Record<string, object>;
  const wrong: SampleInput[] = [];
  if (route.params) {
    for (const key of Object.keys(good.params as object)) wrong.push({ ...good, params: { ...good.params, [key]: '../no such/id' } });
  }
  for (const part of ['query', 'body']) wrong.push({ ...good, [part]: { ...good[part], unexpected: 'x' } });
  if (route.body) wrong.push({ ...good, body: 'text' }, { ...good, body: [] });
  return wrong;
}
