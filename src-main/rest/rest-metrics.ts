import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface RestMetrics {
  /** For what other parts want to show. */
  readonly registry: Registry;
  answered(route: string, method: string, status: number, seconds: number): void;
  refused(reason: 'host' | 'origin' | 'rate' | 'token'): void;
  streams(count: number): void;
  streamCut(reason: string): void;
}

/** A registry of its own: two servers in one process do not mix. */
export function createRestMetrics(): RestMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'octopus_' });
  const registers = [registry];
  const seconds = new Histogram({
    name: 'octopus_http_request_duration_seconds',
    help: 'How long requests took, by the path of the contract.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  });
  const refusals = new Counter({
    name: 'octopus_http_refused_total',
    help: 'Requests refused at the door.',
    labelNames: ['reason'],
    registers,
  });
  const open = new Gauge({ name: 'octopus_event_streams', help: 'Clients on the event stream.', registers });
  const cut = new Counter({
    name: 'octopus_event_streams_cut_total',
    help: 'Event streams ended by us.',
    labelNames: ['reason'],
    registers,
  });
  return {
    registry,
    answered: (route, method, status, took) => seconds.observe({ route, method, status: String(status) }, took),
    refused: (reason) => refusals.inc({ reason }),
    streams: (count) => open.set(count),
    streamCut: (reason) => cut.inc({ reason }),
  };
}
