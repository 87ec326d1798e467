import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface Told {
  id: string | undefined;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what came
  data: any;
}

export interface EventClient extends Disposable {
  status: number;
  response: IncomingMessage;
  told: Told[];
  comments: number;
  ended: Promise<void>;
  /** Waits until so many events came. */
  until(count: number): Promise<void>;
}

/** Reads an event stream as the standard says, by hand. */
export async function openEventClient(url: string, token: string, lastEventId?: number, paused = false): Promise<EventClient> {
  let asked: ClientRequest | undefined;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }) };
    asked = request(`${url}/events`, { headers, agent: false }, resolve);
    asked.on('error', reject);
    asked.end();
  });
  let wake = () => {};
  let rest = '';
  const client: EventClient = {
    status: response.statusCode ?? 0,
    response,
    told: [],
    comments: 0,
    ended: new Promise((resolve) => response.once('close', resolve)),
    async until(count) {
      const late = performance.now() + 60_000;
      while (client.told.length < count) {
        if (performance.now() > late) throw new Error(`only ${client.told.length} of ${count} events came`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 100);
        });
      }
    },
    [Symbol.dispose]: () => void asked?.destroy(),
  };
  response.on('error', () => {});
  response.setEncoding('utf8');
  const take = (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const told: Told = { id: undefined, event: 'message', data: undefined };
      for (const line of block.split('\n')) {
        const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (name === 'id') told.id = value;
        if (name === 'event') told.event = value;
        if (name === 'data') told.data = JSON.parse(value);
        if (line.startsWith(':')) client.comments++;
      }
      if (told.data !== undefined) client.told.push(told);
    }
    wake();
  };
  if (paused) response.pause();
  response.on('data', take);
  if (paused) response.pause();
  return client;
}
