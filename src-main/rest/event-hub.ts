import type { ServerResponse } from 'node:http';
import type { Caller } from '../domain/user.ts';
import type { EventSource, StreamEvent } from './rest-contract.ts';

export interface EventHubLimits {
  /** Clients at once. */
  streams: number;
  /** Events that a client whose connection is full may fall behind before it is cut. */
  behind: number;
  /** Milliseconds between two signs of life, at each of which the client's token is checked again. */
  heartbeat: number;
  /** Milliseconds that a connection may take nothing. */
  stall: number;
  /** Milliseconds for a client that was cut to read why. */
  farewell: number;
}

export const defaultEventHubLimits: EventHubLimits = { streams: 500, behind: 2000, heartbeat: 15_000, stall: 60_000, farewell: 5000 };

/** Why a stream ends; the client is told in a last event `stream.end`. */
export type StreamEnd = 'behind' | 'gone' | 'signed-out' | 'stopping' | 'failed';

const sentences: Record<StreamEnd, string> = {
  behind: 'Too many events wait for this client: ask for the state anew, then open a new stream.',
  gone: 'The events after this Last-Event-ID are no longer kept: ask for the state anew, then open a new stream without it.',
  'signed-out': 'The token has ended: sign in again, then go on with the last id.',
  stopping: 'Octopus is stopping: go on with the last id once it is back.',
  failed: 'The events cannot be read: go on with the last id.',
};

export interface EventHub {
  /** Takes over an answer whose head is not written yet. `check` rejects once the caller may no longer read. */
  add(
    response: ServerResponse,
    head: Record<string, string>,
    caller: Caller,
    after: number | undefined,
    check: () => Promise<Caller>,
  ): void;
  readonly size: number;
  /** Of one user. */
  sizeOf(userId: string): number;
  close(): void;
}

interface Client {
  response: ServerResponse;
  caller: Caller;
  check: () => Promise<Caller>;
  /** The newest event that was sent or withheld; -1 until the first one comes, where it follows from there on. */
  position: number;
  /** What came before `position` was asked for has still to be read from the log. */
  replaying: boolean;
  /** The connection takes no more for now, since then (performance.now). */
  blockedSince: number | undefined;
  pumping: boolean;
  closed: boolean;
}

interface Kept {
  event: StreamEvent;
  /** Made once for all clients. */
  frame: string;
}

const RECENT = 1024;
const PAGE = 256;

const frameOf = (event: StreamEvent): string => `id: ${event.id}\nevent: ${oneLine(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
const oneLine = (text: string) => text.replace(/[\r\n\0]/g, ' ');

/**
 * Tells events to many clients. No client has a queue: it has a position, and is written to from there while its connection takes more. What
 * it misses meanwhile stands in the ring of recent events or in the log, so memory does not grow with slow clients.
 */
export function createEventHub(
  source: EventSource,
  limits: EventHubLimits,
  observer: { streams(count: number): void; cut(reason: StreamEnd): void; failed(error: unknown): void },
): EventHub {
  const clients = new Set<Client>();
  let recent: Kept[] = [];
  let newest = 0;

  const unsubscribe = source.subscribe((event) => {
    if (event.id <= newest) return;
    // One that came in between was not told (or not yet): the log has both.
    if (recent.length > 0 && event.id !== newest + 1) recent = [];
    newest = event.id;
    recent.push({ event, frame: frameOf(event) });
    if (recent.length > RECENT * 2) recent = recent.slice(-RECENT);
    for (const client of clients) {
      if (client.position < 0) client.position = event.id - 1;
      if (client.blockedSince !== undefined && newest - client.position > limits.behind) end(client, 'behind');
      else void pump(client);
    }
  });

  const timer = setInterval(beat, limits.heartbeat);
  timer.unref();

  function beat(): void {
    for (const client of clients) {
      if (client.blockedSince === undefined) write(client, ':\n\n');
      else if (performance.now() - client.blockedSince > limits.stall) {
        end(client, 'behind');
        continue;
      }
      // Also of one that is full just now: whoever reads slowly enough is so at every sign of life.
      client.check().then(
        (caller) => {
          client.caller = caller;
        },
        () => end(client, 'signed-out'),
      );
    }
  }

  function write(client: Client, text: string): void {
    if (client.closed || client.response.destroyed) return;
    if (!client.response.write(text)) client.blockedSince ??= performance.now();
  }

  function remove(client: Client): void {
    client.closed = true;
    if (clients.delete(client)) observer.streams(clients.size);
  }

  function end(client: Client, reason: StreamEnd): void {
    if (client.closed) return;
    remove(client);
    observer.cut(reason);
    // An empty id makes an EventSource forget where it was: it would ask for the same lost events again.
    const forget = reason === 'behind' || reason === 'gone' ? 'id\n' : '';
    const { response } = client;
    response.end(`${forget}event: stream.end\ndata: ${JSON.stringify({ reason, detail: sentences[reason] })}\n\n`);
    const late = setTimeout(() => response.destroy(), limits.farewell);
    late.unref();
    response.once('close', () => clearTimeout(late));
  }

  async function pump(client: Client): Promise<void> {
    if (client.pumping || client.closed || client.position < 0) return;
    client.pumping = true;
    try {
      while (!client.closed && client.blockedSince === undefined && (client.replaying || client.position < newest)) {
        const page = await next(client);
        if (page === undefined) return end(client, 'gone');
        if (page.length === 0) {
          if (!client.replaying) return end(client, 'gone');
          client.replaying = false;
        }
        for (const { event, frame } of page) {
          if (client.closed || client.blockedSince !== undefined) break;
          const allowed = source.mayRead(client.caller, event);
          if (typeof allowed === 'boolean' ? allowed : await allowed) write(client, frame);
          client.position = event.id;
        }
      }
    } catch (error) {
      observer.failed(error);
      end(client, 'failed');
    } finally {
      client.pumping = false;
    }
  }

  /** What follows the client's position; undefined where part of it is lost. */
  async function next(client: Client): Promise<Kept[] | undefined> {
    const first = recent[0]?.event.id;
    if (first !== undefined && client.position >= first - 1 && client.position < newest) {
      return recent.slice(client.position - first + 1, client.position - first + 1 + PAGE);
    }
    const { position } = client;
    const events = await source.since(position, PAGE);
    const contiguous = events[0]?.id === position + 1;
    if (!contiguous && position > 0 && (client.replaying || events.length > 0)) {
      // Ids may have gaps. While the event at the position is there, none after it was dropped.
      const [here] = await source.since(position - 1, 1);
      if (here?.id !== position) return undefined;
    }
    return events.map((event) => ({ event, frame: frameOf(event) }));
  }

  return {
    get size() {
      return clients.size;
    },
    sizeOf: (userId) => [...clients].filter(({ caller }) => caller.userId === userId).length,
    add(response, head, caller, after, check) {
      const client: Client = {
        response,
        caller,
        check,
        position: after ?? (newest > 0 ? newest : -1),
        replaying: after !== undefined,
        blockedSince: undefined,
        pumping: false,
        closed: false,
      };
      response.on('drain', () => {
        client.blockedSince = undefined;
        void pump(client);
      });
      response.on('error', () => remove(client));
      response.on('close', () => remove(client));
      response.writeHead(200, {
        ...head,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx would keep events back until its buffer is full.
        'x-accel-buffering': 'no',
      });
      clients.add(client);
      observer.streams(clients.size);
      write(client, 'retry: 2000\n\n');
      void pump(client);
    },
    close() {
      unsubscribe();
      clearInterval(timer);
      for (const client of [...clients]) end(client, 'stopping');
    },
  };
}
