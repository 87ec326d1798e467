import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultAction, World } from '../world/types.ts';
import type { Sessions } from './sessions.ts';

/** How an answer is spoilt after the call was handled. */
export type Spoil = { kind: 'cut'; fraction: number } | undefined;

/** Goes wrong as the world's plan says. Answers `handled: true` when there is nothing left to do. */
export async function injectFault(
  world: World,
  sessions: Sessions,
  operation: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ handled: boolean; spoil: Spoil }> {
  const action: FaultAction | undefined = world.faults.decide(operation);
  switch (action?.kind) {
    case 'latency':
      await new Promise<void>((resolve) => {
        const cancel = world.clock.after(action.ms, resolve);
        response.once('close', () => {
          cancel();
          resolve();
        });
      });
      return { handled: request.socket.destroyed, spoil: undefined };
    case 'reset':
      if (action.when === 'during') return { handled: false, spoil: { kind: 'cut', fraction: 0.5 } };
      request.socket.destroy();
      return { handled: true, spoil: undefined };
    case 'status':
      response.writeHead(action.status, { 'Content-Type': 'text/plain' }).end(`${action.status}\n`);
      return { handled: true, spoil: undefined };
    case 'shortRead':
      return { handled: false, spoil: { kind: 'cut', fraction: action.fraction } };
    case 'sessionLoss': {
      const session = sessions.find(request.headers.cookie);
      if (session !== undefined) sessions.end(session);
      return { handled: false, spoil: undefined };
    }
    default:
      return { handled: false, spoil: undefined };
  }
}

/** Sends the beginning of what the headers announced, then closes the connection. */
export function sendCut(response: ServerResponse, body: Buffer, fraction: number): void {
  const part = body.subarray(0, Math.min(body.length - 1, Math.floor(body.length * fraction)));
  response.write(part, () => response.socket?.destroy());
  if (part.length === 0) response.socket?.destroy();
}
