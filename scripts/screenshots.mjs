// `npm run screenshots`: every screen, light and dark, filled by the lab, into resources/screenshots. Takes some minutes. Runs on Node 24.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { endMachines } from '../e2e/end-machines.ts';
import { openWeb } from '../e2e/open-web.ts';
import { createAdministrator, expectScreen } from '../e2e/person.ts';
import { allScreens, bareOf, visit } from '../e2e/screen-addresses.ts';
import { fillShowcase } from '../e2e/showcase.ts';
import { root, say } from './prepare.mjs';

const folder = join(root, 'resources', 'screenshots');
/** What a picture shows of its target: no path of this machine. */
const place = join(tmpdir(), 'octopus-lab');

async function picture({ page }, name) {
  // Nothing lies below it by chance.
  await page.mouse.move(1, 1);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // What is drawn on a canvas follows a little later.
    await sleep(500);
    const png = await page.screenshot({ animations: 'disabled', caret: 'hide' });
    // A picture of an interface has few colours.
    const small = await sharp(png).png({ palette: true, quality: 95, compressionLevel: 9, effort: 10 }).toBuffer();
    await writeFile(join(folder, `${name}-${colorScheme}.png`), small);
  }
  say(`${name}: there`);
}

async function takeAll() {
  await mkdir(folder, { recursive: true });
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await using world = await openWeb();
  const { page } = world;
  await createAdministrator(world);
  await picture(world, 'first-start');
  await page.getByRole('button', { name: 'Later: to the overview' }).click();
  await expectScreen(page, 'Overview');
  const { machineId, migrationId, runningId } = await fillShowcase(world, join(place, 'replicas'));
  const also = {
    machines: [['machine', `/machines/${machineId}`]],
    'new-migration': [['new-migration', `/migrations/new/${await machineOf(world, 'web-02')}`]],
    migration: [
      ['migration-proof', `/migrations/${migrationId}/points`],
      ['migration-runs', `/migrations/${migrationId}/runs`],
    ],
    schedules: [['tasks', '/schedules/tasks']],
    sources: [['source-new', '/sources/new-vsphere']],
  };
  // While it runs.
  await visit(world, `/migrations/${runningId}`);
  await sleep(15_000);
  await picture(world, 'migration');
  for (const screen of await allScreens()) {
    const shots = [...(/\/:\w+(\/|$)/.test(screen.path) ? [] : [[screen.id, bareOf(screen)]]), ...(also[screen.id] ?? [])];
    for (const [name, path] of new Map(shots)) {
      await visit(world, path);
      await picture(world, name);
    }
  }
}

async function machineOf(world, name) {
  const { items } = await world.call('vms.list', { query: { limit: 100 } });
  return items.find((machine) => machine.name === name).id;
}

try {
  await takeAll();
} finally {
  await endMachines(place);
  await rm(place, { recursive: true, force: true });
}
