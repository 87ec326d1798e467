import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../../../lab/vcenter/http/certificate.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The body is repeated for ever. */
  endless?: boolean;
}

/** Stands before the lab and answers what it is told to in its place. */
export interface LyingProxy extends AsyncDisposable {
  /** `https://127.0.0.1:port/sdk` */
  url: string;
  thumbprint: string;
  /** `operation` is the SOAP operation, or `folder`. Undefined: the truth. */
  lie: (operation: string, truth: Answer) => Answer | undefined;
}

export async function startLyingProxy(labUrl: string): Promise<LyingProxy> {
  const identity = selfSigned(new Date());
  const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  const server = https.createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const operation = request.url?.startsWith('/folder') ? 'folder' : (/Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(String(body))?.[1] ?? '');
      const asked = https.request(
        new URL(request.url ?? '/', labUrl),
        { method: request.method, headers: request.headers, agent },
        (truth) => {
          const answered: Buffer[] = [];
          truth.on('data', (part: Buffer) => answered.push(part));
          truth.on('end', () => {
            const true_: Answer = {
              status: truth.statusCode!,
              headers: truth.headers as Record<string, string>,
              body: Buffer.concat(answered),
            };
            const { status, headers, body: said, endless } = proxy.lie(operation, true_) ?? true_;
            response.on('error', () => {});
            if (!endless) {
              response.writeHead(status, headers);
              // Less than was announced: the connection ends with it.
              if (said.length < Number(headers['content-length'] ?? 0)) response.write(said, () => response.destroy());
              else response.end(said);
              return;
            }
            const { 'content-length': _, ...rest } = headers;
            response.writeHead(status, rest);
            const more = (): void => {
              while (!response.destroyed && response.write(said));
              if (!response.destroyed) response.once('drain', more);
            };
            more();
          });
        },
      );
      asked.on('error', () => response.destroy());
      asked.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: LyingProxy = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`,
    thumbprint: identity.thumbprint,
    lie: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      agent.destroy();
    },
  };
  return proxy;
}
