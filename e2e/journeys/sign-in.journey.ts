import { expect, test } from '../fixtures.ts';
import { createAdministrator, expectScreen, goIn, goTo, offered, signIn, signOut } from '../person.ts';
import { allScreens, bareOf } from '../screen-addresses.ts';
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
  const ranks = { viewer: 0, operator: 1, admin: 2 };
  const screens = await allScreens();
  const offeredTo = (role: keyof typeof ranks) =>
    screens.flatMap((screen) => (screen.navigation && ranks[screen.role] <= ranks[role] ? [screen.navigation.text] : []));
  expect(await offered(page)).toEqual(offeredTo('admin'));
  const password = 'given by the administrator';
  for (const role of ['operator', 'viewer'] as const) await world.call('users.create', { body: { name: role, role, password } });

  for (const role of ['operator', 'viewer'] as const) {
    await signOut(page);
    await signIn(page, role, password);
    // What was given by somebody else is changed first.
    const own = `a sentence of the ${role}`;
    await page.getByLabel('New password', { exact: true }).fill(own);
    await page.getByLabel('New password again').fill(own);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
    expect(await offered(page)).toEqual(offeredTo(role));
    const forbidden = screens.filter((screen) => ranks[screen.role] > ranks[role]);
    expect(forbidden.length).toBeGreaterThan(0);
    for (const screen of forbidden) {
      await page.evaluate((to) => {
        (globalThis as unknown as { location: { hash: string } }).location.hash = `#${to}`;
      }, bareOf(screen));
      await expect(page.getByRole('heading', { name: 'Your role does not allow this' })).toBeVisible();
      await goTo(page, 'Overview');
      await expectScreen(page, 'Overview');
    }
    await goTo(page, 'Migrations');
    await expectScreen(page, 'Migrations');
    const create = page.getByRole('main').getByRole('link', { name: 'New migration' });
    if (role === 'operator') await expect(create.first()).toBeVisible();
    else await expect(create).toHaveCount(0);
  }
});
