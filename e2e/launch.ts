import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ElectronApplication, _electron as electron, type Page } from 'playwright';
import { startSession } from '../src-main/vault/testing/gnome-keyring.ts';
import type { Bridge } from '../src-preload/bridge.ts';
import { startDisplay } from './display.ts';
import { endMachines } from './end-machines.ts';

/** As the page sees it. */
export interface PageGlobals {
  octopus: Bridge;
}

export interface DesktopWorld extends AsyncDisposable {
  app: ElectronApplication;
  page: Page;
  dataFolder: string;
  /** In which it runs: its display, its keyring. */
  env: Record<string, string>;
  /** Through the bridge, as the client does it. Fails where the answer is an error. */
  call(route: string, input?: { params?: unknown; query?: unknown; body?: unknown }): Promise<unknown>;
  /** Ends the application as a person does, and opens it again on the same data. */
  restart(): Promise<void>;
  /** Ends it by SIGKILL, and opens it again on the same data. */
  kill(): Promise<void>;
}

export interface LaunchOptions {
  /** A packed application instead of the checkout. Its fuse for inspection must be on: a test build. */
  packed?: string;
  dataFolder?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Unlocked where nothing is said. `none`: not even a session bus, as on a machine without a desktop. */
  keyring?: 'unlocked' | 'locked' | 'none';
}

const root = dirname(import.meta.dirname);
/** Milliseconds for whatever Playwright waits for, on a busy machine. */
const patience = 120_000;

/** The real application under a display and a keyring of its own. */
export async function launchDesktop(options: LaunchOptions = {}): Promise<DesktopWorld> {
  await using opened = new AsyncDisposableStack();
  const display = opened.use(await startDisplay());
  const { keyring = 'unlocked' } = options;
  const session = keyring === 'none' ? undefined : opened.use(await startSession(keyring));
  const folder = await mkdtemp(join(tmpdir(), 'octopus-desktop-'));
  // Helpers of one that was killed may still be writing.
  opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  opened.defer(() => endMachines(folder));
  const dataFolder = options.dataFolder ?? join(folder, 'data');
  const env: Record<string, string> = {
    ...(process.env as Record<string, string>),
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    DISPLAY: display.name,
    ...options.env,
  };
  if (session) env.DBUS_SESSION_BUS_ADDRESS = session.address;
  else delete env.DBUS_SESSION_BUS_ADDRESS;
  delete env.ELECTRON_RUN_AS_NODE;
  // Chromium's sandbox cannot be used by root. For tests only: the application itself knows no such switch.
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const launch = async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await electron.launch({
          executablePath: options.packed ?? electronPath(),
          args: [...flags, ...(options.packed ? [] : [root]), '--data', dataFolder, ...(options.args ?? [])],
          env,
          cwd: folder,
          timeout: patience,
        });
      } catch (error) {
        // Seen once in a hundred starts: Electron says that a debugger has come, and then nothing more. Playwright has ended it.
        if (tries === 2 || (error as Error).name !== 'TimeoutError') throw error;
        console.warn(`Electron did not come up within ${patience / 1000} s and is started again: ${(error as Error).message}`);
      }
    }
  };
  const world = {} as DesktopWorld;
  // Kept: Playwright forgets the process of an application that has ended by itself.
  let child: ChildProcess | undefined;
  const open = async () => {
    world.app = await launch();
    child = world.app.process();
    world.app.context().setDefaultTimeout(patience);
    world.page = await world.app.firstWindow({ timeout: patience });
    await world.page.waitForLoadState('load');
  };
  opened.defer(() => end(child));
  await open();
  const parts = opened.move();
  return Object.assign(world, {
    dataFolder,
    env,
    call: (route: string, input = {}) => callBridge(world.page, route, input),
    async restart() {
      await end(child);
      await open();
    },
    async kill() {
      await end(child, 'SIGKILL');
      await open();
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  });
}

async function callBridge(page: Page, route: string, input: { params?: unknown; query?: unknown; body?: unknown }): Promise<unknown> {
  const answer = await page.evaluate(
    ([id, given]) =>
      (globalThis as unknown as PageGlobals).octopus.call({ requestId: crypto.randomUUID(), route: id as never, input: given }),
    [route, input] as const,
  );
  if (!answer.ok) throw new Error(`${route}: ${answer.error.code} ${answer.error.message}`);
  return answer.body;
}

/** Asked for by signal: no question is put to anyone. */
async function end(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

let known: string | undefined;

/** Prepared where it is missing. */
export function electronPath(): string {
  known ??= spawnSync(process.execPath, [join(root, 'scripts', 'electron.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).stdout.trim();
  if (!known) throw new Error('Electron could not be prepared.');
  return known;
}
