import type { Bridge } from '../../src-preload/bridge.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';

/** Over the bridge that the preload script exposes. The main process holds the tokens and renews them by itself. */
export function createIpcClient(bridge: Bridge, newId: () => string = () => crypto.randomUUID()): Client {
  const signedOut = new Set<() => void>();
  return {
    kind: 'desktop',
    desktop: bridge.desktop,
    async call(route, input, options = {}) {
      const { signal } = options;
      if (signal?.aborted) throw cancelled();
      const requestId = newId();
      const cancel = () => bridge.cancel(requestId);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        const envelope = await bridge.call({ requestId, route, input });
        if (envelope.ok) return envelope.body as never;
        const { code, message, field, retryable } = envelope.error;
        if (code === 'auth.required' && route !== 'auth.me') for (const listener of signedOut) listener();
        throw new ClientError(code, message, { field, retryable });
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },
    subscribe(listener, onGap, onState) {
      onState?.('live');
      return bridge.onEvent((event) => ('gap' in event ? onGap() : listener(event)));
    },
    onSignedOut(listener) {
      signedOut.add(listener);
      return () => signedOut.delete(listener);
    },
  };
}

const cancelled = () => new ClientError('operation.cancelled', 'The operation was cancelled.');
