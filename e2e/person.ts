import { expect, type Page } from '@playwright/test';
import { administrator, type World } from './world.ts';

/** On the first screen of all. */
export async function createAdministrator(world: World): Promise<void> {
  const { page } = world;
  await expect(page.getByRole('heading', { name: 'Welcome to Octopus' })).toBeVisible();
  if (world.setUpToken !== undefined) await page.getByLabel('Set-up token').fill(world.setUpToken);
  await page.getByLabel('Name').fill(administrator.name);
  await page.getByLabel('Password', { exact: true }).fill(administrator.password);
  await page.getByLabel('Password again').fill(administrator.password);
  await page.getByRole('button', { name: 'Create the administrator' }).click();
  await expect(page.getByRole('heading', { name: `Good to have you, ${administrator.name}` })).toBeVisible();
}

/** Makes the administrator and goes in, past the three doors. */
export async function goIn(world: World): Promise<void> {
  await createAdministrator(world);
  await world.page.getByRole('button', { name: 'Later: to the overview' }).click();
  await expectScreen(world.page, 'Overview');
}

export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Menu of / }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('form', { name: 'Sign in' })).toBeVisible();
}

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Screens' });

/** By the navigation at the left. */
export async function goTo(page: Page, screen: string): Promise<void> {
  await navigation(page).getByRole('link', { name: screen }).click();
}

/** The screens that the navigation offers. */
export async function offered(page: Page): Promise<string[]> {
  const links = await navigation(page).getByRole('link').allInnerTexts();
  return links.map((text) => text.split('\n')[0]!.trim());
}

export async function expectScreen(page: Page, title: string | RegExp): Promise<void> {
  await expect(page.getByRole('main').getByRole('heading', { level: 1, name: title })).toBeVisible();
}
