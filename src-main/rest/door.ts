import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import type { Caller } from '../domain/user.ts';
import { createHostCheck } from './host-check.ts';
import { addressKey, createRateLimiter } from './rate-limiter.ts';
import type { RestRoute } from './rest-contract.ts';
import type { RestMetrics } from './rest-metrics.ts';
import type { RestSettings } from './rest-settings.ts';

/** What a path asks of its caller; `metrics` is the token of its own, or an administrator. */
export interface DoorConfig {
  access: RestRoute['access'] | 'metrics';
  /** Not for whoever has to choose a password first; for routes of the contract that is the API's to say. */
  ownPassword?: boolean;
}

export interface Door {
  /** Looks at a request's head before its body is read. Throws what is wrong with it. */
  admit(request: FastifyRequest, config: DoorConfig | undefined): Promise<Caller | undefined>;
}

/** A wrong token costs as much as this many calls. */
const WRONG_TOKEN = 10;

export function createDoor(parts: {
  address: string;
  settings: RestSettings;
  clock: Clock;
  metrics: RestMetrics;
  authenticate: (bearer: string) => Promise<Caller>;
  stopping: () => boolean;
}): Door {
  const { settings, clock, metrics } = parts;
  const hosts = createHostCheck(parts.address, settings.hostNames);
  const addresses = createRateLimiter(settings.rates.address, clock);
  const users = createRateLimiter(settings.rates.user, clock);
  const signIns = createRateLimiter(settings.rates.signIn, clock);

  function limited(seconds: number): void {
    if (seconds === 0) return;
    metrics.refused('rate');
    throw new OctopusError('rate.limited', `Too many requests: wait ${seconds} s.`, {
      retryable: true,
      details: { retryAfterSeconds: seconds },
    });
  }

  async function callerOf(bearer: string, key: string): Promise<Caller> {
    try {
      return await parts.authenticate(bearer);
    } catch (error) {
      if (toOctopusError(error).code.startsWith('auth.')) {
        metrics.refused('token');
        addresses.charge(key, WRONG_TOKEN);
      }
      throw error;
    }
  }

  return {
    async admit(request, config) {
      if (parts.stopping())
        throw new OctopusError('server.stopping', 'Octopus is stopping: try again once it is back.', { retryable: true });
      if (!hosts(request.headers.host)) {
        metrics.refused('host');
        throw new OctopusError(
          'request.host',
          'This server is not known by the name in the Host header: it can be told further names when it is started.',
        );
      }
      const { origin } = request.headers;
      if (origin !== undefined && !hosts(hostOf(origin))) {
        metrics.refused('origin');
        throw new OctopusError('request.origin', 'Pages of other sites may not call Octopus.');
      }
      const key = addressKey(request.ip);
      limited(addresses.take(key));
      if (config === undefined) return undefined;
      const bearer = bearerOf(request);
      if (config.access === 'anonymous') {
        if (request.method !== 'GET' && request.method !== 'HEAD') limited(signIns.take(key));
        // A token that has ended must not keep anyone from signing in.
        return bearer === undefined ? undefined : parts.authenticate(bearer).catch(() => undefined);
      }
      if (bearer === undefined) throw new OctopusError('auth.required', 'Sign in first: this needs an access token.');
      if (config.access === 'metrics' && settings.metricsToken !== undefined && same(bearer, settings.metricsToken)) return undefined;
      const caller = await callerOf(bearer, key);
      limited(users.take(caller.userId));
      if (config.ownPassword && caller.mustChangePassword) throw new OctopusError('auth.password', 'Choose a password of your own first.');
      if (config.access === 'metrics' && caller.role !== 'admin') {
        throw new OctopusError('auth.forbidden', 'Only an administrator or the token for metrics may read them.');
      }
      return caller;
    },
  };
}

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^bearer ([\x21-\x7e]{1,8192})$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** `null`, which sandboxed pages send, is no host. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol) ? new URL(origin).host : undefined;
}

function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
