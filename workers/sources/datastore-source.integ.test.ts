import { describe, expect, it } from 'vitest';
import type { BlockSource } from '../blocks/block-source.ts';
import { createCertificate } from '../nbd/testing/nbd-servers.ts';
import { OctopusError } from '../octopus-error.ts';
import { type DatastoreDescriptor, type DatastoreOptions, openDatastoreSource } from './datastore-source.ts';
import { type RangeScript, type RangeServer, sendRange, startRangeServer } from './testing/range-server.ts';

const certificate = createCertificate();
const cookie = 'vmware_soap_session="52c"';
const content = Buffer.alloc(2 * 1024 * 1024 + 512);
for (let i = 0; i < content.length; i++) content[i] = (i * 7 + (i >> 8)) & 0xff;
const quick = { tries: 3, backoffMs: 2, idleMs: 60_000 };

async function withServer(
  script: RangeScript | undefined,
  use: (
    source: (more?: Partial<DatastoreDescriptor>, options?: Partial<DatastoreOptions>) => Promise<BlockSource>,
    server: RangeServer,
  ) => Promise<void>,
) {
  await using server = await startRangeServer(content, certificate, cookie, script);
  const whole = {
    kind: 'datastore',
    url: server.url,
    cookie,
    thumbprint: certificate.thumbprint,
    size: content.length,
    connections: 4,
  } as const;
  await use((more = {}, options = {}) => openDatastoreSource({ ...whole, ...more }, undefined, { ...quick, ...options }), server);
}

async function failure(work: Promise<unknown>): Promise<OctopusError> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(OctopusError);
  expect((error as Error).message).not.toContain('52c');
  return error as OctopusError;
}

/** Answers the first request (the check at opening) rightly, the others by the script. */
const afterOpening =
  (script: RangeScript): RangeScript =>
  (request, response, count) =>
    count > 1 && script(request, response, count);

const refusing = (status: number, body = ''): RangeScript =>
  afterOpening((_, response) => {
    response.writeHead(status).end(body);
    return true;
  });

describe('the datastore reader', () => {
  it('keeps its connections, and no more than it was allowed', async () => {
    await withServer(undefined, async (openIt, server) => {
      await using source = await openIt();
      for (let round = 0; round < 3; round++) {
        await Promise.all(Array.from({ length: 16 }, (_, i) => source.read(i * 65536, Buffer.alloc(65536))));
      }
      expect(server.requests).toBe(49);
      expect(server.connections).toBeLessThanOrEqual(4);
    });
  });

  it('sends its cookie to no other certificate', async () => {
    await withServer(undefined, async (openIt, server) => {
      const other = createCertificate().thumbprint;
      const error = await failure(openIt({ thumbprint: other }));
      expect([error.code, error.retryable]).toEqual(['source.certificate', false]);
      expect(error.message).toContain(certificate.thumbprint);
      expect([server.requests, server.cookies.size]).toEqual([0, 0]);
    });
  });

  it('reports an ended session, a missing file, a missing privilege, a lock', async () => {
    await withServer(undefined, async (openIt, server) => {
      expect((await failure(openIt({ cookie: 'vmware_soap_session="old"' }))).code).toBe('source.session');
      expect((await failure(openIt({ url: server.url.replace('web-flat', 'none-flat') }))).code).toBe('source.missing');
      expect((await failure(openIt({ url: 'http://h/' }))).code).toBe('argument.invalid');
      expect((await failure(openIt({ url: 'https://127.0.0.1:1/folder/x' }))).code).toBe('source.unreachable');
    });
    const codes: [number, string, string][] = [
      [401, '', 'source.session'],
      [403, '', 'source.denied'],
      [404, '', 'source.missing'],
      [423, '', 'source.locked'],
      [500, 'Unable to access file since it is locked', 'source.locked'],
      [302, '', 'source.protocol'],
      [416, '', 'source.protocol'],
    ];
    for (const [status, body, code] of codes) {
      await withServer(refusing(status, body), async (openIt, server) => {
        await using source = await openIt();
        const error = await failure(source.read(0, Buffer.alloc(512)));
        expect([status, error.code, error.retryable]).toEqual([status, code, false]);
        expect(server.requests).toBe(2);
      });
    }
  });

  it('refuses a file of another size than the disk', async () => {
    await withServer(undefined, async (openIt) => {
      const error = await failure(openIt({ size: content.length - 512 }));
      expect([error.code, error.details]).toEqual(['source.protocol', { seen: content.length, expected: content.length - 512 }]);
    });
  });

  it('tries 5xx and broken answers again, a bounded number of times', async () => {
    const silent = () => true;
    const troubles: RangeScript[] = [
      (_, response) => !!response.writeHead(503).end(),
      (request) => !!request.socket.destroy(),
      (_, response) => {
        response.writeHead(206, { 'content-length': 65536, 'content-range': `bytes 512-66047/${content.length}` });
        response.write(Buffer.alloc(1000));
        setTimeout(() => response.destroy(), 5);
        return true;
      },
      (_, response) => {
        // No length: the short body looks whole to HTTP.
        response.writeHead(206, { 'content-range': `bytes 512-66047/${content.length}`, connection: 'close' });
        response.end(Buffer.alloc(1000));
        return true;
      },
      silent,
    ];
    for (const trouble of troubles) {
      const patience = trouble === silent ? { idleMs: 1000 } : {};
      await withServer(
        afterOpening((request, response, count) => count < 4 && trouble(request, response, count)),
        async (openIt, server) => {
          await using source = await openIt({}, patience);
          const buffer = Buffer.alloc(65536);
          await source.read(512, buffer);
          expect(buffer.equals(content.subarray(512, 66048))).toBe(true);
          expect(server.requests).toBe(4);
        },
      );
      await withServer(afterOpening(trouble), async (openIt, server) => {
        await using source = await openIt({}, patience);
        const error = await failure(source.read(512, Buffer.alloc(65536)));
        expect([error.code, error.retryable, server.requests]).toEqual(['source.read', true, 4]);
      });
    }
  });

  it('believes no wrong answer', async () => {
    const range = (text: string, body: number, length = body): RangeScript =>
      afterOpening((_, response) => {
        response.writeHead(206, { 'content-length': length, ...(text === '' ? {} : { 'content-range': text }) });
        response.end(Buffer.alloc(body));
        return true;
      });
    const all = content.length;
    const lies: RangeScript[] = [
      afterOpening((_, response) => !!response.writeHead(200, { 'content-length': 512 }).end(Buffer.alloc(512))),
      range('', 512),
      range('garbage', 512),
      range(`bytes 0-511/*`, 512),
      range(`bytes 512-1023/${all}`, 512),
      range(`bytes 0-255/${all}`, 256),
      range(`bytes 0-511/${all}`, 256),
      range(`bytes 0-511/${all}`, 1024),
      range(`bytes 0-511/${all + 512}`, 512),
      afterOpening((_, response) => {
        response.writeHead(206, { 'content-range': `bytes 0-511/${all}` });
        for (let i = 0; i < 100; i++) response.write(Buffer.alloc(512));
        return true;
      }),
      afterOpening((_, response) => {
        response.writeHead(206, { 'content-range': `bytes 0-511/${all}`, 'content-length': 512, 'content-encoding': 'gzip' });
        response.end(Buffer.alloc(512));
        return true;
      }),
    ];
    for (const [index, lie] of lies.entries()) {
      await withServer(lie, async (openIt, server) => {
        await using source = await openIt();
        const error = await failure(source.read(0, Buffer.alloc(512)));
        expect([index, error.code, error.retryable, server.requests]).toEqual([index, 'source.protocol', false, 2]);
      });
    }
  });

  it('is not HTTP at all', async () => {
    await withServer(
      afterOpening((request) => !!request.socket.end('NBDMAGICIHAVEOPT')),
      async (openIt) => {
        await using source = await openIt();
        expect((await failure(source.read(0, Buffer.alloc(512)))).code).toMatch(/^source\.(read|protocol)$/);
      },
    );
  });

  it('cancels at once also while the server is silent or in a pause between tries', async () => {
    for (const trouble of [() => true, (_, response) => !!response.writeHead(503).end()] satisfies RangeScript[]) {
      await withServer(afterOpening(trouble), async (openIt) => {
        await using source = await openIt({}, { idleMs: 3_600_000, backoffMs: 3_600_000 });
        expect((await failure(source.read(0, Buffer.alloc(512), AbortSignal.timeout(50)))).code).toBe('operation.cancelled');
        const pending = failure(source.read(0, Buffer.alloc(512)));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await source.close();
        expect((await pending).code).toBe('operation.cancelled');
      });
    }
  });

  it('takes a slow answer in many pieces', async () => {
    await withServer(
      afterOpening((_, response) => {
        sendRange(response, content, 100, 1099);
        return true;
      }),
      async (openIt) => {
        await using source = await openIt();
        const buffer = Buffer.alloc(1000);
        await source.read(100, buffer);
        expect(buffer.equals(content.subarray(100, 1100))).toBe(true);
      },
    );
  });
});
