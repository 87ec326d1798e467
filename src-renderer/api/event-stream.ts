import { createParser } from 'eventsource-parser';
import type { StreamState } from './client.ts';
import type { RestSession } from './rest-session.ts';
import type { StoredEvent } from './stored-event.ts';

/** Milliseconds before another try: doubled each time, up to the last. */
const FIRST_WAIT = 500;
const LAST_WAIT = 15_000;

type Ended = 'again' | 'gap' | 'renew';

/** Follows the event stream until it is ended: it reconnects by itself and goes on after the last id. */
export function openEventStream(parts: {
  url: string;
  fetch: typeof fetch;
  session: Pick<RestSession, 'accessToken' | 'renew'>;
  listener: (event: StoredEvent) => void;
  onGap: () => void;
  onState?: ((state: StreamState) => void) | undefined;
  wait?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
}): () => void {
  const { signal, ...ending } = endable();
  const wait = parts.wait ?? pause;
  let lastId: string | undefined;
  let opened = false;
  let tries = 0;

  async function once(): Promise<Ended> {
    const token = await parts.session.accessToken();
    if (token === undefined) return 'again';
    const headers: Record<string, string> = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    if (lastId !== undefined) headers['last-event-id'] = lastId;
    const response = await parts.fetch(parts.url, { headers, signal, cache: 'no-store', credentials: 'omit' });
    if (response.status === 401) {
      await parts.session.renew(token);
      return 'renew';
    }
    if (!response.ok || !response.body) return 'again';
    // Without an id to go on from, nobody knows what was missed.
    if (opened && lastId === undefined) parts.onGap();
    opened = true;
    tries = 0;
    parts.onState?.('live');
    let ended = 'again' as Ended;
    const parser = createParser({
      onEvent(message) {
        if (message.event === 'stream.end') {
          const { reason } = JSON.parse(message.data) as { reason?: string };
          if (reason === 'behind' || reason === 'gone') ended = 'gap';
          if (reason === 'signed-out') ended = 'renew';
          return;
        }
        if (message.id !== undefined) lastId = message.id;
        parts.listener(JSON.parse(message.data) as StoredEvent);
      },
    });
    const text = new TextDecoder();
    for await (const chunk of chunks(response.body)) parser.feed(text.decode(chunk, { stream: true }));
    if (ended === 'renew') await parts.session.renew(token);
    return ended;
  }

  async function follow(): Promise<void> {
    parts.onState?.('connecting');
    while (!signal.aborted) {
      const ended = await once().catch((): Ended => 'again');
      if (signal.aborted) return;
      if (ended === 'gap') {
        lastId = undefined;
        opened = false;
        parts.onGap();
      }
      // A stream that only ended and opens again at once is no news for a person.
      if (tries > 0) parts.onState?.('lost');
      const most = Math.min(LAST_WAIT, FIRST_WAIT * 2 ** tries);
      tries++;
      // A random part, so that not all clients come back at once.
      await wait(most / 2 + (Math.random() * most) / 2, signal);
    }
  }

  void follow();
  return ending.end;
}

function endable() {
  const controller = new AbortController();
  return { signal: controller.signal, end: () => controller.abort() };
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    // Back online or looked at again: no need to wait any longer.
    globalThis.addEventListener?.('online', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      globalThis.removeEventListener?.('online', done);
      resolve();
    }
  });
}
