import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Call, type LabServer, lookupOf, notAuthenticated } from '../operations/call.ts';
import { anonymousOperations, handlers } from '../operations/handlers.ts';
import { managedObjectNotFound } from '../property-collector/filter-spec.ts';
import { decodeCall, type SoapCall } from '../soap/decode.ts';
import { encodeFault, encodeResponse } from '../soap/encode.ts';
import { asFault, invalidRequest } from '../soap/soap-fault.ts';
import { injectFault, type Spoil, sendCut } from './faulty-answer.ts';
import { sessionCookie } from './sessions.ts';

/** Bytes; a real server refuses larger calls too. */
const largestCall = 20 * 2 ** 20;

export async function answerSoap(server: LabServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  let decoded: SoapCall;
  try {
    const action = String(request.headers.soapaction ?? '').replaceAll('"', '');
    if (action !== '' && !/^urn:vim25(\/[\w.]+)?$/.test(action)) throw invalidRequest(`Unsupported version URI "${action}"`);
    decoded = decodeCall(body.toString('utf8'));
  } catch (error) {
    send(response, 500, encodeFault(asFault(error)), undefined);
    return;
  }
  const name = decoded.operation.name;
  const { handled, spoil } = await injectFault(server.world, server.sessions, `soap:${name}`, request, response);
  if (handled) return;
  const session = server.sessions.find(request.headers.cookie);
  const hungUp = new AbortController();
  response.once('close', () => hungUp.abort());
  const call: Call = {
    server,
    world: server.world,
    session,
    self: decoded.self,
    arguments: decoded.arguments,
    userAgent: request.headers['user-agent'] ?? '',
    signal: session === undefined ? hungUp.signal : AbortSignal.any([hungUp.signal, session.ended.signal]),
  };
  try {
    if (session === undefined && !anonymousOperations.has(name)) throw notAuthenticated(decoded.self);
    const work = async () => {
      if (lookupOf(server, session)(decoded.self) === undefined) throw managedObjectNotFound(decoded.self);
      return handlers[name]!(call);
    };
    const result = await (session === undefined ? work() : server.sessions.during(session, work));
    if (call.newSession !== undefined) response.setHeader('Set-Cookie', sessionCookie(call.newSession));
    send(response, 200, encodeResponse(decoded.operation, result), spoil);
  } catch (error) {
    send(response, 500, encodeFault(asFault(error)), spoil);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > largestCall) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, status: number, xml: string, spoil: Spoil): void {
  if (response.destroyed) return;
  const body = Buffer.from(xml);
  response.writeHead(status, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': body.length, 'Cache-Control': 'no-cache' });
  if (spoil === undefined) response.end(body);
  else sendCut(response, body, spoil.fraction);
}
