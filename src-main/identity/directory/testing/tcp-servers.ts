import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpServer extends AsyncDisposable {
  port: number;
  /** How many have connected so far. */
  connections: number;
  /** Everything that clients sent, in order of arrival. */
  received: Buffer;
  /** Ends all connections, the polite way or with a TCP reset; resolves once the other side had time to see it. */
  drop(way: 'end' | 'reset'): Promise<void>;
}

/** `behave` gets each connection; without it the server accepts and never says anything. */
export async function startTcpServer(behave: (socket: Socket) => void = () => {}): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    state.connections += 1;
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      state.received = Buffer.concat([state.received, data]);
    });
    behave(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const state: TcpServer = {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: 0,
    received: Buffer.alloc(0),
    async drop(way) {
      for (const socket of sockets) {
        if (way === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
      await sleep(100);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return state;
}

/** Passes everything on to a local port, and keeps what went by. */
export function startTap(port: number): Promise<TcpServer> {
  return startTcpServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
}

export async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
