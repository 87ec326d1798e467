import type { ChangeFeed, LabChange } from './types.ts';

export interface WritableChangeFeed extends ChangeFeed {
  emit(kind: LabChange['kind'], type: string, ref: string, properties?: string[]): void;
}

/** Changes kept for those who ask late. */
const kept = 20_000;

export function createChangeFeed(): WritableChangeFeed {
  let version = 0;
  let log: LabChange[] = [];
  const listeners = new Set<(change: LabChange) => void>();
  return {
    get version() {
      return version;
    },
    since(after) {
      const oldest = version - log.length;
      return after < oldest ? undefined : log.slice(after - oldest);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(kind, type, ref, properties = []) {
      const change = { version: ++version, kind, type, ref, properties };
      log.push(change);
      if (log.length > 2 * kept) log = log.slice(-kept);
      for (const listener of [...listeners]) listener(change);
    },
  };
}
