import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * For a program that must be told its port. Below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere):
 * of those the system hands out thousands while tests run, also the one that was free a moment ago.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = once(server.listen(port, '127.0.0.1'), 'listening').then(
      () => true,
      () => false,
    );
    if (!(await free)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
