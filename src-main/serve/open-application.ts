import { type RouteId, routes } from '../../src-preload/contract/routes.ts';
import type { Logger } from '../rest/request-log.ts';
import type { RestApi } from '../rest/rest-contract.ts';
import { openRestServer, type RestServer } from '../rest/rest-server.ts';
import type { RestSettings } from '../rest/rest-settings.ts';
import { type Core, type CoreOptions, openCore } from './open-core.ts';

export interface ApplicationOptions extends CoreOptions {
  /** What the command line says goes before the stored settings. */
  rest: Partial<RestSettings>;
}

export interface Application extends AsyncDisposable, Pick<Core, 'identity' | 'settings'> {
  readonly rest: RestServer;
  /** Lets runs reach a checkpoint, then ends everything. */
  close(): Promise<void>;
}

/** The whole core behind its REST API, without Electron. */
export async function openApplication(options: ApplicationOptions): Promise<Application> {
  await using opened = new AsyncDisposableStack();
  const core = opened.use(await openCore(options));
  const rest = opened.use(await openCoreRest(core, options));
  core.begin();
  const parts = opened.move();

  let closing: Promise<void> | undefined;
  const close = () => {
    // The server first: nobody is served while what is going on comes to where it can be resumed.
    closing ??= parts.disposeAsync();
    return closing;
  };
  return { rest, identity: core.identity, settings: core.settings, close, [Symbol.asyncDispose]: close };
}

/** The core over HTTP. Whoever opens it closes it, before the core. */
export function openCoreRest(
  core: Pick<Core, 'api' | 'identity' | 'settings' | 'events' | 'idempotency' | 'clock' | 'newId'>,
  options: { rest: Partial<RestSettings>; log: Logger; version: string },
): Promise<RestServer> {
  const { api, identity, settings, events, idempotency, clock, newId } = core;
  return openRestServer({
    routes,
    api: { call: (id, input, context) => api.call(id as RouteId, input, context) } satisfies RestApi,
    authenticate: (bearer) => identity.authenticate(bearer),
    events,
    idempotency,
    log: options.log,
    version: options.version,
    clock,
    newId,
    settings: {
      address: settings.get('rest.address'),
      port: settings.get('rest.port'),
      ...ratesOf(settings.get('rest.rateLimitPerMinute')),
      ...options.rest,
    },
  });
}

/** An address may be a proxy with several callers behind it. */
function ratesOf(perMinute: number): Pick<RestSettings, 'rates'> {
  const perSecond = perMinute / 60;
  const burst = Math.max(10, Math.ceil(perSecond * 6));
  return {
    rates: {
      address: { burst: burst * 2, perSecond: perSecond * 2 },
      user: { burst, perSecond },
      signIn: { burst: 20, perSecond: 0.5 },
    },
  };
}
