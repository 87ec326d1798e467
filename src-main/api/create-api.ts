import { errorStatus } from '../../src-preload/contract/errors.ts';
import { accesses, type RouteDefinition } from '../../src-preload/contract/route.ts';
import { type RouteId, routeOf, routes } from '../../src-preload/contract/routes.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Caller } from '../domain/user.ts';
import { type AuditNote, type HandlerContext, handlers } from './handlers.ts';
import { requireKind } from './ownership.ts';
import { parseInput, type RawInput } from './parse-input.ts';
import type { Services } from './services.ts';

export interface CallContext {
  /** Undefined: nobody is signed in. */
  caller: Caller | undefined;
  /** The client's IP address, or `desktop`. */
  address: string;
  requestId: string;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

export interface Api {
  /** Parses, authorises, acts, records. Throws OctopusError and nothing else. */
  call(id: RouteId, input: RawInput, context: CallContext): Promise<{ status: number; body: unknown }>;
}

/** Whoever has to choose a password first may do this until then. */
const withOldPassword: readonly string[] = ['auth.password', 'auth.logout', 'auth.me'];

/** The one door to what Octopus can do, whichever way a call comes in. */
export function createApi(services: Services): Api {
  return {
    async call(id, input, context) {
      if (!Object.hasOwn(routes, id)) throw new OctopusError('not.found', 'There is no such route.');
      const route = routeOf(id);
      const note: AuditNote = {};
      try {
        const answer = await perform(id, route, input, context, note);
        if (route.audit !== undefined && !note.skip) await record(services, route.audit, route, input, context, note, answer);
        return { status: route.status, body: answer };
      } catch (caught) {
        const error = toOctopusError(caught);
        await recordFailure(services, route, input, context, note, error);
        throw error;
      }
    },
  };

  async function perform(id: RouteId, route: RouteDefinition, raw: RawInput, context: CallContext, note: AuditNote): Promise<unknown> {
    const { caller, address, requestId, signal } = context;
    // The role comes before the input: who may not do it learns nothing about it.
    authorise(id, route, caller);
    const input = parseInput(route, raw);
    if (route.owned !== undefined) {
      const { id: ownedId } = input.params as { id: string };
      await requireKind(services.store, knownCaller(caller), route.method === 'GET' ? 'see' : 'act', route.owned, ownedId);
    }
    signal.throwIfAborted();
    const handlerContext: HandlerContext = {
      services,
      get caller() {
        return knownCaller(caller);
      },
      address,
      requestId,
      signal,
      note: (more) => void Object.assign(note, more),
    };
    const handler = handlers[id] as (input: unknown, context: HandlerContext) => Promise<unknown>;
    const answer = route.response.safeParse(await handler(input, handlerContext));
    // Also keeps back whatever the contract has no place for.
    if (answer.success) return answer.data;
    const field = answer.error.issues[0]?.path.map(String).join('.');
    throw new OctopusError('internal.unexpected', `${id} answered something else than its contract says.`, {
      details: { field: field ?? '' },
    });
  }
}

function knownCaller(caller: Caller | undefined): Caller {
  if (!caller) throw new OctopusError('auth.required', 'Sign in first.');
  return caller;
}

function authorise(id: RouteId, route: RouteDefinition, caller: Caller | undefined): void {
  if (route.access === 'anonymous') return;
  const { role, mustChangePassword } = knownCaller(caller);
  if (mustChangePassword && !withOldPassword.includes(id)) {
    throw new OctopusError('auth.password', 'Choose a password of your own first.');
  }
  if (accesses.indexOf(role) < accesses.indexOf(route.access)) {
    throw new OctopusError('auth.forbidden', `This is for the role ${route.access}; yours is ${role}.`);
  }
}

async function record(
  services: Services,
  action: string,
  route: RouteDefinition,
  input: RawInput,
  context: CallContext,
  note: AuditNote,
  answer: unknown,
): Promise<void> {
  const { skip, ...noted } = note;
  await services.audit.record({
    ...about(route, input, context),
    // Tokens are masked by the log as well; they need not get that far.
    ...(route.tag === 'auth' ? {} : { after: answer }),
    outcome: 'succeeded',
    ...noted,
    action,
  });
}

/** Of a call by nobody that is known only a failed sign-in is worth an entry: the log must not be filled by strangers. */
async function recordFailure(
  services: Services,
  route: RouteDefinition,
  input: RawInput,
  context: CallContext,
  note: AuditNote,
  error: OctopusError,
): Promise<void> {
  const slip = error.code === 'argument.invalid' || error.code === 'rate.limited';
  if (route.audit === undefined || (note.skip ?? slip)) return;
  if (!context.caller && route.tag !== 'auth') return;
  const { skip, after, ...noted } = note;
  const refused = errorStatus[error.code] === 401 || errorStatus[error.code] === 403 || error.code === 'not.found';
  await services.audit.record({
    ...about(route, input, context),
    ...noted,
    action: route.audit,
    message: error.message,
    outcome: refused ? 'refused' : 'failed',
    errorCode: error.code,
  });
}

function about(route: RouteDefinition, input: RawInput, { caller, address }: CallContext) {
  const params = (input.params ?? {}) as Record<string, unknown>;
  const subject = params.id ?? params.name;
  return {
    actor: caller && { userId: caller.userId, name: caller.name },
    address,
    subjectKind: route.owned ?? route.tag,
    subjectId: typeof subject === 'string' ? subject.slice(0, 100) : undefined,
  };
}
