import { test as base, expect } from '@playwright/test';
import { type OpenedDesktop, openDesktop } from './open-desktop.ts';
import { openWeb } from './open-web.ts';
import type { Where, World } from './world.ts';

export interface WorldOptions {
  where: Where;
}

interface Worlds {
  /** For Octopus, before it starts. */
  environment: Record<string, string>;
  /** Octopus, fresh: nobody has ever used it. */
  world: World;
  /** The same, for what only the application has. */
  desktop: OpenedDesktop;
}

/** A journey. At its end no page may have asked for anything from elsewhere, or have failed unseen. */
export const test = base.extend<Worlds, WorldOptions>({
  where: ['web', { option: true, scope: 'worker' }],
  environment: [{}, { option: true }],
  world: async ({ where, environment }, use, info) => {
    await using world = where === 'web' ? await openWeb(environment) : await openDesktop(where, environment);
    await use(world);
    if (info.status !== info.expectedStatus) {
      const body = await world.page.screenshot({ timeout: 5000, path: info.outputPath('at-the-end.png') }).catch(() => undefined);
      if (body) await info.attach('at the end', { body, contentType: 'image/png' });
    }
    expect(world.foreign, 'what the page asked for from elsewhere').toEqual([]);
    expect(world.faults, 'what went wrong unseen').toEqual([]);
  },
  desktop: async ({ world }, use) => {
    if (!('desktop' in world)) throw new Error('This is for the application: mark it with @desktop.');
    await use(world as OpenedDesktop);
  },
});

export { expect };
