import type { Bridge } from '../../src-preload/bridge.ts';
import type { Client } from './client.ts';
import { createIpcClient } from './ipc-client.ts';
import { createRestClient } from './rest-client.ts';

/** Inside the application over its bridge, in a browser over HTTP to where the page came from. */
export function connect(): Client {
  const { octopus } = globalThis as { octopus?: Bridge };
  if (octopus) return createIpcClient(octopus);
  return createRestClient({
    base: new URL('./api/v1', document.baseURI).href.replace(/\/$/, ''),
    fetch: fetch.bind(globalThis),
    storage: sessionStorage,
    channel: typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('octopus.session'),
  });
}
