import type { z } from 'zod';
import type { Caller } from '../domain/user.ts';

/** What this folder needs of a route of the contract; any record of such routes can be served. */
export interface RestRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Under the base path; parameters read `:id` or `{id}`. */
  path: string;
  summary: string;
  access: 'anonymous' | 'viewer' | 'operator' | 'admin';
  params?: z.ZodType | undefined;
  query?: z.ZodType | undefined;
  body?: z.ZodType | undefined;
  response: z.ZodType;
  /** Of the answer when all went well. */
  status: number;
  /** Makes something new: an Idempotency-Key is honoured. */
  creates?: boolean | undefined;
}

export type RestRoutes = Readonly<Record<string, RestRoute>>;

export interface RestAnswer {
  status: number;
  body: unknown;
  etag?: string | undefined;
}

export interface RestCall {
  caller: Caller | undefined;
  /** The client's IP address. */
  address: string;
  requestId: string;
  /** Aborts when nobody waits for the answer any more, or the time is up. */
  signal: AbortSignal;
}

/** The handlers: they check the input, the caller and ownership, and throw OctopusError. */
export interface RestApi<RouteId extends string = string> {
  call(id: RouteId, input: { params?: unknown; query?: unknown; body?: unknown }, context: RestCall): Promise<RestAnswer>;
}

export interface StreamEvent {
  /** Grows with each event. */
  id: number;
  at: string;
  type: string;
  data: unknown;
}

export interface EventSource {
  /** Events after `id`, oldest first. */
  since(id: number, limit: number): Promise<StreamEvent[]>;
  /** Answers what ends it. An event is in `since` before it is told here. */
  subscribe(listener: (event: StreamEvent) => void): () => void;
  mayRead(caller: Caller, event: StreamEvent): boolean | Promise<boolean>;
}

/** Fastify's and find-my-way's notation. */
export const routerPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1');
/** OpenAPI's notation. */
export const templatePath = (path: string) => path.replace(/:(\w+)/g, '{$1}');
export const basePath = '/api/v1';

/** What a call with an Idempotency-Key was answered. */
export interface KeptAnswer {
  userId: string;
  key: string;
  fingerprint: string;
  /** Undefined: it was begun, and nobody has noted how it ended. */
  answer: RestAnswer | undefined;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/** Where those are kept. */
export interface KeptAnswers {
  find(userId: string, key: string): Promise<KeptAnswer | undefined>;
  /** In place of what was there. */
  put(kept: KeptAnswer): Promise<void>;
  remove(userId: string, key: string): Promise<void>;
  /** Removes what has expired, then the user's and all users' oldest so that one more fits. */
  prune(at: string, userId: string, limits: { perUser: number; inAll: number }): Promise<void>;
}
