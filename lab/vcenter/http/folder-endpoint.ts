import type { IncomingMessage, ServerResponse } from 'node:http';
import { findByPath } from '../inventory/inventory.ts';
import { escapeName } from '../inventory/refs.ts';
import type { LabServer } from '../operations/call.ts';
import { escapeXml } from '../soap/encode.ts';
import { LabFault } from '../world/lab-fault.ts';
import { injectFault } from './faulty-answer.ts';
import { parseRange } from './range.ts';
import { type Session, sessionCookie } from './sessions.ts';

/** Bytes read and sent at a time. */
const chunk = 2 ** 20;

/** Files of the datastores: GET and HEAD /folder/<path>?dcPath=<inventory path of the data centre>&dsName=<datastore>. */
export async function answerFolder(server: LabServer, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const method = request.method ?? '';
  const refuse = (status: number, text: string, headers: Record<string, string> = {}) => {
    const body = Buffer.from(`<html><body><h1>${status}</h1><p>${escapeXml(text)}</p></body></html>\n`);
    response.writeHead(status, { 'Content-Type': 'text/html', 'Content-Length': body.length, ...headers });
    response.end(method === 'HEAD' ? undefined : body);
  };
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'The lab serves files read-only.', { Allow: 'GET, HEAD' });
  const { handled, spoil } = await injectFault(server.world, server.sessions, `folder:${method}`, request, response);
  if (handled) return;
  const session = server.sessions.find(request.headers.cookie) ?? basicLogin(server, request, response);
  if (session === undefined) return refuse(401, 'Not authenticated.', { 'WWW-Authenticate': 'Basic realm="VMware HTTP server"' });
  for (const privilege of ['Datastore.Browse', 'Datastore.FileManagement']) {
    if (server.denied.has(privilege)) return refuse(403, `Permission denied: ${privilege}.`);
  }
  await server.sessions.during(session, async () => {
    let path: string;
    try {
      path = decodeURIComponent(url.pathname.slice('/folder'.length)).replace(/^\//, '');
    } catch {
      return refuse(400, 'The path is not percent-encoded.');
    }
    const query = readQuery(url.search);
    if (query === undefined) return refuse(400, 'The query is not percent-encoded.');
    const { dcPath, dsName } = query;
    if (dcPath === undefined || !isDatacenter(server, dcPath)) return refuse(404, 'No such data centre.');
    const { world } = server;
    try {
      if (dsName === undefined || path === '' || path.endsWith('/')) {
        const names =
          dsName === undefined
            ? [...world.datastores.values()].map((one) => one.name)
            : world.listDatastoreFolder(dsName, path.replace(/\/$/, ''));
        const body = Buffer.from(
          `<html><body><h1>Index of ${escapeXml(dsName ?? dcPath)}</h1><pre>${names.map(escapeXml).join('\n')}</pre></body></html>`,
        );
        response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': body.length }).end(method === 'HEAD' ? undefined : body);
        return;
      }
      // vSAN keeps disks as objects: there is no file to read.
      const kind = [...world.datastores.values()].find((one) => one.name === dsName)?.kind;
      if (kind === 'vsan' && /-(flat|delta|sesparse)\.vmdk$/.test(path)) return refuse(404, 'Not a file of this datastore.');
      const { size, modified } = world.statDatastoreFile(dsName, path);
      const headers = {
        'Content-Type': 'application/octet-stream',
        'Accept-Ranges': 'bytes',
        'Last-Modified': new Date(modified).toUTCString(),
      };
      const range = parseRange(request.headers.range, size);
      if (range === 'unsatisfiable') return refuse(416, 'The range is beyond the file.', { 'Content-Range': `bytes */${size}` });
      const start = range?.start ?? 0;
      const end = range?.end ?? size;
      const status = range === undefined ? 200 : 206;
      const partial: Record<string, string> = range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` };
      if (method === 'HEAD') {
        response.writeHead(status, { ...headers, ...partial, 'Content-Length': end - start }).end();
        return;
      }
      // The first read shows whether the file is locked, before anything is promised.
      const read = (offset: number, limit: number) => world.readDatastoreFile(dsName, path, offset, Math.min(chunk, limit - offset));
      let part = read(start, end);
      response.writeHead(status, { ...headers, ...partial, 'Content-Length': end - start });
      // Alone: with the first piece it would be copied together before it is encrypted.
      response.flushHeaders();
      const stop = spoil === undefined ? end : start + Math.min(end - start - 1, Math.floor((end - start) * spoil.fraction));
      for (let at = start; at < stop; ) {
        if (at > start) part = read(at, stop);
        if (part.length === 0) break;
        const piece = part.subarray(0, stop - at);
        at += piece.length;
        if (!response.write(piece)) await drained(response);
        if (response.destroyed) return;
      }
      if (spoil === undefined) response.end();
      else response.write('', () => response.socket?.destroy());
    } catch (error) {
      // Too late for a status: the client sees a body that ends early.
      if (response.headersSent) response.socket?.destroy();
      else if (!(error instanceof LabFault)) throw error;
      else refuse(error.fault === 'FileNotFound' || error.fault === 'InvalidDatastorePath' ? 404 : 500, error.message);
    }
  });
}

/** Or closed. Takes its listeners back: a file is many pieces. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Like the real one, a Basic login starts a session that the cookie then carries. */
function basicLogin(server: LabServer, request: IncomingMessage, response: ServerResponse): Session | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const session = server.sessions.login(text.slice(0, colon), text.slice(colon + 1), request.headers['user-agent'] ?? '');
  if (session !== undefined) response.setHeader('Set-Cookie', sessionCookie(session));
  return session;
}

/** By hand: URLSearchParams reads '+' as a space, the real server does not. */
function readQuery(search: string): { dcPath?: string; dsName?: string } | undefined {
  const result: Record<string, string> = {};
  try {
    for (const part of search.replace(/^\?/, '').split('&')) {
      const equals = part.indexOf('=');
      if (equals > 0) result[decodeURIComponent(part.slice(0, equals))] = decodeURIComponent(part.slice(equals + 1));
    }
  } catch {
    return undefined;
  }
  return result;
}

function isDatacenter(server: LabServer, dcPath: string): boolean {
  const { world } = server;
  if (dcPath === escapeName(world.datacenter.name)) return true;
  return findByPath(world, dcPath)?.type === 'Datacenter';
}
