import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestCertificate } from '../../nbd/testing/nbd-servers.ts';

/** Called for each request in turn; true when it answered itself. */
export type RangeScript = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export interface RangeServer extends AsyncDisposable {
  url: string;
  readonly requests: number;
  readonly connections: number;
  /** Cookie headers seen, also of refused requests. */
  readonly cookies: Set<string | undefined>;
}

/** Serves one file as strictly as a datastore: this path only, this cookie only, GET with one closed range only. */
export async function startRangeServer(
  content: Buffer,
  certificate: TestCertificate,
  cookie: string,
  script?: RangeScript,
): Promise<RangeServer> {
  let requests = 0;
  let connections = 0;
  const cookies = new Set<string | undefined>();
  const target = '/folder/web%20%231/web-flat.vmdk?dcPath=DC%2FEast&dsName=fast%20one';
  const server = https.createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    requests++;
    cookies.add(request.headers.cookie);
    if (script?.(request, response, requests)) return;
    const refuse = (status: number) => response.writeHead(status, { 'content-length': 0 }).end();
    if (request.url !== target) return refuse(404);
    if (request.headers.cookie !== cookie) return refuse(401);
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (request.method !== 'GET' || match === null) return refuse(400);
    const [from, to] = [Number(match[1]), Number(match[2])];
    if (from > to || to >= content.length) return refuse(416);
    sendRange(response, content, from, to);
  });
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}${target}`,
    cookies,
    get requests() {
      return requests;
    },
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendRange(response: ServerResponse, content: Buffer, from: number, to: number): void {
  response.writeHead(206, { 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${content.length}` });
  response.end(content.subarray(from, to + 1));
}
