import type { z } from 'zod';

/** Least role that may call it; the roles rank in this order. `anonymous`: no token is needed. */
export const accesses = ['anonymous', 'viewer', 'operator', 'admin'] as const;
export type Access = (typeof accesses)[number];

/** One thing that Octopus can do. IPC, REST, the web client and the documentation derive from it. */
export interface RouteDefinition {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1, parameters as `:name`. */
  path: string;
  /** A sentence for people. */
  summary: string;
  /** The section it stands under in the documentation. */
  tag: string;
  /** Required: a route that does not say who may call it does not compile. */
  access: Access;
  /** `params.id` names one of these, and who neither owns it nor was given it finds nothing there (administrators find all). */
  owned?: 'migration' | 'schedule' | 'task';
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  response: z.ZodType;
  /** HTTP status of success: 200, 201 (made), 202 (begun, goes on), 204 (done, nothing to say). */
  status: 200 | 201 | 202 | 204;
  /** Makes something: takes an idempotency key. */
  creates?: true;
  /** It changes something: the action under which the activity log tells of it. Required for all but GET; a test checks. */
  audit?: string;
}

export function defineRoute<const Route extends RouteDefinition>(route: Route): Route {
  return route;
}

type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type Out<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Part<Route, Name extends string> = Route extends Record<Name, infer Schema> ? Schema : undefined;

/** What a caller gives. */
export interface RouteInput<Route> {
  params: In<Part<Route, 'params'>>;
  query: In<Part<Route, 'query'>>;
  body: In<Part<Route, 'body'>>;
}

/** What a handler gets: parsed, defaults filled in. */
export interface RouteParsed<Route> {
  params: Out<Part<Route, 'params'>>;
  query: Out<Part<Route, 'query'>>;
  body: Out<Part<Route, 'body'>>;
}

/** What the route answers. */
export type RouteOutput<Route> = In<Part<Route, 'response'>>;
