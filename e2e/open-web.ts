import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from '@playwright/test';
import { basePath, type RouteId, routeOf } from '../src-preload/contract/routes.ts';
import { endMachines } from './end-machines.ts';
import { administrator, type World, watch } from './world.ts';

const root = dirname(import.meta.dirname);

interface Server {
  child: ChildProcess;
  port: number;
  token: string | undefined;
}

/** `octopus serve` in a process of its own. */
async function serve(folder: string, port: number, env: Record<string, string>): Promise<Server> {
  const portFile = join(folder, 'port');
  await rm(portFile, { force: true });
  const args = ['serve', '--data', join(folder, 'data'), '--port', String(port), '--port-file', portFile];
  const child = spawn(
    process.execPath,
    [join(root, 'dist', 'cli.mjs'), ...args, '--vault', 'file', '--passphrase-file', join(folder, 'passphrase'), '--log-level', 'warn'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder, ...env } },
  );
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data) => {
      said += String(data);
    });
    child.stdout.on('data', (data) => {
      said += String(data);
      // The last line: after it nothing more is said.
      if (/token, which is shown only now: \S+\n/.test(said) || (port !== 0 && said.includes('The web client is at'))) resolve();
    });
    child.once('exit', (code) => reject(new Error(`octopus serve ended with ${code}: ${said.slice(-2000)}`)));
    child.once('error', reject);
  });
  await listening;
  return { child, port: Number(await readFile(portFile, 'utf8')), token: /shown only now: (\S+)/.exec(said)?.[1] };
}

async function end({ child }: Server, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** Debian's Chromium before `octopus serve`. `prepare` puts data into the folder before Octopus looks into it. */
export async function openWeb(env: Record<string, string> = {}, prepare?: (data: string) => Promise<void>): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'octopus-journey-'));
  opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  opened.defer(() => endMachines(folder));
  await writeFile(join(folder, 'passphrase'), 'the passphrase of the journeys\n', { mode: 0o600 });
  await prepare?.(join(folder, 'data'));
  let server = await serve(folder, 0, env);
  opened.defer(() => end(server, 'SIGTERM'));
  const { port, token: setUpToken } = server;
  const origin = `http://127.0.0.1:${port}/`;
  const browser = opened.use(
    await chromium.launch({
      executablePath: '/usr/bin/chromium',
      // What the browser itself would look for is none of our business; what the page asks for is watched.
      args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    }),
  );
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' });
  const page = await context.newPage();
  const foreign: string[] = [];
  const faults: string[] = [];
  watch(page, origin, { foreign, faults });
  await page.goto(origin);

  let token: string | undefined;
  async function ask(route: RouteId, input: { params?: unknown; query?: unknown; body?: unknown }): Promise<unknown> {
    const { method, path, access } = routeOf(route);
    const params = (input.params ?? {}) as Record<string, unknown>;
    const query = Object.entries((input.query ?? {}) as object).map(([name, value]): [string, string] => [name, String(value)]);
    const address = new URL(basePath.slice(1) + path.replace(/:(\w+)/g, (_all, name) => encodeURIComponent(String(params[name]))), origin);
    address.search = String(new URLSearchParams(query));
    if (access !== 'anonymous') token ??= ((await ask('auth.login', { body: administrator })) as { accessToken: string }).accessToken;
    const response = await fetch(address, {
      method,
      headers: {
        ...(access === 'anonymous' ? {} : { authorization: `Bearer ${token}` }),
        ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    });
    if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  const again = (signal: NodeJS.Signals) => async () => {
    await end(server, signal);
    server = await serve(folder, port, env);
  };
  const parts = opened.move();
  return {
    where: 'web',
    page,
    folder,
    origin,
    foreign,
    faults,
    setUpToken,
    call: (async (route: RouteId, input: object = {}) => ask(route, input)) as World['call'],
    restart: again('SIGTERM'),
    kill: again('SIGKILL'),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
