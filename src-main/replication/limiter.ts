/** Lets work through while every key it names has room. First come, first served, except that work which has room overtakes work which has not. */
export interface Limiter {
  /** Waits for room; what it answers gives the room back (idempotent). Rejects with the signal's reason. */
  acquire(keys: string[], signal?: AbortSignal): Promise<() => void>;
}

export interface TransferLimits {
  /** Tasks at a time that read from one host. */
  perHost: number;
  /** Tasks at a time that read from one datastore. */
  perDatastore: number;
}

export const defaultLimits: TransferLimits = { perHost: 4, perDatastore: 4 };

export function hostKey(host: string): string {
  return `host:${host}`;
}

export function datastoreKey(datastore: string): string {
  return `datastore:${datastore}`;
}

export function createLimiter(limits: TransferLimits): Limiter {
  const used = new Map<string, number>();
  const waiting: { keys: string[]; enter: () => void }[] = [];
  const most = (key: string) => Math.max(1, key.startsWith('host:') ? limits.perHost : limits.perDatastore);
  const hasRoom = (keys: string[]) => keys.every((key) => (used.get(key) ?? 0) < most(key));
  const count = (keys: string[], by: number) => {
    for (const key of keys) {
      const now = (used.get(key) ?? 0) + by;
      if (now === 0) used.delete(key);
      else used.set(key, now);
    }
  };
  const letIn = () => {
    for (let index = 0; index < waiting.length; ) {
      const next = waiting[index]!;
      if (hasRoom(next.keys)) {
        waiting.splice(index, 1);
        next.enter();
      } else index++;
    }
  };

  return {
    acquire: (keys, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const entry = {
          keys,
          enter() {
            signal?.removeEventListener('abort', leave);
            count(keys, 1);
            let held = true;
            resolve(() => {
              if (!held) return;
              held = false;
              count(keys, -1);
              letIn();
            });
          },
        };
        const leave = () => {
          const index = waiting.indexOf(entry);
          if (index >= 0) waiting.splice(index, 1);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', leave, { once: true });
        waiting.push(entry);
        letIn();
      }),
  };
}
