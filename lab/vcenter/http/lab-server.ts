import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { apiVersion } from '../inventory/about.ts';
import type { LabServer } from '../operations/call.ts';
import type { SelfSigned } from './certificate.ts';
import { answerFolder } from './folder-endpoint.ts';
import { answerSoap } from './soap-endpoint.ts';

const versions = ['6.7.3', '6.7.2', '6.7.1', '6.7', '6.5', '6.0', '5.5', '5.1', '5.0', '4.1', '4.0', '2.5u2', '2.5'];

/** What clients read to choose a version of the API. */
const serviceVersions =
  '<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>' +
  `<version>${apiVersion}</version><priorVersions>${versions.map((one) => `<version>${one}</version>`).join('')}</priorVersions>` +
  '</namespace></namespaces>\n';

export function createLabServer(server: LabServer, { key, certificate }: SelfSigned): Server {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(server, request, response).catch((error: unknown) => {
      if (!request.socket.destroyed) console.error('lab:', error);
      response.socket?.destroy();
    });
  };
  return createServer({ key, cert: certificate, keepAlive: true, keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);
}

async function answer(server: LabServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let url: URL;
  try {
    url = new URL(request.url ?? '/', 'https://lab');
  } catch {
    response.writeHead(400).end();
    return;
  }
  if (/^\/sdk\/?$/.test(url.pathname) && request.method === 'POST') return answerSoap(server, request, response);
  if (url.pathname === '/folder' || url.pathname.startsWith('/folder/')) return answerFolder(server, request, response, url);
  if (url.pathname === '/sdk/vimServiceVersions.xml' && request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/xml' }).end(serviceVersions);
    return;
  }
  response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
}
