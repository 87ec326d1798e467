import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchThumbprint, normalizeThumbprint, PinnedAgent } from './pinned-agent.ts';
import { exchange } from './vim-http.ts';

let server: https.Server;
let url: string;
let requests = 0;
let bytes = 0;

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'elsewhere.example' }]);
  server = https.createServer({ key, cert }, (_request, response) => {
    requests++;
    response.end('here');
  });
  server.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.length)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

const get = (agent: PinnedAgent) =>
  exchange(url, { method: 'GET', headers: { Cookie: 'secret' }, signal: undefined, idleMs: 60_000, agent });

describe('a pinned certificate', () => {
  it('is trusted whoever issued it, over and over', async () => {
    const agent = new PinnedAgent((await fetchThumbprint(url)).toLowerCase());
    expect((await get(agent)).body).toBe('here');
    expect((await get(agent)).body).toBe('here');
    expect(agent.certificate?.fingerprint).toMatch(/^([0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    agent.destroy();
  });

  it('that differs gets not one byte', async () => {
    const shown = await fetchThumbprint(url);
    const before = [requests, bytes];
    const agent = new PinnedAgent('AB'.repeat(32));
    await expect(get(agent)).rejects.toMatchObject({
      code: 'source.certificate',
      retryable: false,
      details: { shown },
    });
    agent.destroy();
    expect([requests, bytes]).toEqual(before);
  });

  it('leaves no connection that had only begun when its agent was destroyed', async () => {
    const silent = net.createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const agent = new PinnedAgent('AB'.repeat(32));
    const asked = exchange(address, { method: 'GET', headers: {}, signal: undefined, idleMs: 60_000, agent });
    const failed = expect(asked).rejects.toMatchObject({ code: 'source.unreachable', details: { reason: 'ECONNABORTED' } });
    const [connection] = (await once(silent, 'connection')) as [net.Socket];
    agent.destroy();
    connection.resume();
    await Promise.all([failed, once(connection, 'close')]);
    silent.close();
    await once(silent, 'close');
  });

  it('is named by 32 pairs of hex digits', () => {
    expect(normalizeThumbprint('ab'.repeat(32))).toBe(Array(32).fill('AB').join(':'));
    for (const wrong of ['', 'ab:cd', 'zz'.repeat(32), 'ab'.repeat(20)]) expect(() => normalizeThumbprint(wrong)).toThrow(/32 pairs/);
  });
});
