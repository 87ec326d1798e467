import { expect, test } from 'vitest';
import { randomFrom } from '../../workers/testing/random-from.ts';
import type { QuietWindow } from '../domain/schedule.ts';
import { openStore } from '../store/store.ts';
import { createScheduler } from './scheduler.ts';
import { countingIds, manualClock, runSchedule, withJobs } from './testing/fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1);
const END = Date.UTC(2027, 0, 1);
const MIGRATIONS = 200;
const PER_HOST = 12;
/** The machine is off or asleep: nothing ticks. */
const sleeps = [
  [Date.UTC(2026, 2, 28, 20, 25), Date.UTC(2026, 2, 30, 8)],
  [Date.UTC(2026, 6, 1, 0, 25), Date.UTC(2026, 6, 22)],
  [Date.UTC(2026, 11, 24, 0, 25), Date.UTC(2026, 11, 27, 3)],
] as const;
const working: QuietWindow = { zone: 'America/New_York', days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' };

interface Plan {
  /** The planned times of the year, reckoned without the scheduler, croner or its windows. */
  slots: number[];
  request: ReturnType<typeof runSchedule>;
}

function planOf(index: number): Plan {
  const job = `job-${index}`;
  const jitterMs = index % 3 === 0 ? 20 * MINUTE : 0;
  if (index % 4 === 0) {
    const minutes = [720, 2160, 1440, 990, 2880][index % 5]!;
    const slots = [];
    for (let time = START + minutes * MINUTE; time < END; time += minutes * MINUTE) slots.push(time);
    return { slots, request: runSchedule(job, { type: 'every', minutes }, { jitterMs }) };
  }
  const hour = index % 24;
  if (index % 4 === 1) {
    const slots = localTimes('Europe/Berlin', (wall) => wall.hour === hour && wall.minute === 30);
    // 02:30 of 29 March does not exist (run after the gap); 02:30 of 25 October comes twice (run once).
    if (hour === 2) {
      slots.push(Date.UTC(2026, 2, 29, 1));
      slots.splice(slots.indexOf(Date.UTC(2026, 9, 25, 1, 30)), 1);
      slots.sort((a, b) => a - b);
    }
    return { slots, request: runSchedule(job, { type: 'cron', expression: `30 ${hour} * * *`, zone: 'Europe/Berlin' }, { jitterMs }) };
  }
  if (index % 4 === 2) {
    const slots = localTimes('Asia/Kolkata', (wall) => wall.hour === hour && wall.minute === 0 && ['Tue', 'Sat'].includes(wall.weekday));
    return { slots, request: runSchedule(job, { type: 'cron', expression: `0 ${hour} * * 2,6`, zone: 'Asia/Kolkata' }, { jitterMs }) };
  }
  const slots = localTimes('UTC', (wall) => wall.hour === 12 && wall.minute === 0);
  return { slots, request: runSchedule(job, { type: 'cron', expression: '0 12 * * *', zone: 'UTC' }, { windows: [working] }) };
}

const walls = new Map<string, { time: number; hour: number; minute: number; weekday: string }[]>();
/** Walks the year half an hour at a time and reads each wall clock. */
function localTimes(zone: string, wanted: (wall: { hour: number; minute: number; weekday: string }) => boolean): number[] {
  let year = walls.get(zone);
  if (!year) {
    year = [];
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    for (let time = START; time < END; time += HOUR / 2) {
      const text = format.format(time);
      year.push({ time, hour: Number(text.slice(-5, -3)), minute: Number(text.slice(-2)), weekday: text.slice(0, 3) });
    }
    walls.set(zone, year);
  }
  // Strictly after the start: that is when the schedules are made.
  return year.filter((wall) => wall.time > START && wanted(wall)).map((wall) => wall.time);
}

const newYork = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', weekday: 'short', hour: '2-digit', hourCycle: 'h23' });
function isWorking(time: number): boolean {
  const text = newYork.format(time);
  const hour = Number(text.slice(-2));
  return !/Sat|Sun/.test(text) && hour >= 8 && hour < 18;
}

/** One run for each planned time, but one for all that a sleep swallowed and one for all that fell into the same quiet window. */
function expectedRuns({ slots, request }: Plan): number {
  let runs = 0;
  let heldUntil = 0;
  for (const slot of slots) {
    if (slot < heldUntil) continue;
    const sleep = sleeps.find(([from, to]) => slot > from && slot <= to);
    let start = sleep ? sleep[1] : slot;
    if (request.windows.length > 0) while (isWorking(start)) start += HOUR - (start % HOUR);
    if (start > slot) heldUntil = start + (sleep ? 1 : 0);
    runs++;
  }
  return runs;
}

test(`a simulated year of ${MIGRATIONS} migrations: each planned time is run exactly once`, async () => {
  await using store = await openStore(':memory:');
  const seed = Number(process.env.OCTOPUS_SEED ?? 7);
  const random = randomFrom(seed);
  const clock = manualClock(new Date(START).toISOString());
  await withJobs(store, MIGRATIONS);
  const runs = new Map<string, number>();
  const keys = new Set<string>();
  let doubled = 0;
  let going = 0;
  const scheduler = createScheduler({
    store,
    clock,
    random,
    newId: countingIds(),
    executors: {
      async run(task) {
        going++;
        if (keys.has(`${task.scheduleId} ${task.plannedAt}`)) doubled++;
        keys.add(`${task.scheduleId} ${task.plannedAt}`);
        runs.set(task.jobId!, (runs.get(task.jobId!) ?? 0) + 1);
        going--;
      },
      async cutover() {},
      async inventory() {},
      async retention() {},
      async verify() {},
    },
    goNoGo: async () => ({ go: true }),
    limits: { total: 64, perHost: PER_HOST, perDatastore: PER_HOST, perTarget: 64 },
  });
  const plans = Array.from({ length: MIGRATIONS }, (_, index) => planOf(index));
  for (const { request } of plans) await scheduler.putSchedule(request);
  const began = process.cpuUsage();
  let ticks = 0;
  for (let time = START; time <= END; ) {
    clock.set(time);
    // Again where a host had no room for all.
    for (let started = PER_HOST; started >= PER_HOST; ticks++) {
      const round = await scheduler.tick();
      started = round.started;
      await scheduler.idle();
    }
    time += HOUR - (time % HOUR);
    // The last moment before it sleeps: what the jitter held back is through.
    const asleep = sleeps.find(([from, to]) => time > from && time < to);
    if (asleep) time = clock.now().getTime() < asleep[0] ? asleep[0] : asleep[1];
  }
  // Of the processor, not of the wall: other tests run beside this one.
  const used = process.cpuUsage(began);
  const seconds = (used.user + used.system) / 1e6;
  // Jitter of the last hour.
  const due = await store.tasks.list({ state: 'waiting', limit: 1000 });
  for (const task of due) runs.set(task.jobId!, (runs.get(task.jobId!) ?? 0) + 1);
  const counted = plans.map((_, index) => runs.get(`job-${index}`) ?? 0);
  // The loop's last round is the first moment of the next year.
  const expected = plans.map((plan) => expectedRuns(plan) + (hasSlotAt(plan, END) ? 1 : 0));
  console.log(`year: ${counted.reduce((a, b) => a + b, 0)} runs, ${ticks} ticks, ${seconds.toFixed(1)} s (seed ${seed})`);
  expect(counted).toEqual(expected);
  expect(doubled).toBe(0);
  expect(going).toBe(0);
  expect(seconds).toBeLessThan(60);
});

/** Only the grids have one at the very end: no cron expression here is due at midnight UTC. */
function hasSlotAt({ request: { timing } }: Plan, time: number): boolean {
  return timing.type === 'every' && (time - START) % (timing.minutes * MINUTE) === 0;
}
