import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchDesktop } from '../e2e/launch.ts';
import { median } from './measure.ts';
import type { Bar } from './report.ts';

export interface DesktopFigures {
  /** From `npm start`'s own script to the first screen that somebody who is signed in works with, everything prepared. Seconds, median. */
  start: number;
  /** Processor time of all processes until then: what a machine that does nothing else needs at most. Seconds, median. */
  work: number;
  /** All processes together, each page of memory counted once (PSS), a while after the start. Bytes. */
  memory: number;
  /** The same with the window closed, where runs go on without it. */
  hidden: number;
}

/** Milliseconds until what a start needs has been given back. */
const REST = 10_000;
/** Of the kernel's clock in a second (USER_HZ). */
const TICKS = 100;
const root = dirname(import.meta.dirname);

/** The desktop application under a display of its own. Linux. What drives it takes a part of the time, which counts as well. */
export async function desktopFigures(rounds: number): Promise<DesktopFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-bench-desktop-'));
  try {
    // As `npm start` does it, but for npm itself.
    const program = join(folder, 'start.sh');
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'scripts', 'start.mjs')}' "$@"\n`);
    await chmod(program, 0o700);
    await using world = await launchDesktop({ packed: program, dataFolder: join(folder, 'data') });
    await world.call('auth.setup', { body: { name: 'ann', password: 'a long sentence for the bench' } });
    const starts: number[] = [];
    const works: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const child = world.app.process();
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      const began = Date.now();
      await world.restart();
      await world.page.getByRole('heading', { name: 'Overview' }).waitFor();
      starts.push((Date.now() - began) / 1000);
      works.push(await workOf(await world.app.evaluate(() => process.pid)));
    }
    const main = await world.app.evaluate(() => process.pid);
    await sleep(REST);
    const memory = await memoryOf(main);
    // Not by its button: the first time that is asked about.
    await world.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await sleep(REST);
    return { start: median(starts), work: median(works), memory, hidden: await memoryOf(main) };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function desktopBars(rounds: number, say: (line: string) => void): Promise<Bar[]> {
  say('The desktop application …');
  const { start, work, memory, hidden } = await desktopFigures(rounds);
  const MiB = 2 ** 20;
  const inMiB = (bytes: number) => `${Math.round(bytes / MiB)} MiB`;
  return [
    {
      what: 'npm start: first screen of a warm start, under 2 s',
      value: `${start.toFixed(2)} s (${work.toFixed(2)} s of processor time)`,
      met: start < 2,
    },
    { what: 'memory of the whole application at rest, under 400 MiB', value: inMiB(memory), met: memory < 400 * MiB },
    { what: 'the same with its window closed, under 400 MiB', value: inMiB(hidden), met: hidden < 400 * MiB },
  ];
}

/** Of a process and all that descend from it. */
async function memoryOf(pid: number): Promise<number> {
  const sizes = (await processesOf(pid)).map(async ({ id }) => {
    const text = await readFile(`/proc/${id}/smaps_rollup`, 'utf8').catch(() => '');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function workOf(pid: number): Promise<number> {
  return (await processesOf(pid)).reduce((sum, { ticks }) => sum + ticks / TICKS, 0);
}

async function processesOf(pid: number): Promise<{ id: number; ticks: number }[]> {
  const all = new Map<number, { parent: number; ticks: number }>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    // proc(5): behind the name in brackets the 3rd field follows; the parent is the 4th, utime and stime the 14th and 15th.
    const fields = (await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')).replace(/^.*\) /s, '').split(' ');
    all.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
  }
  const descends = (one: number): boolean => one === pid || (all.has(one) && descends(all.get(one)?.parent as number));
  return [...all].filter(([id]) => descends(id)).map(([id, { ticks }]) => ({ id, ticks }));
}
