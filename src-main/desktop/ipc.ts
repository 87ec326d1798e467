import type { IpcMain, WebContents } from 'electron';
import { type Appearance, channels, type DesktopAction, type Envelope } from '../../src-preload/bridge.ts';
import { errorStatus } from '../../src-preload/contract/errors.ts';
import { type RouteId, routeOf, routes } from '../../src-preload/contract/routes.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { isOurs } from './sender.ts';
import type { DesktopSession } from './session.ts';

export interface IpcParts {
  ipcMain: Pick<IpcMain, 'handle' | 'on'>;
  /** Our window's. */
  contents: () => WebContents | undefined;
  /** Settles once the core is open. */
  session: () => Promise<Pick<DesktopSession, 'call'>>;
  newId: () => string;
  desktop: Record<DesktopAction, (value: unknown) => Promise<unknown>>;
  setAppearance: (mode: Appearance) => void;
  onRefused: (channel: string) => void;
  onFailure: (route: string, error: OctopusError) => void;
}

/** Characters of JSON, as over REST. */
const LARGEST = 1_048_576;
/** Calls at once; the client has no need of more. */
const MOST = 200;

interface Call {
  abort: AbortController;
  /** It only reads: it ends with its page. */
  reads: boolean;
}

/** All messages of the window. Answers what ends the reading calls of a page that is gone. */
export function bindIpc(parts: IpcParts): { pageGone(): void } {
  const calls = new Map<string, Call>();

  parts.ipcMain.handle(channels.call, async (event, request: unknown): Promise<Envelope> => {
    if (!isOurs(event, parts.contents())) return refused(channels.call);
    let route = 'unknown';
    try {
      const known = checkRequest(request);
      route = known.route;
      return await perform(known);
    } catch (caught) {
      const error = toOctopusError(caught);
      if (error.code === 'internal.unexpected') parts.onFailure(route, error);
      return failure(error);
    }
  });

  parts.ipcMain.on(channels.cancel, (event, requestId: unknown) => {
    if (!isOurs(event, parts.contents())) return parts.onRefused(channels.cancel);
    if (typeof requestId === 'string') calls.get(requestId)?.abort.abort(cancelled());
  });

  parts.ipcMain.handle(channels.desktop, async (event, action: unknown, value: unknown) => {
    if (!isOurs(event, parts.contents())) {
      parts.onRefused(channels.desktop);
      throw new Error('This page may not ask for that.');
    }
    if (typeof action !== 'string' || !Object.hasOwn(parts.desktop, action)) throw new Error('There is no such action.');
    return parts.desktop[action as DesktopAction](value);
  });

  parts.ipcMain.on(channels.appearance, (event, mode: unknown) => {
    if (!isOurs(event, parts.contents())) return parts.onRefused(channels.appearance);
    if (mode === 'light' || mode === 'dark' || mode === 'system') parts.setAppearance(mode);
  });

  return {
    pageGone() {
      for (const { abort, reads } of calls.values()) if (reads) abort.abort(cancelled());
    },
  };

  function refused(channel: string): Envelope {
    parts.onRefused(channel);
    return failure(new OctopusError('auth.forbidden', 'This page may not call Octopus.'));
  }

  async function perform({ requestId, route, input }: Request): Promise<Envelope> {
    if (calls.has(requestId)) throw new OctopusError('argument.invalid', 'A call of this id is under way.', { field: 'requestId' });
    if (calls.size >= MOST) throw new OctopusError('rate.limited', 'Too many calls at once.', { retryable: true });
    const abort = new AbortController();
    calls.set(requestId, { abort, reads: routeOf(route).method === 'GET' });
    try {
      const ended = new Promise<never>((_resolve, reject) => {
        abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
      });
      // Ends at once also where the call does not heed the signal.
      ended.catch(() => undefined);
      const act = parts.session().then((session) => session.call(route, input, { requestId: parts.newId(), signal: abort.signal }));
      act.catch(() => undefined);
      const { status, body, etag } = (await Promise.race([act, ended])) as { status: number; body: unknown; etag?: string };
      return { ok: true, status, body, ...(etag === undefined ? {} : { etag }) };
    } finally {
      calls.delete(requestId);
    }
  }
}

interface Request {
  requestId: string;
  route: RouteId;
  input: { params?: unknown; query?: unknown; body?: unknown };
}

function checkRequest(request: unknown): Request {
  const { requestId, route, input } = (request ?? {}) as Record<string, unknown>;
  if (typeof requestId !== 'string' || !/^[\w-]{1,100}$/.test(requestId)) {
    throw new OctopusError('argument.invalid', 'A call has an id of up to 100 letters, digits, - and _.', { field: 'requestId' });
  }
  if (typeof route !== 'string' || !Object.hasOwn(routes, route)) throw new OctopusError('not.found', 'There is no such route.');
  // As over REST: plain JSON and nothing else.
  const text = asJson(input);
  if (text.length > LARGEST) throw new OctopusError('request.size', 'The input is too large.');
  const { params, query, body } = JSON.parse(text) as Request['input'];
  return { requestId, route: route as RouteId, input: { params, query, body } };
}

function asJson(input: unknown): string {
  try {
    if (input === undefined || input === null) return '{}';
    if (typeof input === 'object') return JSON.stringify(input);
  } catch {
    // Circular, or a BigInt.
  }
  throw new OctopusError('argument.invalid', 'The input is not plain JSON.', { field: 'input' });
}

const cancelled = () => new OctopusError('operation.cancelled', 'The call was cancelled.');

/** Codes and sentences for people; causes and stacks stay here. */
export function failure({ code, message, field, retryable }: OctopusError): Envelope {
  const said = code === 'internal.unexpected' ? 'Something went wrong inside Octopus. The log says more.' : message;
  return {
    ok: false,
    status: errorStatus[code],
    error: { code, message: said, ...(field === undefined ? {} : { field }), ...(retryable ? { retryable } : {}) },
  };
}
