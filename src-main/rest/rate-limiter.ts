import type { Clock } from '../domain/clock.ts';

export interface Rate {
  /** Calls at once after a pause. */
  burst: number;
  perSecond: number;
}

export interface RateLimiter {
  /** 0 where the call is admitted, else the seconds until it would be. */
  take(key: string): number;
  /** Takes what is there, at most `cost`. */
  charge(key: string, cost: number): void;
}

/** A token bucket a key. Keeps at most `most` keys: the one that was idle longest goes first, which is the one whose bucket is fullest. */
export function createRateLimiter(rate: Rate, clock: Clock, most = 10_000): RateLimiter {
  const buckets = new Map<string, { left: number; at: number }>();

  function left(key: string, now: number): number {
    const known = buckets.get(key);
    if (!known) return rate.burst;
    // A clock that was set back gives nothing and takes nothing.
    return Math.min(rate.burst, known.left + (Math.max(0, now - known.at) / 1000) * rate.perSecond);
  }

  function keep(key: string, bucket: { left: number; at: number }): void {
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > most) buckets.delete(buckets.keys().next().value as string);
  }

  return {
    take(key) {
      const at = clock.now().getTime();
      const before = left(key, at);
      keep(key, { left: before >= 1 ? before - 1 : before, at });
      return before >= 1 ? 0 : Math.max(1, Math.ceil((1 - before) / rate.perSecond));
    },
    charge(key, cost) {
      const at = clock.now().getTime();
      keep(key, { left: Math.max(0, left(key, at) - cost), at });
    },
  };
}

/** An IPv6 customer holds a whole /64: all of it counts as one address. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] as string;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const filled = address.includes('::') ? [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back] : front;
  return filled.slice(0, 4).join(':');
}
