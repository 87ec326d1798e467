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
    const interrupted = async () => {
      const { items } = await world.call('migrations.runs', { params: { id: slow.migrationId }, query: {} });
      return items.find(({ id }) => id === slow.runId);
    };
    await expect.poll(async () => (await interrupted())?.state, { timeout: 300_000 }).not.toBe('running');
    await runSucceeds(world, slow.migrationId);
    const { items: points } = await world.call('migrations.recoveryPoints', { params: { id: slow.migrationId } });
    expect(points.length).toBeGreaterThan(0);
    expect(points.every(({ outcome }) => outcome === 'match')).toBe(true);
    const { items: runs } = await world.call('migrations.runs', { params: { id: slow.migrationId }, query: {} });
    const copied = runs.map(({ kind, counts }) => ({ kind, sent: counts.sent, resumed: counts.resumed }));
    // Killed, it is the same run that goes on; ended in good order, it was cancelled and what it copied is kept for the next.
    if (how === 'kill') expect(await interrupted()).toMatchObject({ state: 'succeeded' });
    expect(copied.some(({ resumed }) => resumed > 0)).toBe(true);
    await goTo(world.page, 'Migrations');
    await expectScreen(world.page, 'Migrations');
    await expect(world.page.getByRole('row', { name: 'web' })).toBeVisible();
  });
}
