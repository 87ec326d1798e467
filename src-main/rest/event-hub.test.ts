import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createEventHub, defaultEventHubLimits } from './event-hub.ts';

/** A connection that takes what it has and is full with it, as that of a client that reads slowly. */
function fullConnection() {
  const written: string[] = [];
  const ended = Promise.withResolvers<string>();
  const connection = Object.assign(new EventEmitter(), {
    destroyed: false,
    writeHead: () => undefined,
    write: (text: string) => {
      written.push(text);
      return false;
    },
    end: (text: string) => ended.resolve(text),
    destroy: () => undefined,
  });
  return { response: connection as unknown as ServerResponse, ended: ended.promise };
}

test('a client whose connection is full at every sign of life is still asked for its token', async () => {
  const source = { since: async () => [], subscribe: () => () => undefined, mayRead: () => true };
  const observer = { streams: () => undefined, cut: () => undefined, failed: () => undefined };
  const hub = createEventHub(source, { ...defaultEventHubLimits, heartbeat: 5 }, observer);
  try {
    const { response, ended } = fullConnection();
    hub.add(response, {}, { userId: 'u', name: 'u', role: 'admin' }, undefined, async () => {
      throw new Error('The token has ended.');
    });
    expect(await ended).toContain('"reason":"signed-out"');
    expect(hub.size).toBe(0);
  } finally {
    hub.close();
  }
});
