import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { expect, it } from 'vitest';
import { unlockTexts as texts } from '../src-renderer/texts/unlock.ts';
import { launchDesktop } from './launch.ts';

// A machine without a keychain, as a bare Debian is: no session bus, a plain X display.

const passphrase = 'correct horse battery staple';
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const inside = (page: Page) => page.waitForFunction(() => 'octopus' in globalThis);

it('without a keychain secrets go into a file that a passphrase opens, chosen once', async () => {
  await using world = await launchDesktop({ keyring: 'none' });
  const { page } = world;
  await page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
  expect(await page.evaluate(() => ['octopus' in globalThis, 'require' in globalThis])).toEqual([false, false]);
  await press(page, texts.tryKeychain);
  await expect.poll(() => page.getByRole('button', { name: texts.tryKeychain }).isEnabled()).toBe(true);
  await field(page, texts.newPassphrase).fill('too short');
  await field(page, texts.again).fill('and another');
  await press(page, texts.keepInFile);
  await page.getByText(texts.differ).waitFor();
  await field(page, texts.newPassphrase).fill(passphrase);
  await field(page, texts.again).fill(passphrase);
  await press(page, texts.keepInFile);
  await inside(page);
  await world.call('auth.setup', { body: { name: 'ann', password: 'a long sentence for the test' } });

  await world.restart();
  await field(world.page, texts.passphrase).fill('not the right passphrase');
  await press(world.page, texts.open);
  await world.page.getByText(texts.wrong).waitFor();
  await field(world.page, texts.passphrase).fill(passphrase);
  await press(world.page, texts.open);
  await inside(world.page);
  // Who was signed in is so again: their session is among the secrets.
  expect(await world.call('auth.me')).toMatchObject({ name: 'ann' });

  const file = join(world.dataFolder, 'secrets.vault');
  const whole = await readFile(file);
  await writeFile(file, Buffer.concat([whole.subarray(0, -1), Buffer.from([(whole.at(-1) as number) ^ 1])]));
  await world.restart();
  await field(world.page, texts.passphrase).fill(passphrase);
  await press(world.page, texts.open);
  await world.page.getByText(texts.alteredTitle).waitFor();
  await rm(file);
  await writeFile(file, whole);
  await field(world.page, texts.passphrase).fill(passphrase);
  await press(world.page, texts.open);
  await inside(world.page);
  expect(await world.call('auth.me')).toMatchObject({ name: 'ann' });

  // Neither the log nor any other file of the data folder has it.
  for (const entry of await readdir(world.dataFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    expect([entry.name, content.includes(passphrase)]).toEqual([entry.name, false]);
  }
});

it('a keychain that is locked is waited for, and the window can be closed meanwhile', async () => {
  await using world = await launchDesktop({ keyring: 'locked' });
  const waiting = world.page.getByRole('heading', { name: texts.waitingTitle });
  const choose = world.page.getByRole('heading', { name: texts.chooseTitle });
  await waiting.or(choose).waitFor();
  const exit = once(world.app.process(), 'exit');
  await world.page.getByRole('button', { name: texts.quit, exact: true }).click();
  expect(await exit).toEqual([0, null]);
});
