import { expect, test, vi } from 'vitest';
import type { StreamState } from './client.ts';
import { openEventStream } from './event-stream.ts';

const frame = (id: number) =>
  `id: ${id}\nevent: run.note\ndata: ${JSON.stringify({ id, at: '2030-01-01T00:00:00Z', type: 'run.note', data: {} })}\n\n`;
const end = (reason: string) => `event: stream.end\ndata: ${JSON.stringify({ reason })}\n\n`;

/** Each answer is a status, or what the stream tells before it ends. */
async function follow(answers: (number | string)[]) {
  const asked: (string | undefined)[] = [];
  const renewed: (string | undefined)[] = [];
  const ids: number[] = [];
  const states: StreamState[] = [];
  const waits: number[] = [];
  const onGap = vi.fn();
  await new Promise<void>((resolve) => {
    const stop = openEventStream({
      url: 'https://octopus.test/api/v1/events',
      session: {
        accessToken: async () => 'token',
        renew: async (stale) => {
          renewed.push(stale);
          return 'token';
        },
      },
      listener: ({ id }) => void ids.push(id),
      onGap,
      onState: (state) => void states.push(state),
      wait: async (milliseconds) => void waits.push(milliseconds),
      fetch: async (_, init) => {
        const answer = answers.shift();
        if (answer === undefined) {
          stop();
          resolve();
          throw new TypeError('the end');
        }
        asked.push(((init?.headers ?? {}) as Record<string, string>)['last-event-id']);
        if (typeof answer === 'number') return new Response(null, { status: answer });
        // In pieces that cut through a frame.
        const bytes = new TextEncoder().encode(answer);
        const pieces = [bytes.slice(0, 7), bytes.slice(7)];
        return new Response(new ReadableStream({ pull: (queue) => (pieces[0] ? queue.enqueue(pieces.shift()) : queue.close()) }), {
          status: 200,
        });
      },
    });
  });
  return { asked, renewed, ids, states, waits, gaps: onGap.mock.calls.length };
}

test('goes on after the last id, and says nothing of a stream that opens again at once', async () => {
  const told = await follow([frame(1) + frame(2), frame(3)]);
  expect(told).toMatchObject({ asked: [undefined, '2'], ids: [1, 2, 3], states: ['connecting', 'live', 'live'], gaps: 0 });
});

test('waits longer with every try, and says that it is lost until it is back', async () => {
  const told = await follow([frame(1), 503, 503, 503, frame(2)]);
  expect(told.states).toEqual(['connecting', 'live', 'lost', 'lost', 'lost', 'live']);
  expect(told.waits.slice(1, 4).every((wait, index) => wait >= 250 * 2 ** (index + 1) && wait <= 500 * 2 ** (index + 1))).toBe(true);
});

test.each(['behind', 'gone'])('%s: what was missed is asked for anew, and the next stream begins without an id', async (reason) => {
  const told = await follow([frame(1) + end(reason), frame(9)]);
  expect(told).toMatchObject({ asked: [undefined, undefined], ids: [1, 9], gaps: 1 });
});

test('a stream that opens again before any event came may have missed some', async () => {
  expect(await follow(['', frame(4)])).toMatchObject({ gaps: 1, ids: [4] });
});

test('a token that has ended is renewed', async () => {
  expect((await follow([401, frame(1) + end('signed-out')])).renewed).toEqual(['token', 'token']);
});
