import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '../fixtures.ts';
import { electronPath } from '../launch.ts';
import type { OpenedDesktop } from '../open-desktop.ts';
import { packagedApp } from '../packaged-app.ts';
import { expectScreen, goIn, goTo } from '../person.ts';
import { beginSlowRun, lastRun, runSucceeds } from '../prepared.ts';

const root = dirname(dirname(import.meta.dirname));

/** In the window as the main process sees it: also after its page has crashed, which Playwright does not survive. */
const inWindow = (world: OpenedDesktop, script: string): Promise<unknown> =>
  world.desktop.app.evaluate(({ BrowserWindow }, code) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code), script);

test('a second start brings the first window back @desktop @packed', async ({ desktop: world, where }) => {
  const { app, env, dataFolder } = world.desktop;
  const visible = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()));
  await expect.poll(visible).toEqual([true]);
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
  expect(await visible()).toEqual([false]);
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const program = where === 'packed' ? packagedApp() : electronPath();
  const second = spawn(program, [...flags, ...(where === 'packed' ? [] : [root]), '--data', dataFolder], { stdio: 'ignore', env });
  expect(await once(second, 'exit')).toEqual([0, null]);
  await expect.poll(visible).toEqual([true]);
});

test('a page that crashes in the middle of a run comes back, and the run goes on @desktop', async ({ desktop: world }) => {
  await goIn(world);
  await using slow = await beginSlowRun(world);
  const { app } = world.desktop;
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer());
  const heading = () =>
    // A page that is just going never answers.
    Promise.race([
      inWindow(world, "document.querySelector('main h1')?.textContent").catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
  await expect.poll(heading).toBe('Overview');
  const ask = (route: string, input: object) =>
    inWindow(
      world,
      `octopus.call({ requestId: crypto.randomUUID(), route: ${JSON.stringify(route)}, input: ${JSON.stringify(input)} }).then(({ body }) => body)`,
    );
  await ask('migrations.update', { params: { id: slow.migrationId }, body: { settings: { bandwidthLimit: 0 } } });
  const run = async () => ((await ask('migrations.get', { params: { id: slow.migrationId } })) as { lastRun: object }).lastRun;
  await expect.poll(run, { timeout: 120_000 }).toMatchObject({ id: slow.runId, state: 'succeeded' });
});

test("Chromium's helpers may be killed in the middle of a run, and everything goes on @desktop", async ({ desktop: world }) => {
  await goIn(world);
  await using slow = await beginSlowRun(world);
  const killed: string[] = [];
  for (const [pid, kind] of await helpersOf(world.desktop.app.process().pid as number)) {
    if (kind !== 'utility' && kind !== 'gpu-process') continue;
    process.kill(pid, 'SIGKILL');
    killed.push(kind);
  }
  expect(killed).toContain('utility');
  await goTo(world.page, 'Machines');
  await expectScreen(world.page, 'Machines');
  await slow.hurry();
  await runSucceeds(world, slow.migrationId);
  expect((await lastRun(world, slow.migrationId))?.id).toBe(slow.runId);
  await goTo(world.page, 'Overview');
  await expectScreen(world.page, 'Overview');
});

/** Processes that descend from it, each with what Chromium calls it. Linux. */
async function helpersOf(pid: number): Promise<[pid: number, kind: string][]> {
  const parents = new Map<number, number>();
  const kinds = new Map<number, string>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const [stat, command] = await Promise.all(['stat', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')));
    parents.set(Number(name), Number(/\) \S (\d+)/.exec(stat!)?.[1]));
    const kind = /[\0 ]--type=([\w-]+)/.exec(command!)?.[1];
    if (kind) kinds.set(Number(name), kind);
  }
  const descends = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && (parent === pid || descends(parent));
  };
  return [...kinds].filter(([one]) => descends(one));
}
