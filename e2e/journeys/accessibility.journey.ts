import type { Page } from '@playwright/test';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { fill } from '../filled.ts';
import { expect, test } from '../fixtures.ts';
import { createAdministrator, expectScreen, signOut } from '../person.ts';
import { addressesOf, allScreens, partsOf, visit } from '../screen-addresses.ts';
import type { World } from '../world.ts';

/** What axe finds serious or critical, light and dark. */
async function findings({ page }: World, where: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page, colorScheme);
    const options: RunOptions = {
      resultTypes: ['violations'],
      // Everything else is the same in the dark.
      ...(colorScheme === 'dark' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {}),
    };
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate(
      (given) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(given),
      options,
    );
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      const places = nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`);
      found.push(`${where}, ${colorScheme}: ${id} at ${places.join('; ')}`);
    }
  }
  return found;
}

/** Until the page has taken the colours on: half-way a transition nothing is readable. */
async function settled(page: Page, scheme: string): Promise<void> {
  const mantine = (wanted: string) =>
    (globalThis as unknown as InPage).document.documentElement.getAttribute('data-mantine-color-scheme') === wanted;
  await page.waitForFunction(mantine, scheme);
  await page.evaluate(async () => {
    const { document, requestAnimationFrame } = globalThis as unknown as InPage;
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      // An endless one, as a spinner, is not waited for.
      const ending = document.getAnimations().filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
      if (ending.length > 0) quiet = 0;
      for (const animation of ending) animation.finish();
    }
  });
}

interface InPage {
  document: {
    documentElement: { getAttribute(name: string): string | null };
    getAnimations(): { effect?: { getComputedTiming(): { endTime: number } }; finish(): void }[];
  };
  requestAnimationFrame(then: (time: number) => void): void;
}

test('every screen is free of serious and critical findings of axe, light and dark @web', async ({ world }) => {
  // It goes everywhere.
  test.setTimeout(600_000);
  const { page } = world;
  const found: string[] = [];
  await expect(page.getByRole('heading', { name: 'Welcome to Octopus' })).toBeVisible();
  found.push(...(await findings(world, 'first start')));
  await createAdministrator(world);
  found.push(...(await findings(world, 'the three doors')));
  await page.getByRole('button', { name: 'Later: to the overview' }).click();
  await expectScreen(page, 'Overview');
  found.push(...(await findings(world, 'the overview with nothing in it')));
  const samples = await fill(world);
  const seen = new Set<string>();
  for (const screen of await allScreens()) {
    const addresses = (await addressesOf(screen, samples)).map(({ path }) => path);
    // It grows while it is walked.
    for (const path of addresses) {
      if (seen.has(path)) continue;
      seen.add(path);
      await test.step(`${screen.id}: ${path}`, async () => {
        await visit(world, path);
        found.push(...(await findings(world, `${screen.id} at ${path}`)));
        for (const part of await partsOf(world, path)) if (part.startsWith(`${path}/`)) addresses.push(part);
      });
    }
  }
  await page.keyboard.press('Control+k');
  await expect(page.getByPlaceholder('Machines, migrations, screens, actions')).toBeVisible();
  found.push(...(await findings(world, 'the palette')));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Menu of / }).click();
  found.push(...(await findings(world, "the user's menu")));
  await page.keyboard.press('Escape');
  await signOut(page);
  found.push(...(await findings(world, 'signing in')));
  expect(found).toEqual([]);
  expect(seen.size).toBeGreaterThan(15);
});
