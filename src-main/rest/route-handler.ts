import type { FastifyReply, FastifyRequest } from 'fastify';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Caller } from '../domain/user.ts';
import { entityTag, namesTag, quoted } from './entity-tag.ts';
import type { Idempotency } from './idempotency.ts';
import { readable } from './openapi.ts';
import type { RestAnswer, RestApi, RestCall, RestRoute, RestRoutes } from './rest-contract.ts';
import { routerPath } from './rest-contract.ts';
import type { Turns } from './turns.ts';

export interface HandlerParts {
  routes: RestRoutes;
  api: RestApi;
  idempotency: Idempotency;
  turns: Turns;
  /** Milliseconds for an answer. */
  answerTime: number;
  /** Aborts when the server has waited long enough for open requests. */
  stopped: AbortSignal;
  callerOf(request: FastifyRequest): Caller | undefined;
  /** The address of the base path as the client sees it. */
  base(request: FastifyRequest): string;
}

/** HTTP around one route of the contract: tags, preconditions, idempotency and time. What the call means is the API's. */
export function createRouteHandler(id: string, route: RestRoute, parts: HandlerParts) {
  const reads = readable(parts.routes, route);
  const changes = route.method !== 'GET';
  const path = routerPath(route.path);
  const hasItem = Object.values(parts.routes).some((other) => {
    const rest = routerPath(other.path);
    return other.method === 'GET' && rest.startsWith(`${path}/:`) && !rest.slice(path.length + 1).includes('/');
  });

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const signal = waiting(request, reply, parts, changes);
    const context: RestCall = { caller: parts.callerOf(request), address: request.ip, requestId: request.id, signal: signal.signal };
    const input = { params: request.params, query: request.query, body: request.body };
    const act = () => parts.api.call(id, input, context);
    try {
      const answer = await inTurn(request, act, context, signal.race);
      return send(request, reply, answer);
    } finally {
      signal.done();
    }
  };

  function inTurn(request: FastifyRequest, call: () => Promise<RestAnswer>, context: RestCall, race: Race): Promise<RestAnswer> {
    const key = request.headers['idempotency-key'];
    // Anonymous callers share no key: one would get what was made for the other.
    if (route.creates && key !== undefined && context.caller) {
      const { method, url, body } = request;
      const { userId } = context.caller;
      // The key is the call's for as long as it goes on, also where it is no longer waited for: sent again it must not act twice.
      return race(() => parts.idempotency.once(userId, String(key), { method, url, body }, call));
    }
    const act = () => race(call);
    const wanted = request.headers['if-match'];
    if (!reads) return act();
    return parts.turns.take(pathOf(request), async () => {
      if (wanted === undefined) return act();
      const current = await parts.api.call(reads, { params: request.params, query: {} }, context);
      if (!namesTag(wanted, tagOf(current), 'strong')) {
        throw new OctopusError('conflict.version', 'It was changed since you read it: read it again, then change it.');
      }
      return act();
    });
  }

  function send(request: FastifyRequest, reply: FastifyReply, answer: RestAnswer): FastifyReply {
    if (answer.status === 204 || answer.body === undefined) return reply.code(answer.status).send();
    const text = JSON.stringify(answer.body);
    const tag = answer.etag === undefined ? entityTag(text) : quoted(answer.etag);
    const made = (answer.body as { id?: unknown } | null)?.id;
    if (answer.status === 201 && hasItem && typeof made === 'string') {
      reply.header('location', `${parts.base(request)}${path}/${encodeURIComponent(made)}`);
    }
    if (!changes) {
      reply.header('etag', tag).header('cache-control', 'private, no-cache');
      const known = request.headers['if-none-match'];
      if (known !== undefined && namesTag(known, tag, 'weak')) return reply.code(304).send();
    } else if (answer.etag !== undefined) reply.header('etag', tag);
    return reply.code(answer.status).header('content-type', 'application/json; charset=utf-8').send(text);
  }
}

type Race = <Result>(call: () => Promise<Result>) => Promise<Result>;

const tagOf = (answer: RestAnswer) => (answer.etag === undefined ? entityTag(JSON.stringify(answer.body) ?? '') : quoted(answer.etag));
const pathOf = (request: FastifyRequest) => request.url.split('?')[0] as string;

/** How long a call may go on: reading ends with its client; a change is finished also when the client has left. */
function waiting(request: FastifyRequest, reply: FastifyReply, parts: HandlerParts, changes: boolean) {
  const abort = new AbortController();
  const late = setTimeout(
    () => abort.abort(new OctopusError('request.timeout', 'This took too long and was stopped.', { retryable: true })),
    parts.answerTime,
  );
  const stop = () =>
    abort.abort(new OctopusError('server.stopping', 'Octopus is stopping: try again once it is back.', { retryable: true }));
  const gone = () => {
    if (!reply.raw.writableFinished && !changes) abort.abort(new OctopusError('operation.cancelled', 'The client has left.'));
  };
  if (parts.stopped.aborted) stop();
  parts.stopped.addEventListener('abort', stop, { once: true });
  request.raw.socket?.once('close', gone);
  return {
    signal: abort.signal,
    /** Ends at the signal even where the call does not heed it. */
    race<Result>(call: () => Promise<Result>): Promise<Result> {
      return new Promise((resolve, reject) => {
        const end = () => reject(abort.signal.reason);
        if (abort.signal.aborted) return end();
        abort.signal.addEventListener('abort', end, { once: true });
        call().then(resolve, reject);
      });
    },
    done() {
      clearTimeout(late);
      parts.stopped.removeEventListener('abort', stop);
      request.raw.socket?.removeListener('close', gone);
    },
  };
}
