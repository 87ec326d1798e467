import type { z } from 'zod';
import type { RouteDefinition } from '../../src-preload/contract/route.ts';
import { OctopusError } from '../../workers/octopus-error.ts';

export interface RawInput {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

/** The three parts of the input as the route wants them; `argument.invalid` names the field. */
export function parseInput(route: RouteDefinition, raw: RawInput): { params: unknown; query: unknown; body: unknown } {
  return {
    params: parsePart('params', route.params, raw.params ?? {}),
    query: parsePart('query', route.query, raw.query ?? {}),
    body: parsePart('body', route.body, raw.body ?? undefined),
  };
}

function parsePart(part: 'params' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) {
    const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
    if (empty) return undefined;
    throw new OctopusError('argument.invalid', `This takes no ${part}.`, { field: part });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0] as z.core.$ZodIssue);
  const field = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].map(String).join('.') || part;
  // Names in an input are the caller's own words: cut, so that an answer stays an answer.
  throw new OctopusError('argument.invalid', `${field.slice(0, 200)}: ${issue.message.slice(0, 300)}.`, { field: field.slice(0, 200) });
}

/** Of a choice that nothing fits: what is wrong with its first alternative tells more than "Invalid input". */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const [inner] = issue.errors.flat();
  if (!inner) return issue;
  return { ...deepest(inner), path: [...issue.path, ...inner.path] } as z.core.$ZodIssue;
}
