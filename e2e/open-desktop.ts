import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endMachines } from './end-machines.ts';
import { type DesktopWorld, launchDesktop } from './launch.ts';
import { packagedApp } from './packaged-app.ts';
import { type World, watch } from './world.ts';

export interface OpenedDesktop extends World {
  /** What drives Electron itself. */
  readonly desktop: DesktopWorld;
}

/** The checkout in Electron, or the packed application. */
export async function openDesktop(where: 'desktop' | 'packed', env: Record<string, string> = {}): Promise<OpenedDesktop> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'octopus-journey-'));
  opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  opened.defer(() => endMachines(folder));
  const desktop = opened.use(
    await launchDesktop({
      dataFolder: join(folder, 'data'),
      env: { TZ: 'UTC', ...env },
      args: ['--lang=en-GB'],
      ...(where === 'packed' ? { packed: packagedApp() } : {}),
    }),
  );
  const origin = 'app://octopus/';
  const foreign: string[] = [];
  const faults: string[] = [];
  watch(desktop.page, origin, { foreign, faults });
  const again = async (open: () => Promise<void>) => {
    await open();
    watch(desktop.page, origin, { foreign, faults });
  };
  const parts = opened.move();
  return {
    where,
    desktop,
    get page() {
      return desktop.page;
    },
    folder,
    origin,
    foreign,
    faults,
    setUpToken: undefined,
    call: (async (route: string, input: object = {}) => desktop.call(route, input)) as World['call'],
    restart: () => again(() => desktop.restart()),
    kill: () => again(() => desktop.kill()),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
