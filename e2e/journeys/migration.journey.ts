import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { createAdministrator, expectScreen, goIn } from '../person.ts';
import { beginSlowRun } from '../prepared.ts';
import { visit } from '../screen-addresses.ts';

const main = (page: Page): Locator => page.getByRole('main');
/** The bar that says what comes next; it is called after the state. */
const state = (page: Page, name: string): Locator => main(page).getByRole('region', { name, exact: true });
const part = (page: Page, name: string): Promise<void> => main(page).getByRole('navigation').getByRole('link', { name }).click();
/** Of a table: that holds all these words. */
const row = (page: Page, ...words: string[]): Locator =>
  words.reduce((found, hasText) => found.filter({ hasText }), main(page).getByRole('row'));

test('from the first start to a machine that was migrated, proven, cut over and rolled back @packed', async ({ world }) => {
  const { page } = world;
  await test.step('the lab is started', async () => {
    await createAdministrator(world);
    await page.getByRole('button', { name: 'Try the lab' }).click();
    await expectScreen(page, 'Machines');
  });
  await test.step('a machine is chosen', async () => {
    await page.getByRole('checkbox', { name: 'Select web-01' }).check();
    await page.getByRole('button', { name: 'Replicate …' }).click();
    await expectScreen(page, 'New migration');
  });
  await test.step('the suggested folder becomes the target, and all else is as it is suggested', async () => {
    await page.getByRole('button', { name: 'Use this folder' }).click();
    const start = page.getByRole('button', { name: 'Start the migration' });
    const review = page.getByRole('button', { name: 'To the review' });
    await expect(start.or(review).first()).toBeVisible();
    if (await review.isVisible()) await review.click();
    await expect(start).toBeVisible();
    const warning = page.getByRole('checkbox', { name: 'I have read the warning and go on' });
    await expect(start.and(page.locator(':enabled')).or(warning).first()).toBeVisible();
    if (await warning.isVisible()) await warning.check();
    await start.click();
  });
  await test.step('it is copied in full, and the copy is proven', async () => {
    await expectScreen(page, 'web-01');
    await expect(state(page, 'Protected')).toBeVisible({ timeout: 120_000 });
    await part(page, 'Recovery points');
    await expect(row(page, 'Full', 'Verified')).toHaveCount(1);
  });
  await test.step('then only what has changed', async () => {
    await state(page, 'Protected').getByRole('button', { name: 'Sync now' }).click();
    await part(page, 'Runs and log');
    await expect(row(page, 'Incremental', 'Succeeded')).toHaveCount(1, { timeout: 120_000 });
    await expect(row(page, 'Full', 'Succeeded')).toHaveCount(1);
    await part(page, 'Recovery points');
    await expect(row(page, 'Verified')).toHaveCount(2);
  });
  const migration = (await world.call('migrations.list', { query: {} })).items[0]!;
  const source = async () => (await world.call('vms.get', { params: { id: migration.machineId } })).powerState;
  await test.step('it is cut over', async () => {
    await state(page, 'Protected').getByRole('button', { name: 'Cut over …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cut web-01 over' });
    const begin = dialog.getByRole('button', { name: /^Cut over (now|in spite)/ });
    await expect(begin).toBeEnabled({ timeout: 30_000 });
    // Where this computer lacks something, the checks warn of it.
    for (const box of await dialog.getByRole('group', { name: 'Checks' }).getByRole('checkbox').all()) await box.check();
    await begin.click();
    await expect(state(page, 'Cut over')).toBeVisible({ timeout: 120_000 });
    await expect(page.getByRole('heading', { name: 'The machine was started at the target; its boot was not verified' })).toBeVisible();
    await world.call('sources.sync', { params: { id: migration.sourceId } });
    expect(await source()).toBe('off');
  });
  await test.step('and rolled back', async () => {
    await state(page, 'Cut over').getByRole('button', { name: 'Roll back …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll web-01 back' });
    const confirm = dialog.getByRole('button', { name: 'Roll back' });
    await expect(confirm).toBeDisabled();
    await dialog.getByRole('textbox').fill('web-01');
    await confirm.click();
    await expect(state(page, 'Protected')).toBeVisible({ timeout: 120_000 });
    await world.call('sources.sync', { params: { id: migration.sourceId } });
    expect(await source()).toBe('on');
  });
});

test('what stands below the next step stays where it is when a run ends @web', async ({ world }) => {
  const { page } = world;
  await goIn(world);
  await using slow = await beginSlowRun(world);
  await visit(world, `/migrations/${slow.migrationId}`);
  await expect(state(page, 'Running')).toBeVisible();
  const below = async () => (await main(page).getByRole('navigation').boundingBox())?.y;
  const before = await below();
  await slow.hurry();
  await expect(state(page, 'Protected')).toBeVisible({ timeout: 120_000 });
  expect(await below()).toBe(before);
});
