import { defaultEventHubLimits, type EventHubLimits } from './event-hub.ts';
import { defaultIdempotencyLimits, type IdempotencyLimits } from './idempotency.ts';
import type { Rate } from './rate-limiter.ts';

/** Times are milliseconds, sizes bytes. */
export interface RestSettings {
  address: string;
  /** 0: any that is free. */
  port: number;
  /** PEM texts. */
  tls: { cert: string; key: string } | undefined;
  /** Names besides those of the loopback that this server is asked by. */
  hostNames: readonly string[];
  /** What a reverse proxy leaves in front of the path, e.g. `/octopus`; empty for none. */
  pathPrefix: string;
  /** Proxies (addresses, networks, or `loopback`) whose X-Forwarded-* headers are believed. */
  trustedProxies: readonly string[];
  /** A token that reads /metrics and nothing else; administrators may read it anyway. */
  metricsToken: string | undefined;
  /** A built client (index.html and what belongs to it) that is served at `/`. */
  webClient: { folder: string } | undefined;
  bodyLimit: number;
  jsonDepth: number;
  headerLimit: number;
  connections: number;
  /** For the head of a request, for all of it, and for its answer. */
  headerTime: number;
  requestTime: number;
  answerTime: number;
  /** A connection on which nothing moves. */
  idleTime: number;
  /** Open requests at the end: then they are cancelled. */
  shutdownTime: number;
  rates: {
    address: Rate;
    user: Rate;
    /** Anonymous calls that change something (signing in), by address. */
    signIn: Rate;
  };
  events: EventHubLimits;
  idempotency: IdempotencyLimits;
}

export const defaultRestSettings: RestSettings = {
  address: '127.0.0.1',
  port: 0,
  tls: undefined,
  hostNames: [],
  pathPrefix: '',
  trustedProxies: [],
  metricsToken: undefined,
  webClient: undefined,
  bodyLimit: 2 ** 20,
  jsonDepth: 32,
  headerLimit: 16 * 2 ** 10,
  connections: 2000,
  headerTime: 10_000,
  requestTime: 30_000,
  answerTime: 120_000,
  idleTime: 150_000,
  shutdownTime: 10_000,
  rates: {
    address: { burst: 600, perSecond: 100 },
    user: { burst: 300, perSecond: 50 },
    signIn: { burst: 20, perSecond: 0.5 },
  },
  events: defaultEventHubLimits,
  idempotency: defaultIdempotencyLimits,
};
