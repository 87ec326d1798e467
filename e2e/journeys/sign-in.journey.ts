import { expect, test } from '../fixtures.ts';
import { createAdministrator, expectScreen, goIn, goTo, offered, signIn, signOut } from '../person.ts';
import { administrator } from '../world.ts';

test('first start: the administrator, three doors, and in', async ({ world }) => {
  const { page } = world;
  await createAdministrator(world);
  for (const door of ['Connect a vCenter', 'Open disk images', 'Try the lab']) {
    await expect(page.getByRole('button', { name: door })).toBeEnabled();
  }
  await page.getByRole('button', { name: 'Later: to the overview' }).click();
  await expectScreen(page, 'Overview');
  // Who comes after does not make another administrator.
  await signOut(page);
  await signIn(page, administrator.name, 'not the password at all');
  await expect(page.getByRole('alert')).toBeVisible();
  await signIn(page, administrator.name, administrator.password);
  await expectScreen(page, 'Overview');
});

test('each role sees what it may', async ({ world }) => {
  const { page } = world;
  await goIn(world);
  const everything = await offered(page);
  expect(everything).toEqual(expect.arrayContaining(['Activity', 'Users', 'Settings']));
  const password = 'given by the administrator';
  for (const role of ['operator', 'viewer'] as const) await world.call('users.create', { body: { name: role, role, password } });

  for (const role of ['operator', 'viewer']) {
    await signOut(page);
    await signIn(page, role, password);
    // What was given by somebody else is changed first.
    const own = `a sentence of the ${role}`;
    await page.getByLabel('Current password').fill(password);
    await page.getByLabel('New password', { exact: true }).fill(own);
    await page.getByLabel('New password again').fill(own);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
    expect(await offered(page)).toEqual(everything.filter((name) => !['Activity', 'Users', 'Settings'].includes(name)));
    for (const address of ['users', 'settings', 'activity', ...(role === 'viewer' ? ['migrations/new'] : [])]) {
      await page.evaluate((to) => {
        (globalThis as unknown as { location: { hash: string } }).location.hash = `#/${to}`;
      }, address);
      await expect(page.getByText('Your role does not allow this')).toBeVisible();
    }
    await goTo(page, 'Migrations');
    await expectScreen(page, 'Migrations');
    await expect(page.getByRole('main').getByRole('link', { name: 'New migration' })).toHaveCount(role === 'operator' ? 1 : 0);
  }
});
