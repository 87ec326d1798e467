import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { selfSigned } from './http/certificate.ts';
import { createLabServer } from './http/lab-server.ts';
import { Sessions } from './http/sessions.ts';
import type { LabServer } from './operations/call.ts';
import { createWorld } from './world/create-world.ts';
import type { World, WorldOptions } from './world/types.ts';

export { sampleMachines } from './world/sample-machines.ts';
export type { KeepTrouble, LabDiskSpec, LabMachineSpec, World } from './world/types.ts';

export interface LabVcenterOptions extends WorldOptions {
  /** Default: one that is free. */
  port?: number;
  /** Idle time until a session ends, in milliseconds. Default 30 minutes, like vCenter. */
  sessionTtlMs?: number;
  /** Privileges that the account lacks. Default none. */
  deniedPrivileges?: readonly string[];
  /** Most objects in one page of RetrievePropertiesEx, whatever the client asks for. Default 2000. */
  retrieveLimit?: number;
  /** Default: made up. */
  password?: string;
}

export interface LabVcenter extends AsyncDisposable {
  /** `https://127.0.0.1:port/sdk` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** SHA-256 of the certificate: upper-case pairs with colons. */
  readonly thumbprint: string;
  /** PEM, for clients that trust a certificate rather than a thumbprint. */
  readonly certificate: string;
  readonly world: World;
  /** Ends every session at once, as a restart of vCenter does. */
  endSessions(): void;
  close(): Promise<void>;
}

/** A simulated vCenter over HTTPS on loopback. Whoever starts it closes it. */
export async function startLabVcenter(options: LabVcenterOptions = {}): Promise<LabVcenter> {
  const {
    port = 0,
    sessionTtlMs = 30 * 60_000,
    deniedPrivileges = [],
    retrieveLimit = 2000,
    password = randomBytes(12).toString('hex'),
    ...rest
  } = options;
  const username = 'administrator@vsphere.local';
  const world = createWorld(rest);
  const sessions = new Sessions(world, sessionTtlMs, username, password);
  const server: LabServer = { world, sessions, denied: new Set(deniedPrivileges), retrieveLimit };
  const identity = selfSigned(new Date());
  const https = createLabServer(server, identity);
  const connections = new Set<Socket>();
  https.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  try {
    https.listen(port, '127.0.0.1');
    await once(https, 'listening');
  } catch (error) {
    world.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      sessions.endAll();
      const ended = new Promise<void>((resolve) => https.close(() => resolve()));
      // Also those that have not said anything yet.
      for (const socket of connections) socket.destroy();
      await ended;
      world.close();
    })());
  return {
    url: `https://127.0.0.1:${(https.address() as AddressInfo).port}/sdk`,
    username,
    password,
    thumbprint: identity.thumbprint,
    certificate: identity.certificate,
    world,
    endSessions: () => sessions.endAll(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
