import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
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

  it('is named by 32 pairs of hex digits', () => {
    expect(normalizeThumbprint('ab'.repeat(32))).toBe(Array(32).fill('AB').join(':'));
    for (const wrong of ['', 'ab:cd', 'zz'.repeat(32), 'ab'.repeat(20)]) expect(() => normalizeThumbprint(wrong)).toThrow(/32 pairs/);
  });
});
