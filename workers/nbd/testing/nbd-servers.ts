import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { NbdAddress } from '../../protocol.ts';

/** NBD servers that this project did not write, for tests: nbdkit and qemu-nbd, each on its own socket. */
export interface RunningServer extends AsyncDisposable {
  address: NbdAddress;
  uri: string;
  /** SIGKILL: nothing that it held in memory survives. */
  kill(): Promise<void>;
}

const run = promisify(execFile);

export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'octopus-test-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export async function startNbdkit(socketPath: string, args: string[], connections = 4): Promise<RunningServer> {
  return started(
    spawn('nbdkit', ['-f', '--exit-with-parent', '-U', socketPath, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
    socketPath,
    connections,
  );
}

export async function startQemuNbd(socketPath: string, args: string[], connections = 4): Promise<RunningServer> {
  const child = spawn('qemu-nbd', ['-k', socketPath, '-t', '-e', '16', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return started(child, socketPath, connections);
}

export async function startNbdkitTcp(port: number, args: string[]): Promise<RunningServer> {
  const child = spawn('nbdkit', ['-f', '--exit-with-parent', '-i', '127.0.0.1', '-p', String(port), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const server = await started(child, { host: '127.0.0.1', port }, 2);
  return { ...server, uri: `nbd://127.0.0.1:${port}/`, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}

async function started(child: ChildProcess, at: string | { host: string; port: number }, connections: number): Promise<RunningServer> {
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      said += error.message;
      resolve();
    });
  });
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  for (let attempt = 0; !(await answers(at)); attempt++) {
    if (child.exitCode !== null || child.signalCode !== null || attempt > 3000 || child.pid === undefined) {
      await kill('SIGKILL');
      throw new Error(`${child.spawnfile} did not start: ${said}`);
    }
    await sleep(20);
  }
  const endpoint = typeof at === 'string' ? { socketPath: at } : at;
  return {
    address: { endpoint, exportName: '', connections },
    uri: `nbd+unix:///?socket=${typeof at === 'string' ? at : ''}`,
    kill: () => kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await gone;
      clearTimeout(timer);
    },
  };
}

function answers(at: string | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof at === 'string' ? net.connect(at) : net.connect(at.port, at.host);
    // A greeting, not just a listening socket: qemu-nbd counts who comes and goes.
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A disk of data, holes and written zeros, `size` at least 5 MiB. */
export function sampleDisk(size: number): Buffer {
  const content = Buffer.alloc(size);
  randomBytes(1024 * 1024 + 4096).copy(content, 0);
  randomBytes(512).copy(content, 2 * 1024 * 1024 + 512);
  randomBytes(size - 4 * 1024 * 1024).copy(content, 4 * 1024 * 1024);
  return content;
}

/** Writes the sample sparsely: from 1.25 to 2 MiB and from 2.25 to 3 MiB a hole, the rest allocated. */
export async function writeSparse(file: string, content: Buffer): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.truncate(content.length);
    for (let at = 0; at < content.length; at += 256 * 1024) {
      const part = content.subarray(at, Math.min(content.length, at + 256 * 1024));
      if (at >= 3 * 1024 * 1024 || part.some((byte) => byte !== 0)) await handle.write(part, 0, part.length, at);
    }
  } finally {
    await handle.close();
  }
}

/** Content of an image or NBD URI by qemu-img. */
export async function qemuRead(format: string, image: string, folder: string): Promise<Buffer> {
  const { readFile } = await import('node:fs/promises');
  const copy = path.join(folder, `judge-${randomBytes(4).toString('hex')}.raw`);
  await run('qemu-img', ['convert', '-f', format, '-O', 'raw', image, copy]);
  const bytes = await readFile(copy);
  await rm(copy);
  return bytes;
}

export interface TestCertificate {
  cert: string;
  key: string;
  ca: string;
  /** SHA-256, upper-case hex pairs. */
  thumbprint: string;
}

/** A CA and a server certificate of localhost and 127.0.0.1. */
export function createCertificate(): TestCertificate {
  const year = 365 * 24 * 3600 * 1000;
  const make = (name: string, issuer: { name: string; key: forge.pki.rsa.PrivateKey } | undefined) => {
    const pair = forge.pki.rsa.generateKeyPair(2048);
    const cert = forge.pki.createCertificate();
    cert.publicKey = pair.publicKey;
    cert.serialNumber = `01${randomBytes(8).toString('hex')}`;
    cert.validity.notBefore = new Date(Date.now() - year);
    cert.validity.notAfter = new Date(Date.now() + year);
    cert.setSubject([{ name: 'commonName', value: name }]);
    cert.setIssuer([{ name: 'commonName', value: issuer?.name ?? name }]);
    const altNames = [
      { type: 2, value: 'localhost' },
      { type: 7, ip: '127.0.0.1' },
    ];
    cert.setExtensions(issuer === undefined ? [{ name: 'basicConstraints', cA: true }] : [{ name: 'subjectAltName', altNames }]);
    cert.sign(issuer?.key ?? pair.privateKey, forge.md.sha256.create());
    return { cert, pair };
  };
  const ca = make('Octopus test CA', undefined);
  const server = make('localhost', { name: 'Octopus test CA', key: ca.pair.privateKey });
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(server.cert)).getBytes();
  const digest = forge.md.sha256.create().update(der).digest().toHex().toUpperCase();
  return {
    cert: forge.pki.certificateToPem(server.cert),
    key: forge.pki.privateKeyToPem(server.pair.privateKey),
    ca: forge.pki.certificateToPem(ca.cert),
    thumbprint: digest.replace(/(..)(?=.)/g, '$1:'),
  };
}

/** As nbdkit and qemu-nbd want them. Answers the folder's CA file. */
export async function writeCertificates(folder: string, certificate: TestCertificate): Promise<string> {
  await writeFile(path.join(folder, 'ca-cert.pem'), certificate.ca);
  await writeFile(path.join(folder, 'server-cert.pem'), certificate.cert);
  await writeFile(path.join(folder, 'server-key.pem'), certificate.key);
  return path.join(folder, 'ca-cert.pem');
}
