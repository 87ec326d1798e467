import { expect, test } from 'vitest';
import { defaultEventHubLimits } from './event-hub.ts';
import { openEventClient } from './testing/event-client.ts';
import { createTestEvents, openRestWorld } from './testing/rest-world.ts';

const numbers = (told: { data: { data?: { n?: number } } }[]) => told.map(({ data }) => data.data?.n);

test('tells what happens, goes on after the last id, and withholds what the caller may not see', async () => {
  await using world = await openRestWorld();
  world.events.publish({ n: 1 });
  using live = await openEventClient(world.server.url, 'token-of-viewer');
  expect(live.response.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-content-type-options': 'nosniff' });
  for (const n of [2, 3]) world.events.publish({ n });
  world.events.publish({ n: 4, secretOf: 'someone' });
  world.events.publish({ n: 5 }, 'odd\ntype');
  await live.until(3);
  expect(numbers(live.told)).toEqual([2, 3, 5]);
  expect(live.told[0]).toMatchObject({ id: '2', event: 'run.progress', data: { id: 2, type: 'run.progress' } });
  expect(live.told[2]).toMatchObject({ id: '5', event: 'odd type' });
  using admin = await openEventClient(world.server.url, 'token-of-admin', 1);
  await admin.until(4);
  world.events.publish({ n: 6 });
  await admin.until(5);
  expect(numbers(admin.told)).toEqual([2, 3, 4, 5, 6]);
});

test('a resumed stream misses nothing and repeats nothing while events go on', async () => {
  await using world = await openRestWorld();
  for (let n = 1; n <= 1500; n++) world.events.publish({ n });
  let n = 1500;
  const timer = setInterval(() => world.events.publish({ n: ++n }), 1);
  try {
    let last = 700;
    const seen: (number | undefined)[] = [];
    for (let round = 0; round < 5; round++) {
      using client = await openEventClient(world.server.url, 'token-of-admin', last);
      await client.until(200);
      seen.push(...numbers(client.told));
      last = Number(client.told.at(-1)?.id);
    }
    expect(seen).toEqual(seen.map((_, index) => 701 + index));
  } finally {
    clearInterval(timer);
  }
});

test('an id whose events are gone, or that never was, is told so and forgotten', async () => {
  // Before the server began, so that it has only the log to look at.
  const events = createTestEvents();
  for (let n = 1; n <= 20; n++) events.publish({ n });
  events.keep(5);
  await using world = await openRestWorld({}, { events });
  for (const last of [3, 999]) {
    using client = await openEventClient(world.server.url, 'token-of-admin', last);
    await client.ended;
    expect(client.told).toMatchObject([{ id: '', event: 'stream.end', data: { reason: 'gone' } }]);
  }
  using kept = await openEventClient(world.server.url, 'token-of-admin', 16);
  await kept.until(4);
  expect(numbers(kept.told)).toEqual([17, 18, 19, 20]);
  const wrong = await world.ask('GET', '/events', { headers: { 'last-event-id': 'x' } });
  expect(wrong).toMatchObject({ status: 400, json: { field: 'Last-Event-ID' } });
  expect((await world.ask('GET', '/events', { as: 'nobody' })).status).toBe(401);
});

test('a client that does not read is cut and told; memory stays bounded, others miss nothing', async () => {
  await using world = await openRestWorld({ events: { ...defaultEventHubLimits, behind: 200, farewell: 600_000, stall: 600_000 } });
  using stuck = await openEventClient(world.server.url, 'token-of-admin', undefined, true);
  using reader = await openEventClient(world.server.url, 'token-of-admin');
  const filler = 'x'.repeat(50_000);
  // 1500 × 50 kB would be 75 MB if they were queued; the sockets' own buffers hold a few MB.
  for (let n = 1; n <= 1500; n++) {
    world.events.publish({ n, filler });
    if (n % 20 === 0) await reader.until(n);
  }
  await reader.until(1500);
  expect(numbers(reader.told)).toEqual(Array.from({ length: 1500 }, (_, index) => index + 1));
  stuck.response.resume();
  await stuck.ended;
  expect(stuck.told.at(-1)).toMatchObject({ event: 'stream.end', data: { reason: 'behind' } });
  expect(stuck.told.length).toBeLessThan(1000);
  expect((await world.ask('GET', '//metrics')).text).toContain('octopus_event_streams_cut_total{reason="behind"} 1');
});

test('one user takes no more than half of the streams, so that others hear too', async () => {
  await using world = await openRestWorld({ events: { ...defaultEventHubLimits, streams: 4 } });
  using _one = await openEventClient(world.server.url, 'token-of-viewer');
  using _two = await openEventClient(world.server.url, 'token-of-viewer');
  using third = await openEventClient(world.server.url, 'token-of-viewer');
  expect(third.status).toBe(429);
  using admin = await openEventClient(world.server.url, 'token-of-admin');
  expect(admin.status).toBe(200);
});

test('signs of life; a token that has ended ends the stream; too many streams are refused; the end of the server is told', async () => {
  await using world = await openRestWorld({ events: { ...defaultEventHubLimits, heartbeat: 50, streams: 2 } });
  using viewer = await openEventClient(world.server.url, 'token-of-viewer');
  using admin = await openEventClient(world.server.url, 'token-of-admin');
  using third = await openEventClient(world.server.url, 'token-of-admin');
  expect(third.status).toBe(429);
  await expect.poll(() => admin.comments).toBeGreaterThan(2);
  world.tokens.delete('token-of-viewer');
  await viewer.ended;
  expect(viewer.told).toMatchObject([{ id: undefined, event: 'stream.end', data: { reason: 'signed-out' } }]);
  await world.server.close();
  await admin.ended;
  expect(admin.told.at(-1)).toMatchObject({ event: 'stream.end', data: { reason: 'stopping' } });
  expect(world.events.listeners).toBe(0);
});

test('200 clients follow the events, none falls behind', async () => {
  await using world = await openRestWorld();
  const clients = await Promise.all(Array.from({ length: 200 }, () => openEventClient(world.server.url, 'token-of-viewer')));
  try {
    expect(clients.every(({ status }) => status === 200)).toBe(true);
    for (let n = 1; n <= 300; n++) {
      world.events.publish({ n, activity: 'transfer', done: n * 1000, total: 300_000 });
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await Promise.all(clients.map((client) => client.until(300)));
    const wanted = Array.from({ length: 300 }, (_, index) => index + 1);
    for (const client of clients) expect(numbers(client.told)).toEqual(wanted);
    expect((await world.ask('GET', '//metrics')).text).toContain('octopus_event_streams 200');
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  await expect.poll(async () => (await world.ask('GET', '//metrics')).text).toContain('octopus_event_streams 0');
});
