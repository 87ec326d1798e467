/** The client in a browser, before a real core. Alone: `node bench/client.ts`, which prints a line for each measurement. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openWeb } from '../e2e/open-web.ts';
import { expectScreen, goIn } from '../e2e/person.ts';
import { addTarget } from '../e2e/prepared.ts';
import type { World } from '../e2e/world.ts';
import { openStore } from '../src-main/store/store.ts';
import { filterTimes } from './client-filters.ts';
import { framesWhile } from './client-frames.ts';
import { fillWithMachines } from './machine-listing.ts';
import type { Bar } from './report.ts';

const MiB = 2 ** 20;
/** Milliseconds. */
const FILTER_BAR = 100;
const FRAME_BAR = 100;
/** Milliseconds that each screen is watched. */
const WATCHED = 10_000;
/** Of one disk each, so that few threads still serve several; with the limit they are under way for longer than both screens are watched. */
const machines = ['mail', 'shop', 'web-01', 'web-02'];
const LIMIT = 8 * MiB;

export async function clientFigures(say: (line: string) => void): Promise<Bar[]> {
  await using world = await openWeb({}, seed);
  await goIn(world);
  const times = (await filterTimes(world)).sort((a, b) => a - b);
  const p95 = times[Math.ceil(times.length * 0.95) - 1] as number;
  say(`Client: ${times.length} changes of the filter, median ${ms(times[times.length >> 1])}, longest ${ms(times.at(-1))}.`);
  const found: Bar[] = [
    {
      what: `client, 10,000 machines filtered, ${times.length} changes, 95th percentile under ${FILTER_BAR} ms`,
      value: ms(p95),
      met: p95 < FILTER_BAR,
    },
  ];
  const ids = await beginRuns(world);
  const { page } = world;
  for (const [name, hash, title] of [
    ["a migration's page", `/migrations/${ids[0]}`, machines[0]],
    ['the overview', '/', 'Overview'],
  ] as const) {
    await page.goto(`${world.origin}#${hash}`);
    await expectScreen(page, title as string);
    // The screen stands: what its opening costs is not what is asked here.
    await page.waitForTimeout(1000);
    const before = await copied(world, ids);
    const { frames, longest, overFifty } = await framesWhile(page, WATCHED);
    await allRun(world, ids);
    // A computer with few processors copies for some of them at a time.
    const moved = (await copied(world, ids)).filter((blocks, index) => blocks > (before[index] as number)).length;
    say(
      `Client: ${name} while four runs go on, ${moved} of them copying: ${frames} frames, longest ${ms(longest)}, ${overFifty} over 50 ms.`,
    );
    found.push({
      what: `client, ${name} while four runs go on (${moved} copying), longest frame under ${FRAME_BAR} ms`,
      value: `${ms(longest)}, ${overFifty} over 50 ms`,
      met: longest < FRAME_BAR,
    });
  }
  return found;
}

const ms = (value = Number.NaN): string => `${value.toFixed(0)} ms`;

async function seed(data: string): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  await using store = await openStore(join(data, 'octopus.db'));
  await fillWithMachines(store);
}

/** First runs of four of the lab's machines, all of them copying. */
async function beginRuns(world: World): Promise<string[]> {
  const { sourceId } = await world.call('lab.start', { body: {} });
  const targetId = await addTarget(world);
  const { items } = await world.call('vms.list', { query: { sourceId: sourceId!, limit: 100 } });
  const ids: string[] = [];
  for (const name of machines) {
    const machineId = items.find((machine) => machine.name === name)!.id;
    const { id } = await world.call('migrations.create', { body: { machineId, targetId, settings: { bandwidthLimit: LIMIT } } });
    await world.call('migrations.sync', { params: { id }, body: {} });
    ids.push(id);
  }
  for (const id of ids) while ((await lastRun(world, id))?.phase !== 'transfer') await world.page.waitForTimeout(100);
  return ids;
}

const lastRun = async (world: World, id: string) => (await world.call('migrations.get', { params: { id } })).lastRun;

/** Blocks that each has copied so far. */
async function copied(world: World, ids: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const id of ids) {
    const { states, disks } = await world.call('migrations.diskMap', { params: { id }, query: {} });
    found.push(disks.reduce((sum, { counts }) => sum + (counts[states.indexOf('copied')] ?? 0), 0));
  }
  return found;
}

/** What was watched was what is said: all four were under way to the end. */
async function allRun(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const run = await lastRun(world, id);
    if (run?.state !== 'running')
      throw new Error(`A run was over before its screen was watched: ${run?.state}. ${run?.error?.message ?? ''}`);
  }
}

if (import.meta.main) {
  for (const { what, value, met } of await clientFigures((line) => console.log(line)))
    console.log(`${what}: ${value}${met ? '' : ' MISSED'}`);
}
