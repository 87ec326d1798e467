import { expect, test } from '../fixtures.ts';
import { expectScreen, goIn, goTo } from '../person.ts';
import { beginSlowRun, runSucceeds } from '../prepared.ts';

for (const [how, title] of [
  ['restart', 'ended and opened again in the middle of a run, Octopus goes on with it'],
  ['kill', 'killed in the middle of a run, Octopus goes on with it at its next start'],
] as const) {
  test(title, async ({ world }) => {
    await goIn(world);
    await using slow = await beginSlowRun(world);
    await world[how]();
    // Nobody has to sign in again.
    await expect(world.page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
    await slow.hurry();
    // The same run, from where it was. What had been asked for is then done once more, and finds nothing new.
    const state = async () => {
      const { items } = await world.call('migrations.runs', { params: { id: slow.migrationId }, query: {} });
      return items.find(({ id }) => id === slow.runId)?.state;
    };
    await expect.poll(state, { timeout: 120_000 }).toMatch(/succeeded|failed|cancelled/);
    expect(await state()).toBe('succeeded');
    await runSucceeds(world, slow.migrationId);
    const { items: points } = await world.call('migrations.recoveryPoints', { params: { id: slow.migrationId } });
    expect(points.at(-1)).toMatchObject({ runId: slow.runId, outcome: 'match' });
    expect(points.every(({ outcome }) => outcome === 'match')).toBe(true);
    await goTo(world.page, 'Migrations');
    await expectScreen(world.page, 'Migrations');
    await expect(world.page.getByRole('row', { name: 'web' })).toBeVisible();
  });
}
